"""bucketwatch doctor, in accounts where all is well and where something is broken, in each way that the emulator can.

The real command runs as a role that has the documented policy and nothing else. Where it prints a command as the fix,
that command is run as it stands, and the account must be well again. pkg/doctor's tests have every way.
"""

import copy
import datetime
import gzip
import json
import subprocess

import pytest

from conftest import REPOSITORY, Stack

ACCOUNT, REGION = "111122223333", "eu-central-1"
EXISTING, PREFIX = "team-trail-logs", "team"


def now():
    return datetime.datetime.now(datetime.timezone.utc)


@pytest.fixture(scope="session")
def bucketwatch(tmp_path_factory):
    path = tmp_path_factory.mktemp("bin") / "bucketwatch"
    subprocess.run(["go", "build", "-o", path, "./cmd/bucketwatch"], cwd=REPOSITORY, check=True)
    return path


class Operator:
    """Whoever may do what the command's own policy says."""

    def __init__(self, account, bucketwatch, name, log_bucket):
        self.account, self.bucketwatch, self.name = account, bucketwatch, name
        trust = {"Version": "2012-10-17", "Statement": []}
        iam = account.client("iam")
        self.role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        printed = subprocess.run([bucketwatch, "doctor", "--policy"], check=True, capture_output=True, text=True).stdout
        self.policy = json.loads(printed.replace("bucketwatch-*", log_bucket))
        self.may(self.policy)
        self.environment = account.act_as(self.role)

    def may(self, policy):
        self.account.client("iam").put_role_policy(
            RoleName=self.name, PolicyName="doctor", PolicyDocument=json.dumps(policy)
        )

    def actions(self):
        return {a for s in self.policy["Statement"] for a in s["Action"]}

    def run(self, *arguments):
        command = [self.bucketwatch, "doctor", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120)

    def asks(self, stack):
        """What the command says as JSON; its exit code must be its verdict's."""
        done = self.run("--stack-name", stack.name, "--format", "json")
        print(done.stdout, done.stderr)
        said = json.loads(done.stdout)
        assert done.returncode == {"ok": 0, "warning": 0, "unknown": 3, "fault": 4}[said["verdict"]]
        return said


def amiss(said):
    return {f["check"]: f for f in said["findings"] if f["verdict"] != "ok"}


def digest_and_log_file(prefix):
    """Keys as of now, and bodies."""
    t, folder = now(), f"{prefix}AWSLogs/{ACCOUNT}"
    log = f"{folder}/CloudTrail/{REGION}/{t:%Y/%m/%d}/{ACCOUNT}_CloudTrail_{REGION}_{t:%Y%m%dT%H%MZ}_{t:%H%M%S%f}abcd.json.gz"
    digest = f"{folder}/CloudTrail-Digest/{REGION}/{t:%Y/%m/%d}/{ACCOUNT}_CloudTrail-Digest_{REGION}_t_{REGION}_{t:%Y%m%dT%H%M%SZ}.json.gz"
    return {log: gzip.compress(b'{"Records": []}'), digest: gzip.compress(b'{"logFiles": []}')}


def selectors(account, trail):
    return account.client("cloudtrail").get_event_selectors(TrailName=trail)["AdvancedEventSelectors"]


def everything(*without):
    """All requests to objects, but for some buckets'."""
    fields = [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]
    if without:
        fields.append({"Field": "resources.ARN", "NotStartsWith": [f"arn:aws:s3:::{b}/" for b in without]})
    return [{"Name": "everything", "FieldSelectors": fields}]


CHANGES = [
    {
        "Name": "changes",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Management"]},
            {"Field": "readOnly", "Equals": ["false"]},
        ],
    }
]


