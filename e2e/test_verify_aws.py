"""Tests of verify_aws, as far as that goes without AWS: its order, its clean-up, its words, and each check's judgement.

Moto stands for AWS's APIs where something is made and removed; where a check judges, the answers are canned.
"""

import datetime
import functools
import gzip
import io
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request

import boto3
import pytest
from botocore.exceptions import ClientError

from verify_aws import __main__ as program
from verify_aws import actions, costs, logfiles, mask, on_alarms, on_detection, on_failures, on_lines, on_stack, on_trail
from verify_aws import remove, stack
from verify_aws.run import PREFIX, Clients, Deed, Run, bucket_of, new_name
from verify_aws.verdict import CHECKS, FAIL, NOT_SEEN, PASS, failed, not_seen, passed, waiting, wrong_so_far
from verify_aws.watch import watch

ACCOUNT, REGION, NAME = "123456789012", "eu-west-1", PREFIX + "00c0ffee"
UTC = datetime.timezone.utc


class Quiet:
    def __init__(self):
        self.told = []

    def __call__(self, text):
        self.told.append(text)

    progress = __call__


class Answers:
    """Clients whose calls answer what they were given: Answers(cloudwatch={"describe_alarms": {...}})."""

    region = REGION

    def __init__(self, **services):
        self.services, self.calls = services, []

    def __call__(self, service):
        outer = self

        class Client:
            def __getattr__(self, operation):
                def call(**arguments):
                    outer.calls.append((service, operation, arguments))
                    answer = outer.services[service][operation]
                    answer = answer(**arguments) if callable(answer) else answer
                    if isinstance(answer, Exception):
                        raise answer
                    return answer
                return call
        return Client()

    def pages(self, service, operation, key, **arguments):
        yield from getattr(self(service), operation)(**arguments).get(key, [])


def refusal(code, operation="Look"):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": REGION,
                        "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                        "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)  # nothing of this file may reach AWS, or look for who it could be there
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


SERVER = """
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def moto():
    """Plain moto, in a process of its own: in this one the emulator has changed it."""
    environment = {"PATH": "/usr/bin:/bin", "MOTO_ACCOUNT_ID": ACCOUNT}
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    yield "http://127.0.0.1:" + process.stdout.readline().strip()
    process.terminate()
    process.wait()


@pytest.fixture
def aws(moto, credentials, monkeypatch):
    urllib.request.urlopen(urllib.request.Request(moto + "/moto-api/reset", method="POST")).close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)


@pytest.fixture
def run():
    r = Run(Answers(), ACCOUNT, "aws", NAME, NAME, True)
    r.namespace = "BucketWatchVerify/00c0ffee"
    r.outputs = {"LogBucketName": "the-logs", "LogGroupName": "group", "DeadLetterQueueUrl": "https://q/dead"}
    return r


# ---- records as CloudTrail writes them ----

ids = itertools.count()


def record(name="DeleteObject", bucket=NAME, key="a", event_type="AwsApiCall", request="R1", **members):
    return {
        "eventName": name, "eventType": event_type, "eventID": f"e{next(ids)}", "requestID": request,
        "eventSource": "s3.amazonaws.com", "eventTime": "2026-11-20T10:31:02Z",
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/alice"},
        "requestParameters": {"bucketName": bucket, "key": key},
        "resources": [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
                      {"type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}", "accountId": ACCOUNT}],
    } | members


def deliver(run, *records, ours=False):
    n = len(run.files)
    key = (f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/11/20/"
           f"{ACCOUNT}_CloudTrail_{REGION}_20261120T1035Z_{n:016d}.json.gz")
    delivered = datetime.datetime(2026, 11, 20, 10, 35, 32, tzinfo=UTC).timestamp()
    run.files[key] = logfiles.File(key, delivered, ours, list(records))


def bulk(run, keys=("b1", "b2"), kind="bulk", request="B1", denied=(), **members):
    run.deeds.append(Deed(kind, list(keys), request, 1, list(denied)))
    deliver(run, record("DeleteObjects", key=None, request=request, **members))


def per_key(key, **members):
    return record(key=key, event_type="AwsServiceEvent", request="B1", **members)


# ---- what it says and asks ----


def test_costs_add_up(run):
    text = costs.text(run, 25)
    amounts = [float(line.split("= $")[1].split()[0]) for line in text.splitlines() if "= $" in line]
    assert sum(amounts) == pytest.approx(costs.total(), abs=0.002)
    assert f"about ${costs.total():.2f} together" in text
    assert 0.05 < costs.total() < 0.15, "docs/RELIABILITY.md says: about ten cents"
    assert costs.total(own=False) < costs.total()


@pytest.mark.parametrize("whole, own, existing, keep, words", [
    (False, True, "", False, ["deploy it as the stack " + NAME, "deletes in its own log bucket, alone", "remove what it made"]),
    (True, True, "", False, ["EVERY request to EVERY bucket", "$2.00 per 100,000"]),
    (False, False, "", False, ["ALARMS WILL GO OFF", "What it put into the stack's log bucket stays"]),
    (False, True, "", True, ["goes on costing"]),
])
def test_announcement(run, whole, own, existing, keep, words):
    run.whole_account, run.own = whole, own
    text = costs.text(run, 25, keep)
    assert [w for w in words if w not in text] == []


def test_announcement_of_an_existing_log_bucket(run):
    run.own, run.parameters = False, {"ExistingLogBucketName": "central-logs"}
    assert "log files of its own making" not in costs.text(run, 25)
    assert not {"late file", "broken file", "log bucket deletes"} & {name for name, _, _ in actions.steps(run)}


@pytest.mark.usefixtures("aws")
def test_nothing_without_consent(tmp_path, capsys):
    def ask(_):
        return "no"

    assert program.main(["--out", str(tmp_path)], Quiet(), ask) == 2
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    assert "together" in capsys.readouterr().out, "the cost is told before the question"


@pytest.mark.usefixtures("aws")
def test_nobody_to_ask(tmp_path):
    def ask(_):
        raise EOFError

    assert program.main(["--out", str(tmp_path)], Quiet(), ask) == 2
    assert boto3.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.usefixtures("aws")
def test_refuses_to_remove_others(capsys):
    boto3.client("s3").create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": REGION})
    assert program.main(["--remove", "photos"], Quiet()) == 2
    assert "not the name of a run" in capsys.readouterr().err
    with pytest.raises(ValueError):
        remove.everything(Clients(boto3.Session()), ACCOUNT, "photos", Quiet())
    assert [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]] == ["photos"]


def test_progress_without_a_terminal():
    out, now = io.StringIO(), [0.0]
    say = program.Say(out, lambda: now[0])
    for now[0] in range(0, 600, 30):
        say.progress("waiting")
    assert out.getvalue().count("waiting") == 4, "every two minutes, from the second on"
    assert "\r" not in out.getvalue() and "\x1b" not in out.getvalue()


# ---- the order of it all, and the clean-up ----

TEMPLATE = json.dumps({
    "Resources": {
        "LogBucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain",
                      "Properties": {"BucketName": f"bucketwatch-{ACCOUNT}-{REGION}-0a0b0c0d"}},
        "ProcessorLogGroup": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain",
                              "Properties": {"LogGroupName": NAME + "-ProcessorLogGroup-X"}},
        "AlertsTopic": {"Type": "AWS::SNS::Topic"},
        "DeadLetterQueue": {"Type": "AWS::SQS::Queue"},
    },
    "Outputs": {
        "LogBucketName": {"Value": {"Ref": "LogBucket"}},
        "LogGroupName": {"Value": {"Ref": "ProcessorLogGroup"}},
        "AlertsTopicArn": {"Value": {"Ref": "AlertsTopic"}},
        "DeadLetterQueueUrl": {"Value": {"Ref": "DeadLetterQueue"}},
    },
})


def deploy_small(run, out, profile):
    run.aws("cloudformation").create_stack(StackName=run.stack, TemplateBody=TEMPLATE)


def inventory():
    return {
        "buckets": [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]],
        "queues": boto3.client("sqs").list_queues().get("QueueUrls", []),
        "subscriptions": boto3.client("sns").list_subscriptions()["Subscriptions"],
        "groups": [g["logGroupName"] for g in boto3.client("logs").describe_log_groups()["logGroups"]],
        "stacks": [s["StackName"] for s in boto3.client("cloudformation").describe_stacks()["Stacks"]],
        "dashboards": boto3.client("cloudwatch").list_dashboards()["DashboardEntries"],
    }


EMPTY = {"buckets": [], "queues": [], "subscriptions": [], "groups": [], "stacks": [], "dashboards": []}


@pytest.fixture
def named(monkeypatch):
    monkeypatch.setattr(program, "new_name", lambda: NAME)


def start(tmp_path, *options, steps=lambda r: [], checks=None, deploy=deploy_small, say=None):
    return program.main(["--yes", "--wait", "0", "--out", str(tmp_path), *options], say or Quiet(), deploy=deploy, steps=steps,
                        checks=checks if checks is not None else {"fine": lambda r: passed("seen")})


@pytest.mark.usefixtures("aws")
def test_order(named, tmp_path):
    seen = []

    def deploy(run, out, profile):
        seen.append("deployed" if run.bucket in inventory()["buckets"] else "deployed without its bucket")
        deploy_small(run, out, profile)

    def step(run):
        assert run.log_bucket and run.physical("DeadLetterQueue"), "the stack was looked at before the first step"
        seen.append("step")

    def check(run):
        seen.append("check")
        return passed("yes")

    start(tmp_path, steps=lambda r: [("one", 0, step), ("never", 10**6, step)], checks={"a": check, "b": check}, deploy=deploy)
    assert seen == ["deployed", "step", "check", "check"]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("when", ["deploy", "step", "check"])
@pytest.mark.parametrize("what", [KeyboardInterrupt(), subprocess.CalledProcessError(1, "sam")])
def test_everything_is_removed(named, tmp_path, when, what):
    # A step or a check that fails is a matter of its own; the run goes on.
    want = 130 if isinstance(what, KeyboardInterrupt) else 1 if when == "deploy" else 0

    def blow(*_):
        raise what

    def deploy(run, out, profile):
        deploy_small(run, out, profile)
        if when == "deploy":
            blow()

    def use(run):
        run.outputs |= {"OperationsTopicArn": run.outputs["AlertsTopicArn"]}
        actions.subscribe(run)
        actions.forbid(run)
        actions.put_broken_file(run)
        run.aws("s3").put_object(Bucket=run.bucket, Key="a", Body=b"")
        run.aws("s3").delete_object(Bucket=run.bucket, Key="a")
        run.aws("cloudwatch").put_dashboard(DashboardName=run.name, DashboardBody='{"widgets": []}')
        assert all(inventory().values()), "there is something of everything to remove"
        if when == "step":
            blow()

    say = Quiet()
    code = start(tmp_path, steps=lambda r: [("use", 0, use)], checks={"x": blow if when == "check" else lambda r: passed("")},
                 deploy=deploy, say=say)
    assert code == want, say.told
    assert inventory() == EMPTY
    assert "all that this run made is removed" in say.told


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_real_signal(tmp_path, number):
    environment = os.environ | {"PYTHONPATH": str(stack.ROOT / "e2e")}
    process = subprocess.Popen(
        [sys.executable, "-m", "verify_aws", "--yes", "--out", str(tmp_path)], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        # What a shell runs in the background ignores SIGINT, and so would this test's process.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    told = []
    for line in process.stdout:
        told.append(line)
        if "deploying the stack" in line:
            break
    assert len(inventory()["buckets"]) == 1, "".join(told)
    os.killpg(process.pid, number)  # as a terminal does: sam gets it too
    told += process.stdout.read()
    assert process.wait(60) == 130, "".join(told)
    assert inventory() == EMPTY
    assert "all that this run made is removed" in "".join(told)


@pytest.mark.usefixtures("aws")
def test_keep_and_remove_later(named, tmp_path):
    say = Quiet()
    assert start(tmp_path, "--keep", say=say) == 0
    assert NAME in inventory()["buckets"] and NAME in inventory()["stacks"]
    assert f"--remove {NAME}" in say.told[-1]
    assert program.main(["--remove", NAME], Quiet()) == 0
    assert inventory() == EMPTY
    assert program.main(["--remove", NAME], Quiet()) == 0, "a second time there is nothing to do"


@pytest.mark.usefixtures("aws")
def test_a_stack_that_is_not_ours_stays(named, tmp_path):
    boto3.client("cloudformation").create_stack(StackName="bucketwatch", TemplateBody=TEMPLATE)
    before = inventory()
    assert start(tmp_path, "--stack", "bucketwatch", steps=lambda r: [("subscription", 0, actions.subscribe)]) == 0
    assert inventory() == before


@pytest.mark.usefixtures("aws")
def test_what_cannot_be_removed_is_told(named, tmp_path, monkeypatch):
    def stuck(*_):
        raise refusal("AccessDenied", "DeleteBucket")

    monkeypatch.setattr(remove, "empty_and_delete", stuck)
    say = Quiet()
    assert start(tmp_path, say=say) == 1
    assert any(t.startswith(f"LEFT     the bucket {NAME}") for t in say.told)
    assert f"--remove {NAME}" in say.told[-1]
    assert inventory()["stacks"] == [], "one thing that stays keeps no other"


@pytest.mark.usefixtures("aws")
def test_second_interrupt_says_how_to_go_on(named, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(remove, "everything", interrupted)
    say = Quiet()
    assert start(tmp_path, say=say) == 1
    assert f"--remove {NAME}" in say.told[-1]


def test_evidence_is_only_the_stacks_own(run):
    kinds = [("AWS::S3::Bucket", f"bucketwatch-{ACCOUNT}-{REGION}-1"), ("AWS::S3::Bucket", "photos"),
             ("AWS::Logs::LogGroup", NAME + "-ProcessorLogGroup-X"), ("AWS::Logs::LogGroup", "/aws/lambda/app")]
    aws = Answers(cloudformation={
        "describe_stacks": ClientError({"Error": {"Code": "ValidationError", "Message": f"Stack {NAME} does not exist"}}, "DescribeStacks"),
        "list_stacks": {"StackSummaries": [{"StackName": NAME, "StackId": "s1"}, {"StackName": "app", "StackId": "s2"}]},
        "list_stack_resources": lambda StackName: {"StackResourceSummaries": [
            {"ResourceType": k, "PhysicalResourceId": p} for k, p in kinds] if StackName == "s1" else 1 / 0},
    })
    assert list(remove.evidence_of(aws, ACCOUNT, NAME)) == [kinds[0], kinds[2]]


@pytest.mark.usefixtures("aws")
def test_exit_code_and_report(named, tmp_path):
    checks = {"good": lambda r: passed("yes"), "bad": lambda r: failed("arn:aws:iam::210987654321:user/alice did"),
              "late": lambda r: waiting("not yet"), "wrong": lambda r: wrong_so_far("still 0")}
    assert start(tmp_path, checks=checks) == 1
    text = (tmp_path / NAME / "report.txt").read_text()
    assert [line.split("  ")[0] for line in text.splitlines()[2:6]] == [FAIL, FAIL, NOT_SEEN, PASS], text
    assert "210987654321" not in text and "alice" not in text
    assert start(tmp_path, "--keep", checks={"good": checks["good"], "late": checks["late"]}) == 0


def test_kept_after_deletion():
    assert program.kept_verdict(["bucketwatch-1", "group"]).status == PASS
    assert program.kept_verdict(["group"]).status == FAIL


def test_deploy_commands(run, tmp_path):
    commands = []

    def execute(command, **options):
        commands.append((command, options))

    stack.deploy(run, tmp_path, "somebody", execute)
    (build, _), (deploy, options) = commands
    assert build[1] == "build" and deploy[1] == "deploy"
    joined = " ".join(deploy)
    assert f"--stack-name {NAME}" in joined and f"--s3-bucket {NAME}" in joined and "--no-confirm-changeset" in deploy
    assert f"TrailBuckets={NAME}" in deploy and "ManagementEvents=none" in deploy and f"Namespace={run.namespace}" in deploy
    assert options["env"]["AWS_PROFILE"] == "somebody" and options["check"]
    run.whole_account = True
    assert not {"TrailBuckets", "ManagementEvents"} & set(stack.parameters(run))


def test_parameters_are_the_templates(run):
    text = (stack.ROOT / "template.yaml").read_text().split("\nParameters:\n", 1)[1].split("\nConditions:", 1)[0]
    assert [p for p in stack.parameters(run) if f"\n  {p}:\n" not in "\n" + text] == []


# ---- waiting ----


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def watched(run, checks, steps=(), seconds=300):
    clock, say = Clock(), Quiet()
    run.outputs = {}  # nothing to look at
    return watch(run, checks, list(steps), seconds, say, clock=clock, sleep=clock.sleep), clock, say


def test_watch_asks_until_decided(run):
    answers = iter([waiting("a"), wrong_so_far("b"), passed("c")])
    verdicts, clock, _ = watched(run, {"x": lambda r: next(answers), "y": lambda r: passed("at once")})
    assert verdicts["x"].status == PASS and clock.now == 1060, "it stops when all have decided"


@pytest.mark.parametrize("verdict, want", [(waiting("w"), NOT_SEEN), (wrong_so_far("w"), FAIL), (not_seen("n"), NOT_SEEN)])
def test_watch_when_time_is_up(run, verdict, want):
    verdicts, clock, _ = watched(run, {"x": lambda r: verdict})
    assert verdicts["x"].status == want and clock.now <= 1300


@pytest.mark.parametrize("error, status, ends", [
    (refusal("AccessDeniedException"), NOT_SEEN, True),  # it never will be allowed
    (refusal("Throttling"), NOT_SEEN, False),
    (KeyError("Contributors"), NOT_SEEN, False),
])
def test_watch_when_a_check_cannot_look(run, error, status, ends):
    def check(_):
        raise error

    verdicts, clock, _ = watched(run, {"x": check})
    assert verdicts["x"].status == status and (clock.now == 1000) == ends


def test_watch_does_steps_when_due(run):
    done = []
    steps = [("now", 0, lambda r: done.append(("now", None))), ("later", 90, lambda r: done.append(("later", None))),
             ("broken", 0, lambda r: 1 / 0 if False else (_ for _ in ()).throw(refusal("NoSuchBucket")))]
    _, _, say = watched(run, {"x": lambda r: waiting("w")}, steps, 120)
    assert [d for d, _ in done] == ["now", "later"]
    assert run.at["later"] - run.at["now"] == 90
    assert "NoSuchBucket" in run.troubles["broken"] and any("could not do: broken" in t for t in say.told)


@pytest.mark.usefixtures("aws")
def test_reads_log_files(run):
    run.aws = Clients(boto3.Session())
    run.started = 0
    s3 = run.aws("s3")
    s3.create_bucket(Bucket="the-logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    now = datetime.datetime.now(UTC)
    good = logfiles.key("", ACCOUNT, REGION, now, "x").replace(logfiles.OURS, "Cloudtrai")
    s3.put_object(Bucket="the-logs", Key=good, Body=logfiles.pack([record()]))
    s3.put_object(Bucket="the-logs", Key=good.replace("Cloudtrai", "Damagedxx"), Body=gzip.compress(b"{}")[:-4])
    actions.put_broken_file(run)
    actions.put_late_file(run)
    from verify_aws.watch import read_log_files
    read_log_files(run)
    read_log_files(run)
    assert len(run.files) == 4 and len(run.records(NAME)) == 1
    assert sum(f.ours for f in run.files.values()) == 2
    assert len(run.notes["unreadable"]) == 1
    assert on_trail.log_file_delivery(run).status == FAIL


# ---- log files and their masking ----


def test_keys_of_our_own_log_files():
    now = datetime.datetime(2026, 11, 20, 10, 35, tzinfo=UTC)
    for part in ("Late", "Broken"):
        key = logfiles.key("", ACCOUNT, REGION, now, part)
        assert logfiles.KEY.fullmatch(key), key
        assert logfiles.is_ours(key)


@pytest.mark.parametrize("key, want", [
    (f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/11/20/{ACCOUNT}_CloudTrail_us-east-1_20261120T1035Z_Yq3XwT8mB0cLkP5d.json.gz", True),
    (f"p/AWSLogs/o-abc123/{ACCOUNT}/CloudTrail/us-east-1/2026/11/20/{ACCOUNT}_CloudTrail_us-east-1_20261120T1035Z_Yq3XwT8mB0cLkP5d.json.gz", True),
    (f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/2026/11/20/{ACCOUNT}_CloudTrail-Digest_us-east-1_t_us-east-1_20261120T1035Z.json.gz", False),
    (f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/11/20/{ACCOUNT}_CloudTrail_eu-west-1_20261120T1035Z_Yq3XwT8mB0cLkP5d.json.gz", False),
])
def test_key_layout(key, want):
    assert bool(logfiles.KEY.fullmatch(key)) == want


def test_folders_at_midnight():
    at = datetime.datetime(2026, 11, 21, 0, 20, tzinfo=UTC)
    assert logfiles.folders("p/", ACCOUNT, REGION, at) == [
        f"p/AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/11/{day}/" for day in (20, 21)]


def test_parse():
    file = logfiles.parse("k", 1.0, logfiles.pack([record()]))
    assert [r["eventName"] for r in file.records] == ["DeleteObject"]
    with pytest.raises(EOFError):
        logfiles.parse("k", 1.0, logfiles.pack([record()])[:-20])


def test_mask():
    real = {
        "userIdentity": {"type": "AssumedRole", "principalId": "AROAJQ3EXMPLE7890AB:alice@corp.example", "accessKeyId": "ASIAQWERTY123456",
                         "arn": "arn:aws:sts::210987654321:assumed-role/Payroll/alice@corp.example", "accountId": "210987654321",
                         "sessionContext": {"sessionIssuer": {"userName": "Payroll", "arn": "arn:aws:iam::210987654321:role/corp/Payroll"}}},
        "sourceIPAddress": "203.0.113.77",
        "requestParameters": {"bucketName": "bucketwatch-verify-00c0ffee", "Host": "bucketwatch-verify-00c0ffee.s3.amazonaws.com",
                              "key": "turn-1/bulk-0"},
        "additionalEventData": {"x-amz-id-2": "SECRETHOST=", "bytesTransferredIn": 226.0},
        "recipientAccountId": "210987654321", "sharedEventID": "210987654399",
        "eventID": "e1", "requestID": "R1",
    }
    text = mask.dumps([real, real | {"sourceIPAddress": "s3.amazonaws.com"}])
    for secret in ("210987654321", "alice", "Payroll", "corp", "JQ3EX", "QWERTY", "203.0.113.77", "SECRETHOST"):
        assert secret not in text, f"{secret} in {text}"
    first, second = json.loads(text)
    assert first["recipientAccountId"] == first["userIdentity"]["accountId"] == "111122223333"
    assert first["sharedEventID"] == "444455556666", "another account stays another"
    assert first["userIdentity"]["arn"].startswith("arn:aws:sts::111122223333:assumed-role/name-")
    for kept in ("bucketwatch-verify-00c0ffee", "turn-1/bulk-0", "226.0", '"requestID": "R1"', '"AssumedRole"'):
        assert kept in text
    assert second["sourceIPAddress"] == "s3.amazonaws.com", "a service's name is a finding, not a person's"
    assert sorted(first) == sorted(real), "no member is lost"


def test_bucket_of():
    assert bucket_of(record()) == NAME
    assert bucket_of({"requestParameters": {"bucketName": "b"}, "resources": None}) == "b"
    assert bucket_of({"requestParameters": None}) == ""


def test_names_are_legal():
    for n in range(50):
        name = new_name() + "-repaired"
        assert len(name) <= 63 and name == name.lower()


# ---- what CloudTrail recorded ----


def test_late_and_foreign_records_do_not_count(run):
    deliver(run, record(bucket="photos"))
    deliver(run, record(), ours=True)
    twice = record()
    deliver(run, twice, twice)
    assert len(run.records(NAME)) == 1


def test_delivery(run):
    assert on_trail.log_file_delivery(run).status is None
    bulk(run)
    verdict = on_trail.log_file_delivery(run)
    assert verdict.status == PASS and "270 to 270 s" in verdict.text and "0 of 1 records" in verdict.text
    run.files["AWSLogs/odd.json.gz"] = logfiles.File("AWSLogs/odd.json.gz", 0, False, [])
    assert on_trail.log_file_delivery(run).status == FAIL


SINGLES = [
    ("delete-marker", on_trail.delete_marker, {"responseElements": {"x-amz-delete-marker": "true"}}, PASS),
    ("delete-marker", on_trail.delete_marker, {"responseElements": None}, FAIL),
    ("permanent", on_trail.permanent_delete, {"requestParameters": {"versionId": "v"}}, PASS),
    ("permanent", on_trail.permanent_delete, {}, FAIL),
    ("marker-removed", on_trail.delete_marker_removed,
     {"requestParameters": {"versionId": "v"}, "responseElements": {"x-amz-delete-marker": True}}, PASS),
    ("marker-removed", on_trail.delete_marker_removed, {"requestParameters": {"versionId": "v"}, "responseElements": None}, FAIL),
    ("denied", on_trail.denied_delete, {"errorCode": "AccessDenied"}, PASS),
    ("denied", on_trail.denied_delete, {}, FAIL),
]


@pytest.mark.parametrize("kind, check, members, want", SINGLES)
def test_single_deletes(run, kind, check, members, want):
    assert check(run).status is None
    run.deeds.append(Deed(kind, ["a"], "R1", 1))
    assert check(run).status is None, "done, and not recorded yet"
    deliver(run, record(**members))
    assert check(run).status == want


def test_second_turn_is_enough(run):
    run.deeds += [Deed("denied", ["a"], "lost", 1), Deed("denied", ["a"], "R2", 2)]
    deliver(run, record(request="R2", errorCode="AccessDenied"))
    assert on_trail.denied_delete(run).status == PASS


def test_per_key_records(run):
    check = on_trail.per_key_records
    assert check(run).at_last().status == NOT_SEEN
    bulk(run)
    assert check(run).at_last().status == FAIL, "the call without its objects"
    deliver(run, per_key("b1"))
    assert check(run).status is None and "1 of 2" in check(run).text
    deliver(run, per_key("b2", requestParameters=None))  # then the key is in the ARN
    verdict = check(run)
    assert verdict.status == PASS and "tied to the call by: requestID" in verdict.text


def test_per_key_versions(run):
    bulk(run, kind="bulk-versions")
    deliver(run, per_key("b1", requestParameters={"key": "b1", "versionId": "v"}))
    assert on_trail.per_key_versions(run).status == PASS
    deliver(run, per_key("b2"))
    assert on_trail.per_key_versions(run).status == FAIL


def test_per_key_refused(run):
    bulk(run, kind="bulk-mixed", denied=["b2"])
    deliver(run, per_key("b1"))
    assert on_trail.per_key_refused(run).at_last().status == NOT_SEEN
    deliver(run, per_key("b2", errorCode="AccessDenied"))
    assert on_trail.per_key_refused(run).status == PASS
    deliver(run, per_key("b2"))
    assert on_trail.per_key_refused(run).status == FAIL


@pytest.mark.parametrize("data, want", [({"bytesTransferredIn": 122 + 2 * 30}, PASS), ({"bytesTransferredIn": 1000.0}, FAIL), (None, FAIL)])
def test_body_size(run, data, want):
    bulk(run, additionalEventData=data)
    assert on_trail.body_size(run).status == want


def test_other_callers(run):
    run.deeds.append(Deed("anonymous", ["a"], "R9", 1))
    deliver(run, record("GetObject", request="R9", userIdentity={"type": "AWSAccount", "accountId": "anonymous"}))
    assert on_trail.other_callers(run).at_last().status == NOT_SEEN
    deliver(run, record("AuthenticateSignatureDoesNotMatch", eventSource="s3-authn-errors.amazonaws.com"))
    assert on_trail.other_callers(run).status == PASS
    run.files.clear()
    deliver(run, record("GetObject", request="R9", userIdentity={"type": "AWSAccount", "accountId": ""}))
    assert on_trail.other_callers(run).status == FAIL


def test_timing(run):
    deliver(run, record())
    assert on_trail.timing(run).at_last().status == NOT_SEEN
    deliver(run, record(additionalEventData={"httpStatusCode": 204}))
    assert on_trail.timing(run).status == PASS


def test_log_bucket(run):
    assert on_trail.log_bucket_writes(run).status == NOT_SEEN, "a trail of one bucket shows nothing"
    run.whole_account = True
    run.at["log bucket deletes"] = 1
    run.deeds += [Deed("log-bucket-single", ["a"], "L1", 1), Deed("log-bucket-bulk", ["b"], "L2", 1)]
    deliver(run, record(bucket="the-logs", request="L1"))
    assert on_trail.log_bucket_deletes(run).at_last().status == FAIL, "the one without the other"
    deliver(run, record("DeleteObjects", bucket="the-logs", request="L2"))
    assert on_trail.log_bucket_deletes(run).status == PASS
    bulk(run)
    deliver(run)
    assert on_trail.log_bucket_writes(run).status == PASS
    deliver(run, record("PutObject", bucket="the-logs"))
    assert on_trail.log_bucket_writes(run).status == FAIL


def test_digests(run):
    assert on_trail.digests(run).at_last().status == NOT_SEEN
    run.lines = [{"Type": "Health", "DigestFiles": 1, "LogFile": "s3://logs/AWSLogs/d.json.gz"}]
    assert on_trail.digests(run).status == PASS


# ---- what the function wrote, and what CloudWatch made of it ----


def line(line_type, bucket=NAME, metrics=(), at=0, **members):
    l = {"Schema": 1, "Type": line_type, "BucketName": bucket} | members
    if metrics:
        directive = {"Dimensions": [["BucketName"]], "Metrics": [{"Name": m} for m in metrics]}
        l = {"_aws": {"Timestamp": 1, "CloudWatchMetrics": [directive]}} | l
    return l | {"_raw": json.dumps(l, separators=(",", ":")), "_at": at}


def metric_data(**totals):
    """GetMetricData that knows each metric's sum by its name, and by its dimensions where that is said."""
    def answer(MetricDataQueries, **_):
        results = []
        for q in MetricDataQueries:
            metric = q["MetricStat"]["Metric"]
            by_dimensions = metric["MetricName"] + "_" + "_".join(d["Name"] for d in metric["Dimensions"])
            value = totals.get(by_dimensions, totals.get(metric["MetricName"], 0))
            results.append({"Id": q["Id"], "Values": [value] if value else []})
        return {"MetricDataResults": results}
    return Answers(cloudwatch={"get_metric_data": answer})