@pytest.fixture(scope="module")
def own(account, shell, built, bucketwatch):
    """A stack with a trail of its own, a day old, of which nothing has come yet; and who asks."""
    shell(
        "sam deploy --stack-name bucketwatch-doctor --parameter-overrides AlertEmail=you@example.com Namespace=Doctor",
        answer="y\n",
    )
    stack = Stack(account, "bucketwatch-doctor")
    stack.found.created -= datetime.timedelta(days=1)
    yield stack, Operator(account, bucketwatch, "doctor-own", stack.id("LogBucket"))
    account.client("cloudtrail").stop_logging(Name=stack.id("Trail"))
    account.client("cloudformation").delete_stack(StackName=stack.name)


@pytest.fixture(scope="module")
def healthy(account, own):
    stack, operator = own
    for topic in ("AlertsTopic", "OperationsTopic"):
        account.confirm(stack.id(topic))
    for key, body in digest_and_log_file("").items():
        account.deliver(stack.id("Trail"), stack.id("LogBucket"), key, body)
    account.settle()
    assert not stack.tick()[0].failed
    return stack, operator


def test_nothing_has_come(own):
    """Nobody has confirmed, and no file and no tick has come for a day."""
    stack, operator = own
    found = amiss(operator.asks(stack))
    assert {c: f["verdict"] for c, f in found.items()} == {
        c: "fault"
        for c in ("files-arriving", "files-processed", "ticks", "subscribers-alerts", "subscribers-operations")
    }


def test_healthy(healthy):
    stack, operator = healthy
    said = operator.asks(stack)
    assert said["verdict"] == "ok" and not amiss(said)
    assert (said["stack"], said["region"], said["account"]) == (stack.name, REGION, ACCOUNT)
    assert len(said["findings"]) > 20 and said["unseen"]
    arriving = next(f for f in said["findings"] if f["check"] == "files-arriving")
    assert "the newest log file came a minute ago, the newest digest a minute ago" in arriving["fact"]


def test_text(healthy):
    stack, operator = healthy
    done = operator.run("--stack-name", stack.name)
    assert done.returncode == 0 and done.stderr == ""
    assert f"Stack {stack.name} in {REGION} of account {ACCOUNT}" in done.stdout
    assert "No faults, no warnings, " in done.stdout.splitlines()[-1]
    assert "\x1b" not in done.stdout


# Each breaks something of a stack with a trail of its own: what is broken, how, and which checks then say what.


def trail_stopped(account, stack):
    account.client("cloudtrail").stop_logging(Name=stack.id("Trail"))
    return {"trail-logging": "fault"}


def trail_without_data_events(account, stack):
    account.client("cloudtrail").put_event_selectors(TrailName=stack.id("Trail"), AdvancedEventSelectors=CHANGES)
    return {"trail-selectors": "fault"}


def trail_that_feeds_itself(account, stack):
    account.client("cloudtrail").put_event_selectors(
        TrailName=stack.id("Trail"), AdvancedEventSelectors=everything() + CHANGES
    )
    return {"trail-leaves-out-log-bucket": "fault"}


def trail_without_deletes(account, stack):
    found = selectors(account, stack.id("Trail"))
    found[0]["FieldSelectors"].append({"Field": "eventName", "NotStartsWith": ["Delete"]})
    account.client("cloudtrail").put_event_selectors(TrailName=stack.id("Trail"), AdvancedEventSelectors=found)
    return {"trail-selectors": "fault"}


def trail_without_changes(account, stack):
    found = selectors(account, stack.id("Trail"))[:2]
    account.client("cloudtrail").put_event_selectors(TrailName=stack.id("Trail"), AdvancedEventSelectors=found)
    return {"trail-management-events": "warning"}


def trail_deleted(account, stack):
    account.client("cloudtrail").delete_trail(Name=stack.id("Trail"))
    return {"trail-logging": "fault"}


def trail_without_digests(account, stack):
    account.client("cloudtrail").update_trail(Name=stack.id("Trail"), EnableLogFileValidation=False)
    return {"trail-digests": "warning"}


def trail_of_one_region(account, stack):
    account.client("cloudtrail").update_trail(Name=stack.id("Trail"), IsMultiRegionTrail=False)
    return {"trail-regions": "fault"}


def another_trail(account, name, bucket, selectors, **more):
    cloudtrail = account.client("cloudtrail")
    cloudtrail.create_trail(Name=name, S3BucketName=bucket, IsMultiRegionTrail=True, EnableLogFileValidation=True, **more)
    cloudtrail.put_event_selectors(TrailName=name, AdvancedEventSelectors=selectors)
    cloudtrail.start_logging(Name=name)


def second_trail(account, stack):
    another_trail(account, "second", stack.id("LogBucket"), everything(stack.id("LogBucket")), S3KeyPrefix="second")
    return {"one-trail": "fault"}


def trails_that_record_each_other(account, stack):
    account.client("s3").create_bucket(Bucket="loop-logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    another_trail(account, "loop", "loop-logs", everything("loop-logs"))
    return {"trails-apart": "fault"}


def notification_removed(account, stack):
    account.client("s3").put_bucket_notification_configuration(
        Bucket=stack.id("LogBucket"), NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return {"notification": "fault"}


def permission_removed(account, stack):
    function = stack.id("ProcessorFunction")
    account.client("lambda").remove_permission(
        FunctionName=function, StatementId=stack.id("LogBucketInvokesProcessor")
    )
    return {"permission": "fault"}


def table_deleted(account, stack):
    account.client("dynamodb").delete_table(TableName=stack.id("StateTable"))
    return {"table": "fault"}


def log_group_deleted(account, stack):
    account.client("logs").delete_log_group(logGroupName=stack.id("ProcessorLogGroup"))
    return {"log-group": "fault"}


def schedule_disabled(account, stack):
    scheduler = account.client("scheduler")
    name, group = stack.schedule.id("Tick"), stack.schedule.id("TickGroup")
    found = scheduler.get_schedule(Name=name, GroupName=group)
    kept = {k: found[k] for k in ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
    scheduler.update_schedule(**kept, State="DISABLED")
    return {"schedule": "fault"}


def schedule_deleted(account, stack):
    account.client("scheduler").delete_schedule(Name=stack.schedule.id("Tick"), GroupName=stack.schedule.id("TickGroup"))
    return {"schedule": "fault"}


def function_throttled(account, stack):
    account.client("lambda").put_function_concurrency(
        FunctionName=stack.id("ProcessorFunction"), ReservedConcurrentExecutions=0
    )
    return {"function-concurrency": "fault"}


def dead_letter_queue_removed(account, stack):
    account.client("lambda").update_function_configuration(
        FunctionName=stack.id("ProcessorFunction"), DeadLetterConfig={"TargetArn": ""}
    )
    return {"function-configuration": "fault"}


def log_level_raised(account, stack):
    logging = {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "LogGroup": stack.id("ProcessorLogGroup")}
    account.client("lambda").update_function_configuration(
        FunctionName=stack.id("ProcessorFunction"), LoggingConfig=logging
    )
    return {"function-configuration": "fault"}


def retries_disabled(account, stack):
    account.client("lambda").update_event_source_mapping(UUID=stack.id("RetryQueueMapping"), Enabled=False)
    return {"retries": "fault"}


def dead_letters(account, stack):
    tick = json.dumps({"bucketwatch": "tick", "time": f"{now():%Y-%m-%dT%H:%M:00Z}"})
    account.client("sqs").send_message(QueueUrl=stack.id("DeadLetterQueue"), MessageBody=tick)
    return {"dead-letters": "fault"}


def nobody_subscribed(account, stack):
    sns, topic = account.client("sns"), stack.id("OperationsTopic")
    for found in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=found["SubscriptionArn"])
    return {"subscribers-operations": "fault"}


BROKEN = [
    trail_stopped,
    trail_without_data_events,
    trail_that_feeds_itself,
    trail_without_deletes,
    trail_without_changes,
    trail_deleted,
    trail_without_digests,
    trail_of_one_region,
    second_trail,
    trails_that_record_each_other,
    notification_removed,
    permission_removed,
    table_deleted,
    log_group_deleted,
    schedule_disabled,
    schedule_deleted,
    function_throttled,
    dead_letter_queue_removed,
    log_level_raised,
    retries_disabled,
    dead_letters,
    nobody_subscribed,
]


def mended(account, shell, stack, operator, break_it):
    """Breaks it, sees that doctor says so and nothing else, runs what it prints, and sees that all is well."""
    expected = break_it(account, stack)
    found = amiss(operator.asks(stack))
    assert {c: f["verdict"] for c, f in found.items()} == expected
    (finding, *_) = found.values()
    assert finding["fix"] and finding["command"]
    shell(finding["command"])
    account.settle()
    for topic in ("AlertsTopic", "OperationsTopic"):
        account.confirm(stack.id(topic))
    assert not amiss(operator.asks(stack))
    return finding


@pytest.mark.parametrize("break_it", BROKEN, ids=lambda f: f.__name__)
def test_broken_and_mended(account, shell, healthy, break_it):
    mended(account, shell, *healthy, break_it)


def test_mended_trail_is_the_stacks(account, healthy):
    """Made again by doctor's command, it records what the template has it record."""
    stack, _ = healthy
    got = [
        {k: v for k, v in f.items() if v} for s in selectors(account, stack.id("Trail")) for f in s["FieldSelectors"]
    ]
    want = [f for s in stack.properties("Trail")["AdvancedEventSelectors"] for f in s["FieldSelectors"]]
    assert sorted(map(json.dumps, map(ordered, got))) == sorted(map(json.dumps, map(ordered, want)))


def ordered(field):
    return {k: field[k] for k in sorted(field)}


def test_mended_schedule_ticks(healthy):
    assert not healthy[0].tick()[0].failed


# What no command mends.


def test_function_changed_by_hand(account, healthy):
    stack, operator = healthy
    client, name = account.client("lambda"), stack.id("ProcessorFunction")
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, "BUCKETWATCH_TABLE": "another"}}
    )
    assert "BUCKETWATCH_TABLE" in amiss(operator.asks(stack))["function-configuration"]["fact"]
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    assert not amiss(operator.asks(stack))