def test_lines_unchanged(run):
    assert on_lines.lines_unchanged(run).at_last().status == NOT_SEEN
    run.lines = [line("Health", metrics=["FilesProcessed"], FilesProcessed=1), line("Delete")]
    assert on_lines.lines_unchanged(run).status == PASS
    run.lines[0]["_raw"] = '{"timestamp":"…","message":{"_aws":{}}}'
    assert on_lines.lines_unchanged(run).status == FAIL


def test_counts(run):
    bulk(run)
    deliver(run, per_key("b1"), record("AuthenticateSignatureDoesNotMatch", eventSource="s3-authn-errors.amazonaws.com"))
    run.lines = [line("Bucket", AllRequests=2)]
    assert on_lines.counts(run).at_last().status == FAIL
    run.lines = [line("Bucket", AllRequests=1), line("Bucket", bucket="photos", AllRequests=7)]
    assert on_lines.counts(run).status == PASS


@pytest.mark.parametrize("lines, want", [
    ([], FAIL),
    ([line("Delete", Key="b1", Principal="arn:aws:iam::1:user/alice")], PASS),
    ([line("Delete", Key="b1", Principal="UNATTRIBUTED")], FAIL),
])
def test_deletes_listed(run, lines, want):
    assert on_lines.deletes_listed(run).status is None
    deliver(run, per_key("b1"), per_key("b2", errorCode="AccessDenied"))
    run.lines = lines
    assert on_lines.deletes_listed(run).at_last().status == want