@pytest.mark.parametrize(("alarm", "verdict"), [("FilesFailed", "fault"), ("HighSeverityAnomalies", "warning")])
def test_alarm(account, healthy, alarm, verdict):
    stack, operator = healthy
    cloudwatch, name = account.client("cloudwatch"), stack.monitoring.id(alarm)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="the test's")
    found = amiss(operator.asks(stack))
    assert list(found) == ["alarms"] and found["alarms"]["verdict"] == verdict
    assert alarm in found["alarms"]["fact"]
    assert found["alarms"]["fix"] == stack.monitoring.properties(alarm)["AlarmDescription"].strip()
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="the test's")


def test_function_fails(account, healthy):
    stack, operator = healthy
    dimension = {"Name": "FunctionName", "Value": stack.id("ProcessorFunction")}
    account.client("cloudwatch").put_metric_data(
        Namespace="AWS/Lambda", MetricData=[{"MetricName": "Errors", "Value": 2, "Dimensions": [dimension]}]
    )
    found = amiss(operator.asks(stack))
    assert list(found) == ["function-errors"] and "2 invocations" in found["function-errors"]["fact"]


def test_two_stacks_in_one_namespace(account, healthy):
    stack, operator = healthy
    cloudformation = account.client("cloudformation")
    template = {
        "Parameters": {"Namespace": {"Type": "String"}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}},
        "Outputs": {"RedriveCommand": {"Value": "x"}},
    }
    cloudformation.create_stack(
        StackName="another",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "Namespace", "ParameterValue": "Doctor"}],
    )
    found = amiss(operator.asks(stack))
    assert found["namespace"]["verdict"] == "fault" and "another" in found["namespace"]["fact"]
    cloudformation.delete_stack(StackName="another")
    assert "namespace" not in amiss(operator.asks(stack))


def test_no_such_stack(healthy):
    done = healthy[1].run("--stack-name", "elsewhere")
    assert done.returncode == 1 and done.stdout == ""
    assert "there is no such stack: elsewhere" in done.stderr and "--stack-name" in done.stderr


# ---- An existing log bucket ----


@pytest.fixture(scope="module")
def existing(account, shell, built, bucketwatch):
    s3 = account.client("s3")
    for trail in account.client("cloudtrail").list_trails()["Trails"]:  # of the tests before
        account.client("cloudtrail").stop_logging(Name=trail["TrailARN"])
    s3.create_bucket(Bucket=EXISTING, CreateBucketConfiguration={"LocationConstraint": REGION})
    another_trail(account, "team", EXISTING, everything(EXISTING) + CHANGES, S3KeyPrefix=PREFIX)
    shell(
        "sam deploy --stack-name bucketwatch-doctor-existing --parameter-overrides AlertEmail=you@example.com "
        f"Namespace=DoctorExisting ExistingLogBucketName={EXISTING} LogFilePrefix={PREFIX}",
        answer="y\n",
    )
    stack = Stack(account, "bucketwatch-doctor-existing")
    stack.found.created -= datetime.timedelta(days=1)
    for topic in ("AlertsTopic", "OperationsTopic"):
        account.confirm(stack.id(topic))
    assert not stack.tick()[0].failed
    yield stack, Operator(account, bucketwatch, "doctor-existing", EXISTING)
    account.client("cloudtrail").delete_trail(Name="team")
    account.client("cloudformation").delete_stack(StackName=stack.name)


def test_eventbridge_off_and_on(account, shell, existing):
    """As a new user leaves it: nothing is processed until doctor's command was run."""
    stack, operator = existing
    put(account)
    account.settle()
    found = amiss(operator.asks(stack))
    assert set(found) == {"notification", "files-processed"}
    shell(found["notification"]["command"])
    put(account)
    account.settle()
    assert not amiss(operator.asks(stack))


def put(account):
    for key, body in digest_and_log_file(f"{PREFIX}/").items():
        account.client("s3").put_object(Bucket=EXISTING, Key=key, Body=body)


@pytest.fixture(scope="module")
def fed(account, existing, shell):
    """All is well."""
    stack, operator = existing
    shell(stack.outputs["EnableEventBridgeCommand"])
    put(account)
    account.settle()
    assert operator.asks(stack)["verdict"] == "ok"
    return existing


def rule_disabled(account, stack):
    account.client("events").disable_rule(Name=stack.nested("ExistingLogBucket").id("LogFilesRule"))
    return {"rule": "fault"}


def rule_without_target(account, stack):
    rule, events = stack.nested("ExistingLogBucket").id("LogFilesRule"), account.client("events")
    events.remove_targets(Rule=rule, Ids=[t["Id"] for t in events.list_targets_by_rule(Rule=rule)["Targets"]])
    return {"rule": "fault"}


def rule_deleted(account, stack):
    rule_without_target(account, stack)
    account.client("events").delete_rule(Name=stack.nested("ExistingLogBucket").id("LogFilesRule"))
    return {"rule": "fault"}


def rule_may_not_invoke(account, stack):
    account.client("lambda").remove_permission(
        FunctionName=stack.id("ProcessorFunction"),
        StatementId=stack.nested("ExistingLogBucket").id("LogFilesRuleInvokesProcessor"),
    )
    return {"permission": "fault"}


def basic(kind, *values):
    resource = {"Type": "AWS::S3::Object", "Values": list(values)}
    return [{"ReadWriteType": kind, "IncludeManagementEvents": True, "DataResources": [resource] if values else []}]


def trail_of_management_events(account, stack):
    account.client("cloudtrail").put_event_selectors(TrailName="team", EventSelectors=basic("All"))
    return {"trail-selectors": "fault"}