@pytest.mark.parametrize("sums, want", [
    ({"AllRequests": 3, "FirstByteLatency": 9}, PASS),
    ({"AllRequests": 4, "FirstByteLatency": 9}, PASS),  # at least once
    ({"AllRequests": 3}, FAIL),
])
def test_metrics_extracted(run, sums, want):
    assert on_lines.metrics_extracted(run).at_last().status == NOT_SEEN
    run.aws = metric_data(**sums)
    run.lines = [line("Bucket", metrics=["AllRequests"], AllRequests=1, BytesUploaded=5),
                 line("Bucket", metrics=["AllRequests", "FirstByteLatency"], AllRequests=2, FirstByteLatency=[4, 5])]
    verdict = on_lines.metrics_extracted(run).at_last()
    assert verdict.status == want and ("twice" in verdict.text) == (sums["AllRequests"] == 4)


def test_metric_data_in_pages(run):
    pages = {None: {"MetricDataResults": [{"Id": "q0", "Values": [1, 2]}], "NextToken": "t"},
             "t": {"MetricDataResults": [{"Id": "q0", "Values": [4]}]}}
    run.aws = Answers(cloudwatch={"get_metric_data": lambda NextToken=None, **_: pages[NextToken]})
    assert on_lines.sums(run, "n", {"a": ("AllRequests", {})}, 0) == {"a": 7}