def basic_trail_feeds_itself(account, stack):
    account.client("cloudtrail").put_event_selectors(TrailName="team", EventSelectors=basic("All", "arn:aws:s3"))
    return {"trail-leaves-out-log-bucket": "fault"}


def trail_of_writes(account, stack):
    account.client("cloudtrail").put_event_selectors(
        TrailName="team",
        AdvancedEventSelectors=[
            {
                "Name": "writes",
                "FieldSelectors": everything(EXISTING)[0]["FieldSelectors"] + [{"Field": "readOnly", "Equals": ["false"]}],
            },
            *CHANGES,
        ],
    )
    return {"trail-selectors": "warning"}


def two_trails_into_one_prefix(account, stack):
    another_trail(account, "zwei", EXISTING, everything(EXISTING), S3KeyPrefix=PREFIX)
    return {"one-trail": "fault"}


EXISTING_BROKEN = [
    rule_disabled,
    rule_without_target,
    rule_deleted,
    rule_may_not_invoke,
    trail_of_management_events,
    basic_trail_feeds_itself,
    trail_of_writes,
    two_trails_into_one_prefix,
]


@pytest.mark.parametrize("break_it", EXISTING_BROKEN, ids=lambda f: f.__name__)
def test_existing_broken_and_mended(account, shell, fed, break_it):
    mended(account, shell, *fed, break_it)


def test_files_still_come(account, fed):
    """After all these commands the rule hands files to the function as the template's did."""
    stack, _ = fed
    before = len(stack.lines("Health"))
    put(account)
    account.settle()
    assert len(stack.lines("Health")) == before + 2


@pytest.fixture
def team(account, fed):
    """The one trail that fills the bucket; what a test changes of it is set back."""
    client = account.client("cloudtrail")
    client.delete_trail(Name="zwei")  # of a test before, and stopped
    yield lambda **changes: client.update_trail(Name="team", **changes)
    client.update_trail(Name="team", S3BucketName=EXISTING, S3KeyPrefix=PREFIX)


def test_another_prefix(fed, team):
    stack, operator = fed
    team(S3KeyPrefix="elsewhere")
    assert "LogFilePrefix=elsewhere" in amiss(operator.asks(stack))["trail-logging"]["command"]


def test_trail_of_nobody(account, fed, team):
    stack, operator = fed
    account.client("s3").create_bucket(
        Bucket="elsewhere-logs", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    team(S3BucketName="elsewhere-logs")
    found = amiss(operator.asks(stack))["trail-logging"]
    assert found["verdict"] == "warning" and "another account" in found["fact"]


# ---- What it asks for ----


def test_asks_for_the_policys_actions_and_no_others(account, healthy, fed):
    operator, other = healthy[1], fed[1]
    assert account.asked(operator.role) | account.asked(other.role) == operator.actions()
    for action in operator.actions():
        assert action.partition(":")[2].startswith(("Get", "List", "Describe")), action


def actions():
    calls = (REPOSITORY / "pkg/doctor/calls.go").read_text()
    return sorted({line.split('"')[5] for line in calls.splitlines() if line.startswith('\t{"')})


@pytest.mark.parametrize("action", actions())
def test_missing_permission_is_named(fed, action):
    stack, operator = fed
    policy = copy.deepcopy(operator.policy)
    for statement in policy["Statement"]:
        statement["Action"] = [a for a in statement["Action"] if a != action]
    operator.may(policy)
    try:
        if action.startswith("cloudformation:"):
            done = operator.run("--stack-name", stack.name)
            assert done.returncode == 1 and action in done.stderr
            return
        said = operator.asks(stack)
        unknown = [f for f in said["findings"] if f["verdict"] == "unknown"]
        assert said["verdict"] == "unknown" and unknown
        assert {f["fact"].partition("your credentials lack ")[2] for f in unknown} == {f"{action}."}
        assert sum(f["verdict"] == "ok" for f in said["findings"]) > 15
    finally:
        operator.may(operator.policy)