def test_late_counts(run):
    assert on_lines.late_counts(run).at_last().status == NOT_SEEN
    run.notes["late minute"] = datetime.datetime(2026, 11, 20, 9, 31, tzinfo=UTC)
    for got, want in ((0, FAIL), (3, PASS)):
        run.aws = metric_data(AllRequests=got)
        assert on_lines.late_counts(run).at_last().status == want


def test_dimension_sets(run):
    assert on_lines.dimension_sets(run).at_last().status == NOT_SEEN
    run.lines = [line("Anomaly", bucket="the-logs", Anomaly="ProtectionRemoved", UnexpectedDeletes=2)]
    run.aws = metric_data(Anomalies_BucketName_Anomaly=1, UnexpectedDeletes_BucketName=2)
    verdict = on_lines.dimension_sets(run).at_last()
    assert verdict.status == FAIL and "[]" in verdict.text
    run.aws = metric_data(Anomalies=1, UnexpectedDeletes=2)
    assert on_lines.dimension_sets(run).status == PASS


def test_no_metric_errors(run):
    run.lines = [line("Health", at=1)] * 3
    run.aws = metric_data()
    assert on_lines.no_metric_errors(run).status == PASS
    run.aws = metric_data(EMFValidationErrors=1)
    assert on_lines.no_metric_errors(run).status == FAIL


@pytest.mark.parametrize("physical", ["rule", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:insight-rule/rule"])
def test_rankings(run, physical):
    assert on_lines.top_callers(run).status == FAIL, "no such rule in the stack"
    run.resources = {"TopCallers": ("AWS::CloudWatch::InsightRule", physical), "TopDeleters": ("AWS::CloudWatch::InsightRule", physical)}
    run.lines = [line("Caller", DeletedObjects=0)]
    assert on_lines.top_deleters(run).at_last().status == NOT_SEEN
    for contributors, want in (([], FAIL), ([{"Keys": [NAME, "user/alice"], "ApproximateAggregateValue": 9.0}], PASS)):
        run.aws = Answers(cloudwatch={"get_insight_rule_report": {"KeyLabels": ["$.BucketName"], "Contributors": contributors}})
        assert on_lines.top_callers(run).at_last().status == want
        assert run.aws.calls[0][2]["RuleName"] == "rule"


@pytest.mark.parametrize("saved, status, want", [
    ([{"queryDefinitionId": "q1", "name": "deletes", "queryString": "fields Key"}], "Complete", PASS),
    ([{"queryDefinitionId": "q1", "name": "deletes", "queryString": "fields Key"}], "Failed", FAIL),
    ([{"queryDefinitionId": "other", "name": "x", "queryString": "fields x"}], "Complete", FAIL),
])
def test_saved_queries(run, saved, status, want):
    assert on_lines.saved_queries(run).at_last().status == NOT_SEEN
    run.lines = [line("Delete", at=1)]
    run.resources = {"DeletesByPrincipal": ("AWS::Logs::QueryDefinition", "q1")}
    run.aws = Answers(logs={"describe_query_definitions": {"queryDefinitions": saved}, "start_query": {"queryId": "1"},
                            "get_query_results": {"status": status, "results": [[]]}})
    assert on_lines.saved_queries(run).at_last().status == want


@pytest.mark.parametrize("children, want", [(["fetch", "read", "emit"], PASS), (["fetch"], FAIL)])
def test_traces(run, children, want):
    assert on_lines.traces(run).at_last().status == NOT_SEEN
    run.lines = [line("Health")]
    document = json.dumps({"name": "f", "subsegments": [{"name": "Invocation", "subsegments": [{"name": c} for c in children]}]})
    run.aws = Answers(xray={"get_trace_summaries": {"TraceSummaries": [{"Id": "1"}]},
                            "batch_get_traces": {"Traces": [{"Segments": [{"Document": document}]}]}})
    assert on_lines.traces(run).at_last().status == want


# ---- alarms and dashboard ----


def alarms(histories, contributors=(), state="OK"):
    """histories: {alarm: [seconds after the epoch at which it went off]}"""
    def history(AlarmName, StartDate, **_):
        at = [datetime.datetime.fromtimestamp(t, UTC) for t in histories.get(AlarmName, [])]
        return {"AlarmHistoryItems": [{"Timestamp": t, "HistorySummary": "Alarm updated from OK to ALARM"} for t in at if t >= StartDate]}
    return Answers(cloudwatch={
        "describe_alarm_history": history,
        "describe_alarms": {"MetricAlarms": [{"StateValue": state}]},
        "describe_alarm_contributors": {"AlarmContributors": [{"ContributorAttributes": {"BucketName": c}} for c in contributors]},
    })


@pytest.fixture
def with_alarms(run):
    names = ("UnexpectedDeletes", "UnexpectedDeletesByBucket")
    run.resources = {n: ("AWS::CloudWatch::Alarm", n) for n in names}
    run.at["late file"] = 1000.0
    return run


@pytest.mark.parametrize("went_off, real, want", [
    ([1100], None, PASS), ([1100], 1480, PASS),
    ([], None, FAIL),
    ([900], None, FAIL),  # before the late file
    ([1500], 1480, FAIL),  # by the real deletes, not by the late ones
])
def test_alarm_of_late_deletes(with_alarms, went_off, real, want):
    if real:
        with_alarms.at["log bucket deletes"] = real
    with_alarms.aws = alarms({"UnexpectedDeletes": went_off})
    assert on_alarms.alarm_of_late_deletes(with_alarms).at_last().status == want


def test_alarm_without_a_late_file(with_alarms):
    del with_alarms.at["late file"]
    with_alarms.troubles["late file"] = "AccessDenied"
    verdict = on_alarms.alarm_of_late_deletes(with_alarms).at_last()
    assert verdict.status == NOT_SEEN and "AccessDenied" in verdict.text


@pytest.mark.parametrize("contributors, want", [(["the-logs"], PASS), ([], FAIL), (["photos"], FAIL)])
def test_alarm_by_bucket(with_alarms, contributors, want):
    with_alarms.aws = alarms({"UnexpectedDeletesByBucket": [1100]}, contributors)
    assert on_alarms.alarm_by_bucket(with_alarms).at_last().status == want


TEST_ALERT = {"Subject": "TEST [HIGH] photos: 1,240 objects deleted", "Message": "TEST: this message was asked for"}
ALARM = {"Subject": 'ALARM: "x"', "Message": '{"AlarmName":"FilesFailed","NewStateValue":"ALARM"}'}


@pytest.mark.parametrize("got, trouble, want", [
    ([TEST_ALERT, ALARM], None, PASS), ([TEST_ALERT], None, FAIL), ([ALARM], None, FAIL), ([], "AuthorizationError", FAIL)])
def test_messages(with_alarms, got, trouble, want):
    with_alarms.notes["dead letter"] = {}
    with_alarms.messages = got
    with_alarms.at["test alert"] = 1000
    if trouble:
        with_alarms.troubles["test alert"] = trouble
    assert on_alarms.messages(with_alarms).at_last().status == want


@pytest.mark.parametrize("variables, told, want", [
    ([{"id": "bucket", "type": "pattern"}], [], PASS),
    ([{"id": "bucket", "type": "property"}], [], FAIL),
    ([{"id": "bucket", "type": "pattern"}], [{"DataPath": "/variables/0", "Message": "should match"}], FAIL),
])
def test_dashboard(run, variables, told, want):
    run.resources = {"Dashboard": ("AWS::CloudWatch::Dashboard", "theirs")}
    body = json.dumps({"variables": variables, "widgets": []})
    run.aws = Answers(cloudwatch={"get_dashboard": {"DashboardBody": body}, "delete_dashboards": {},
                                  "put_dashboard": {"DashboardValidationMessages": told}})
    assert on_alarms.dashboard(run).status == want
    touched = [a.get("DashboardName") or a["DashboardNames"][0] for _, o, a in run.aws.calls if o != "get_dashboard"]
    assert touched == [NAME, NAME], "only the copy is written and removed"


# ---- what is remembered, ticks, and the message ----

TABLE = {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
         "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]}
TTL = {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


@pytest.mark.parametrize("table, ttl, recovery, want", [
    (TABLE, TTL, "DISABLED", PASS),
    (TABLE, TTL | {"TimeToLiveStatus": "ENABLING"}, "DISABLED", PASS),
    (TABLE | {"BillingModeSummary": {}}, TTL, "DISABLED", FAIL),
    (TABLE | {"KeySchema": TABLE["KeySchema"][:1]}, TTL, "DISABLED", FAIL),
    (TABLE | {"SSEDescription": {"SSEType": "KMS"}}, TTL, "DISABLED", FAIL),
    (TABLE, {"TimeToLiveStatus": "DISABLED"}, "DISABLED", FAIL),
    (TABLE, TTL | {"AttributeName": "ttl"}, "DISABLED", FAIL),
    (TABLE, TTL, "ENABLED", FAIL),
])
def test_table(run, table, ttl, recovery, want):
    assert on_detection.table(run).status == FAIL, "no such table in the stack"
    run.resources = {"StateTable": ("AWS::DynamoDB::Table", "t")}
    run.aws = Answers(dynamodb={
        "describe_table": {"Table": table}, "describe_time_to_live": {"TimeToLiveDescription": ttl},
        "describe_continuous_backups": {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": recovery}}},
    })
    assert on_detection.table(run).status == want


@pytest.mark.parametrize("change, target, want", [
    ({}, {}, PASS),
    ({"State": "DISABLED"}, {}, FAIL),
    ({}, {"Input": '{"bucketwatch":"tick","time":"2026-11-20T10:35:00Z"}'}, FAIL),  # the keyword is gone
    ({}, {"RetryPolicy": {"MaximumRetryAttempts": 185}}, FAIL),
])
def test_schedule(run, change, target, want):
    assert on_detection.schedule(run).status == FAIL, "no such schedule in the stack"
    run.resources = {"Tick": ("AWS::Scheduler::Schedule", "s")}
    asked = {"Input": '{"bucketwatch":"tick","time":"<aws.scheduler.scheduled-time>"}', "RetryPolicy": {"MaximumRetryAttempts": 0}}
    found = {"State": "ENABLED", "ScheduleExpression": "rate(1 minute)", "Target": asked | target} | change
    run.aws = Answers(scheduler={"get_schedule": found})
    assert on_detection.schedule(run).status == want


def ticked(*minutes, **members):
    return [line("Health", bucket=None, at=60 * m, **(members or {"Ticks": 1})) for m in minutes]


@pytest.mark.parametrize("lines, published, want", [
    ([], 0, FAIL),
    (ticked(1, 2, 3, 4), 4, FAIL),
    (ticked(1, 2, 3, 4, 5), 5, PASS),
    (ticked(1, 2, 3, 4, 5), 0, FAIL),  # the line is no metric
    (ticked(1, 2, 3, 4, 5) + ticked(6, TicksFailed=1), 5, FAIL),
])
def test_heartbeat(run, lines, published, want):
    run.lines, run.aws = lines, metric_data(Ticks=published)
    assert on_detection.heartbeat(run).at_last().status == want


@pytest.mark.parametrize("lines, state, want", [
    (ticked(1), "ALARM", NOT_SEEN), (ticked(1, 2, 3, 4, 5), "OK", PASS), (ticked(1, 2, 3, 4, 5), "ALARM", FAIL)])
def test_heartbeat_alarm(run, lines, state, want):
    assert on_detection.heartbeat_alarm(run).status == FAIL, "no such alarm in the stack"
    run.resources = {"AlertsLate": ("AWS::CloudWatch::Alarm", "AlertsLate")}
    run.lines, run.aws = lines, alarms({}, state=state)
    assert on_detection.heartbeat_alarm(run).at_last().status == want


LATE = {"Subject": "[HIGH] the-logs: 2 log files deleted by user/verify-aws-nobody, 10:31 UTC", "Message": "... user/verify-aws-nobody ..."}
REAL = {"Subject": "[HIGH] the-logs: 3 log files deleted by user/alice, 11:31 UTC", "Message": "... user/alice ..."}


@pytest.mark.parametrize("messages, lines, want", [
    ([], [], FAIL), ([REAL, TEST_ALERT], [], FAIL),
    ([LATE], ticked(20, 21), NOT_SEEN),  # a second may come
    ([LATE, REAL], ticked(15, 21, 22, 23, 24, 25), PASS),
    ([LATE, LATE], ticked(20, 21, 22, 23, 24), FAIL),
])
def test_one_message(run, messages, lines, want, monkeypatch):
    assert on_detection.one_message(run).at_last().status == NOT_SEEN, "no late file was put"
    monkeypatch.setattr(on_detection.time, "time", lambda: 1150.0)
    run.at["late file"], run.messages, run.lines = 1000.0, messages, lines
    assert on_detection.one_message(run).at_last().status == want


# ---- failures ----


def broken(run, messages=(), attempts=3, **sqs):
    run.notes |= {"broken key": "AWSLogs/x_VerifyAwsBroken0.json.gz", "repaired body": b"whole"}
    run.at["broken file"] = 0
    run.resources = {"RetryQueue": ("AWS::SQS::Queue", "https://q/retry")}
    run.aws = Answers(
        sqs={"receive_message": {"Messages": list(messages)},
             "get_queue_attributes": lambda QueueUrl, AttributeNames: {"Attributes": {
                 "QueueArn": QueueUrl.replace("https://q/", "arn:"), "ApproximateNumberOfMessages": sqs.get("left", "0")}},
             "start_message_move_task": sqs.get("start", {"TaskHandle": "t"}),
             "list_message_move_tasks": {"Results": [{"Status": sqs.get("status", "COMPLETED"), "ApproximateNumberOfMessagesMoved": 1}]}},
        logs={"filter_log_events": {"events": [{"message": '{"type":"platform.start","record":{"requestId":"r1"}}'}] * attempts}},
        s3={"put_object": {}},
    )


def dead(key="AWSLogs/x_VerifyAwsBroken0.json.gz"):
    return {"Body": json.dumps({"Records": [{"s3": {"object": {"key": key}}}]}),
            "MessageAttributes": {"RequestID": {"StringValue": "r1"}, "ErrorMessage": {"StringValue": "cannot read s3://…"}}}


@pytest.mark.parametrize("messages, attempts, want", [([dead()], 3, PASS), ([dead()], 1, NOT_SEEN), ([], 0, FAIL), ([dead("other")], 3, FAIL)])
def test_dead_letter(run, messages, attempts, want):
    broken(run, messages, attempts)
    assert on_failures.dead_letter(run).at_last().status == want
    for _, operation, arguments in run.aws.calls:
        if operation == "receive_message":
            assert arguments["VisibilityTimeout"] == 0, "looking must not hide the message from the redrive"


def health(n):
    """The first counts, the others find it done."""
    name = "s3://logs/AWSLogs/x_VerifyAwsBroken0.json.gz"
    skipped = line("Health", LogFile=name, at=50, FilesSkipped=1, SkipReason="AlreadyProcessed")
    return [line("Health", LogFile=name, at=40, FilesProcessed=1), *[skipped] * (n - 1)]


def test_redrive(run):
    broken(run)
    assert on_failures.redrive(run).at_last().status == NOT_SEEN
    run.notes["dead letter"] = dead()
    assert on_failures.redrive(run).status is None
    assert ("s3", "put_object", {"Bucket": "the-logs", "Key": run.notes["broken key"], "Body": b"whole"}) in run.aws.calls
    run.lines = health(1)
    assert on_failures.redrive(run).at_last().status == FAIL
    start = [a for _, o, a in run.aws.calls if o == "start_message_move_task"]
    assert start == [{"SourceArn": "arn:dead", "DestinationArn": "arn:retry"}]
    run.lines = health(2)
    assert on_failures.redrive(run).status == PASS
    assert sum(o == "start_message_move_task" for _, o, _ in run.aws.calls) == 1
    assert sum(o == "put_object" for _, o, _ in run.aws.calls) == 1


def test_redrive_counts_once(run):
    broken(run)
    run.notes["dead letter"], run.lines = dead(), health(1) * 2
    assert on_failures.redrive(run).status == FAIL


@pytest.mark.parametrize("sqs", [{"start": refusal("ResourceNotFoundException")}, {"status": "FAILED"}, {"left": "1"}])
def test_redrive_fails(run, sqs):
    broken(run, **sqs)
    run.notes["dead letter"], run.lines = dead(), health(2)
    assert on_failures.redrive(run).at_last().status == FAIL


# ---- the deployment ----


def test_log_bucket_name(run):
    run.aws = Answers(cloudformation={"describe_stacks": {"Stacks": [
        {"StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{NAME}/0a0b0c0d-1111-2222-3333-444455556666"}]}})
    run.outputs["LogBucketName"] = f"bucketwatch-{ACCOUNT}-{REGION}-0a0b0c0d"
    assert on_stack.log_bucket_name(run).status == PASS
    run.outputs["LogBucketName"] = f"bucketwatch-{ACCOUNT}-{REGION}-ffffffff"
    assert on_stack.log_bucket_name(run).status == FAIL


def test_event_pattern(run):
    import fnmatch

    def matches(EventPattern, Event):
        key = json.loads(Event)["detail"]["object"]["key"]
        patterns = json.loads(EventPattern)["detail"]["object"]["key"]
        return {"Result": any(fnmatch.fnmatchcase(key, p["wildcard"]) for p in patterns)}

    run.aws = Answers(events={"test_event_pattern": matches})
    verdict = on_stack.event_pattern(run)
    assert verdict.status == PASS, verdict.text
    assert len(on_stack.key_patterns((stack.ROOT / "existing-log-bucket.yaml").read_text())) == 2
    run.aws = Answers(events={"test_event_pattern": {"Result": True}})
    assert on_stack.event_pattern(run).status == FAIL


# ---- all of it, in the emulated account ----

# What the emulator's model of AWS can show. It evaluates no alarm, ranks nobody, and has no lines of Lambda's own.
SHOWN = {
    "deployed", "log-bucket-name", "log-file-delivery", "delete-marker", "permanent-delete", "delete-marker-removed", "denied-delete",
    "other-callers", "per-key-records", "per-key-versions", "per-key-refused", "body-size", "timing", "log-bucket-deletes",
    "lines-unchanged", "counts", "deletes-listed", "metrics-extracted", "late-counts", "dimension-sets", "dashboard", "redrive",
    "table", "schedule", "heartbeat", "one-message", "kept-after-deletion",
}


def recorded(run):
    """What CloudTrail would deliver of the deeds: records of our making, so this shows that the checks fit together, no more."""
    found = []
    for deed in run.deeds:
        bucket = run.log_bucket if deed.kind.startswith("log-bucket") else run.bucket
        both = {"versionId": "v1"} if deed.kind in ("permanent", "marker-removed") else {}
        members = {"eventTime": f"{datetime.datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "managementEvent": False, "eventCategory": "Data",
                   "recipientAccountId": run.account, "awsRegion": run.region, "eventVersion": "1.11"}
        if deed.kind in ("delete-marker", "marker-removed"):
            members["responseElements"] = {"x-amz-delete-marker": "true"}
        if deed.denied and "bulk" not in deed.kind:
            members["errorCode"] = "AccessDenied"
        if deed.kind == "anonymous":
            members["userIdentity"] = {"type": "AWSAccount", "accountId": "anonymous"}
        several = "bulk" in deed.kind
        name = "GetObject" if deed.kind in ("anonymous", "bad-signature") else "DeleteObjects" if several else "DeleteObject"
        call = record(name, bucket, deed.keys[0], request=deed.request_id, **members)
        call["requestParameters"] |= both
        if several:
            call["requestParameters"] = {"bucketName": bucket, "delete": ""}
            call["resources"][0] = {"type": "AWS::S3::Object", "ARNPrefix": f"arn:aws:s3:::{bucket}/"}
            call["additionalEventData"] = {"bytesTransferredIn": 122 + sum(28 + len(k) for k in deed.keys), "httpStatusCode": 200}
            for key in deed.keys:
                refused = {"errorCode": "AccessDenied"} if key in deed.denied else {}
                found.append(record("DeleteObject", bucket, key, "AwsServiceEvent", deed.request_id, **members, **refused))
                found[-1]["requestParameters"]["versionId"] = "v1"
        if deed.kind == "bad-signature":
            call |= {"eventName": "AuthenticateSignatureDoesNotMatch", "eventSource": "s3-authn-errors.amazonaws.com"}
        for r in [call, *found]:
            r["resources"][1]["accountId"] = run.account
        found.append(call)
    return found


def test_whole_run_in_the_emulated_account(account, built, tmp_path, monkeypatch):
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)

    def execute(command, **options):
        if command[1] == "build":  # built has done it, for this machine's processor
            shutil.copytree(built / ".aws-sam" / "build", command[command.index("--build-dir") + 1])
        else:
            subprocess.run(command, **options)

    def answered_403(*_, **__):
        return {"ResponseMetadata": {"RequestId": f"refused-{next(ids)}"}}

    def deliver_records(run):
        now = datetime.datetime.now(UTC)
        key = logfiles.key("", account.id, account.region, now, "x").replace(logfiles.OURS, "Cloudtrai")
        account.deliver(run.physical("Trail"), run.log_bucket, key, logfiles.pack(recorded(run)))

    def tick(run):  # no schedule fires by itself here
        account.fire(run.physical("Tick"), datetime.datetime.now(UTC))

    def steps(run):
        at_once = [(name, 0, action) for name, _, action in actions.steps(run)] + [("trail", 0, deliver_records)]
        return at_once + [(f"tick {n}", 2 * n, tick) for n in range(1, 9)]

    monkeypatch.setattr(on_failures, "newest_task", lambda *_: {})  # nor does it list move tasks
    monkeypatch.setattr(actions, "refused", answered_403)  # the emulator asks no bucket policy, and checks no signature
    before, say = inventory(), Quiet()
    shown = {n: f for n, f in CHECKS.items() if n in SHOWN}
    code = program.main(["--yes", "--wait", "5", "--out", str(tmp_path)], say, steps=steps, checks=shown,
                        deploy=lambda r, out, p: stack.deploy(r, out, p, execute), watch=functools.partial(watch, poll=1))
    report = next(tmp_path.glob("*/report.txt")).read_text()
    print("\n".join(say.told))
    assert {name for name in SHOWN if f"PASS      {name} " not in report} == set(), report
    assert code == 0
    assert len(json.loads(next(tmp_path.glob("*/per-key-records.masked.json")).read_text())) == 2 * (5 + 2 + 2) + 2
    assert inventory() == before


# ---- what the checks rely on in the project ----


def test_logical_ids_are_the_templates():
    text = (stack.ROOT / "template.yaml").read_text()
    for name in ("ProcessorFunction", "ProcessorLogGroup", "LogBucket", "RetryQueue", "DeadLetterQueue", "StateTable", "Monitoring"):
        assert f"\n  {name}:" in text, name
    for name in ("Tick", "TickGroup"):
        assert f"\n  {name}:" in (stack.ROOT / "schedule.yaml").read_text(), name
    for output in ("LogBucketName", "LogGroupName", "DeadLetterQueueUrl", "AlertsTopicArn", "OperationsTopicArn", "DashboardUrl"):
        assert f"\n  {output}:\n" in text.split("\nOutputs:\n")[1], output


def test_logical_ids_are_monitorings():
    text = (stack.ROOT / "monitoring.yaml").read_text()
    names = ("Dashboard", "UnexpectedDeletes", "UnexpectedDeletesByBucket", "AlertsLate", "TopCallers", "TopDeleters")
    assert [n for n in names if f"\n  {n}:" not in text] == []


def document():
    return (stack.ROOT / "docs" / "RELIABILITY.md").read_text()


def test_every_check_is_in_the_document():
    named = set()
    for line in document().splitlines():
        for names in re.findall(r"verify ((?:`[a-z-]+`(?:, )?)+)", line) if line.startswith("| ") else ():
            named |= set(re.findall(r"`([a-z-]+)`", names))
    assert named == {*CHECKS, "kept-after-deletion"}


def test_every_row_says_where_it_was_seen():
    tables = document().split("## What the project relies on AWS for")[1].split("## Failures")[0]
    rows = [line.strip("| ").split(" | ") for line in tables.splitlines() if line.startswith("| ") and not line.startswith("| AWS does")]
    assert len(rows) > 50
    assert [r[0] for r in rows if len(r) != 4] == []
    odd = [r[0] for r in rows if not re.match(r"(test|emulator) `|\*\*never\*\*", r[3])]
    assert odd == []
    unsaid = [r[0] for r in rows if "**never**" in r[3] and "verify `" not in r[3] and "not checked" not in r[3]]
    assert unsaid == []


def test_every_source_of_the_document_is_there():
    text = document()
    used = set(re.findall(r"\[([a-z0-9-]+)\](?!:)", "".join(line for line in text.splitlines() if line.startswith("| "))))
    given = set(re.findall(r"^\[([a-z0-9-]+)\]: https://docs\.aws\.amazon\.com/", text, re.M))
    assert used == given


def test_every_check_says_what_it_looks_at():
    assert [n for n, f in CHECKS.items() if not f.__doc__] == []
