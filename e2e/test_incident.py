"""An incident, from uploaded log files through the deployed function to the message on the Alerts topic.

The function judges by the log files' own time (BUCKETWATCH_CLOCK, which is for tests), so that the tests choose when
things happen, when they are delivered, and when a tick comes. The tests build on each other, in order.
"""

import collections
import datetime

import pytest

import published
from conftest import Shell, Stack, mailbox
from recorded import ACCOUNT, REGION, UTC, Role, log_file, request, requests, versioning_suspended

NAMESPACE = "BucketWatchIncident"
APP, VIEWER, IMPORTER, MOVER, STRANGER = map(Role, ["app-web", "viewer", "importer", "mover", "stranger"])
IMAGES = [f"uploads/2026/11/20/{n:02d}.jpg" for n in range(12)]


def at(clock):
    """A time of the day on which it all happens."""
    return datetime.datetime.fromisoformat(f"2026-11-20T{clock}:00").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def stack(shell, built, account):
    name = "bucketwatch-incident"
    shell(f"sam deploy --stack-name {name} --parameter-overrides Namespace={NAMESPACE} Metrics=full", answer="y\n")
    stack = Stack(account, name)
    stack.goes_by_delivery()
    yield stack
    shell(f"sam delete --stack-name {name} --no-prompts --region eu-central-1")


@pytest.fixture(scope="module")
def told(account, stack):
    """The messages on the Alerts topic since it was asked last."""
    with mailbox(account, stack.outputs["AlertsTopicArn"]) as read:
        yield read


def deliver(account, stack, file):
    """Puts a log file, and waits until the function is done with it."""
    key, body = file
    account.deliver(stack.id("Trail"), stack.id("LogBucket"), key, body)
    account.settle()


def health(account, stack):
    """The function's own metrics; those without data are 0."""
    found = published.of_function(published.metrics(account, NAMESPACE), stack.id("ProcessorFunction"))
    return collections.Counter(found)


def of_bucket(account, bucket):
    return published.by_bucket(published.metrics(account, NAMESPACE)).get(bucket, {})


def anomalies(stack, bucket):
    return [line for line in stack.lines("Anomaly") if line["BucketName"] == bucket]


def vanish(who, bucket, clock, keys):
    """Objects that are uploaded and, ten minutes later, deleted."""
    uploaded = at(clock)
    deleted = uploaded + datetime.timedelta(minutes=10)
    return requests(who, "PutObject", bucket, keys, uploaded) + requests(who, "DeleteObject", bucket, keys, deleted)


# ---- The images vanish ----


@pytest.fixture(scope="module")
def files():
    """That of the uploads and that of the deletes."""
    images = vanish(APP, "photos", "14:02", IMAGES)
    return log_file(at("14:10"), images[: len(IMAGES)]), log_file(at("14:19"), images[len(IMAGES) :])


def test_log_files_alone_tell_nobody(account, stack, files, told):
    for file in files:
        deliver(account, stack, file)
    assert of_bucket(account, "photos")["DeletedObjects"] == len(IMAGES)
    assert anomalies(stack, "photos") == [], "files bring evidence; ticks judge it"
    assert told() == []


def test_next_tick_sends_one_message(stack, told):
    (tick,) = stack.tick(at("14:20"))
    assert not tick.failed, tick.response
    (message,) = told()
    subject, body = message["Subject"], message["Message"]
    assert subject.startswith("[HIGH] photos: 12 ")
    assert subject.endswith(" UTC") and "14:12-14:1" in subject
    assert "role/app-web" in subject
    assert len(subject) <= 100 and subject.isascii()
    assert APP.arn in body
    assert [key for key in IMAGES[:3] if key not in body] == []
    assert stack.id("ProcessorLogGroup") in body, "where to look further"
    assert "expected-deletes.yaml" in body, "how to say that it was expected"


def test_its_anomaly_is_a_line_and_metrics(account, stack):
    (line,) = [line for line in anomalies(stack, "photos") if line["Anomaly"] == "DeletedSoonAfterUpload"]
    assert line["Severity"] == "HIGH"
    assert line["Principal"] == APP.arn
    assert line["Count"] == len(IMAGES)
    assert "role/app-web" in line["Explanation"]
    assert line["WindowStart"].startswith("2026-11-20T"), "when it happened, not when it was found"
    found = published.metrics(account, NAMESPACE)
    named = (("BucketName", "photos"), ("Anomaly", "DeletedSoonAfterUpload"))
    assert found["Anomalies", named][0] == 1
    assert found["HighSeverityAnomalies", ()][0] >= 1, "the account's own, for the plain alarm"
    assert of_bucket(account, "photos")["UnexpectedDeletes"] == len(IMAGES)


def test_ticks_show_that_they_come(account, stack):
    before = health(account, stack)
    stack.tick(at("14:21"))
    now = health(account, stack)
    assert now["Ticks"] == before["Ticks"] + 1, "the heartbeat that AlertsLate looks at"
    assert now["TicksFailed"] == 0
    assert now["AlertsPublished"] == 1


def test_further_ticks_send_nothing(stack, told):
    lines = len(stack.lines("Anomaly"))
    for clock in ("14:22", "14:23"):
        stack.tick(at(clock))
    assert told() == []
    assert len(stack.lines("Anomaly")) == lines


def test_log_file_delivered_twice_counts_once(account, stack, files, told):
    before, lines = of_bucket(account, "photos"), len(stack.lines("Delete"))
    processed = health(account, stack)["FilesProcessed"]
    deliver(account, stack, files[1])
    stack.tick(at("14:24"))
    assert of_bucket(account, "photos") == before
    assert len(stack.lines("Delete")) == lines
    assert health(account, stack)["FilesProcessed"] == processed
    assert [line["SkipReason"] for line in stack.lines("Health") if "SkipReason" in line] == ["AlreadyProcessed"]
    assert told() == []


def test_rise_in_severity_sends_one_more(account, stack, told):
    deliver(account, stack, log_file(at("14:33"), [versioning_suspended(APP, "photos", at("14:26"))]))
    assert "ProtectionRemoved" in {line["Anomaly"] for line in anomalies(stack, "photos")}, "by the file itself"
    stack.tick(at("14:34"))
    (message,) = told()
    assert message["Subject"].startswith("[CRITICAL] photos: ")
    assert "role/app-web" in message["Subject"]
    critical = [line["Anomaly"] for line in anomalies(stack, "photos") if line["Severity"] == "CRITICAL"]
    assert critical == ["AttackSequence"]
    stack.tick(at("14:35"))
    assert told() == []


def test_what_waits_is_judged_when_it_is_due(account, stack, told):
    asked = requests(VIEWER, "GetObject", "photos", IMAGES[:5], at("14:40"), error="NoSuchKey")
    deliver(account, stack, log_file(at("14:48"), asked))

    def found():
        return [line for line in anomalies(stack, "photos") if line["Anomaly"] == "ReadAfterDelete"]

    for clock in ("14:49", "15:44"):
        stack.tick(at(clock))
        assert found() == [], "an upload that explains it may still be on its way"
    stack.tick(at("15:46"))
    (line,) = found()
    assert line["Principal"] == APP.arn, "the deleter, not who still asks"
    assert told() == [], "the same incident, and no worse"


def test_unexpected_deletes_count_each_object_once(account):
    counted = of_bucket(account, "photos")
    assert counted["UnexpectedDeletes"] == len(IMAGES) == counted["DeletedObjects"]


def test_below_the_severity_nobody_is_told(account, stack, told):
    reports = [f"reports/{n}.pdf" for n in range(6)]
    denied = requests(STRANGER, "DeleteObject", "reports", reports, at("16:00"), error="AccessDenied")
    deliver(account, stack, log_file(at("16:08"), denied))
    stack.tick(at("16:09"))
    assert [(line["Anomaly"], line["Severity"]) for line in anomalies(stack, "reports")] == [("DeniedDelete", "MEDIUM")]
    assert told() == []


# ---- Services in trouble ----


def test_refused_message_is_sent_by_the_next_tick(account, stack, told):
    tables = [f"in/{n}.csv" for n in range(6)]
    deliver(account, stack, log_file(at("17:19"), vanish(IMPORTER, "invoices", "17:02", tables)))
    before = health(account, stack)
    with account.trouble("sns:Publish", "AuthorizationError"):
        stack.tick(at("17:20"))
    assert told() == []
    lines = anomalies(stack, "invoices")
    assert "DeletedSoonAfterUpload" in {line["Anomaly"] for line in lines}, "the dashboard knows"
    now = health(account, stack)
    assert now["AlertsFailed"] == before["AlertsFailed"] + 1
    assert now["TicksFailed"] == before["TicksFailed"] + 1
    assert now["Ticks"] == before["Ticks"], "the heartbeat stays out"

    stack.tick(at("17:21"))
    (message,) = told()
    assert message["Subject"].startswith("[HIGH] invoices: 6 ")
    assert anomalies(stack, "invoices") == lines, "no line is written twice"
    stack.tick(at("17:22"))
    assert told() == []


def test_throttled_table_loses_no_file(account, shell, stack, told):
    before, invocations = health(account, stack), len(account.lambda_.invocations)
    moved = [f"a/{n}.tar" for n in range(7)]
    with account.trouble("dynamodb:*", "ThrottlingException"):
        deliver(account, stack, log_file(at("18:19"), vanish(MOVER, "archive", "18:02", moved)))
        tries = account.lambda_.invocations[invocations:]
        assert [i.failed for i in tries] == [True, True, True], "one try and two retries"
        assert stack.queue_length("DeadLetterQueue") == 1
        assert of_bucket(account, "archive") == {}, "no line before it is remembered"

        (tick,) = stack.tick(at("18:20"))
        assert not tick.failed, "Lambda would repeat it; the next tick comes in a minute"
        assert stack.queue_length("DeadLetterQueue") == 1, "FilesFailed is about files"
        assert health(account, stack)["TicksFailed"] == before["TicksFailed"] + 1
    assert told() == []

    shell(stack.outputs["RedriveCommand"])
    account.settle()
    assert stack.queue_length("DeadLetterQueue") == stack.queue_length("RetryQueue") == 0
    assert of_bucket(account, "archive")["DeletedObjects"] == 7, "counted once"
    stack.tick(at("18:21"))
    (message,) = told()
    assert message["Subject"].startswith("[HIGH] archive: 7 ") and "role/mover" in message["Subject"]
    assert health(account, stack)["FilesTakenOver"] == 0


# ---- Undone, by the message's own commands ----


def test_restored_as_the_message_says(account, stack, told, tmp_path):
    """With objects of a bucket here, so at the time that it is: delete markers have no other."""
    s3 = account.client("s3")
    s3.create_bucket(Bucket="gallery", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="gallery", VersioningConfiguration={"Status": "Enabled"})
    keys = [f"new/{name}.jpg" for name in ("1", "2", "3", "4", "it's 5", "6 \u2013 \ud55c\uae00")]
    for key in [*keys, "old/1.jpg"]:
        s3.put_object(Bucket="gallery", Key=key, Body=key.encode())
        s3.delete_object(Bucket="gallery", Key=key)
    deleted = datetime.datetime.now(UTC)
    uploaded, delivered = deleted - datetime.timedelta(minutes=9), deleted + datetime.timedelta(minutes=4)
    seen = [(name, key, time) for key in keys for name, time in (("PutObject", uploaded), ("DeleteObject", deleted))]
    records = [request(VIEWER, name, "gallery", key, time) for name, key, time in seen]
    deliver(account, stack, log_file(delivered, records))
    stack.tick(delivered + datetime.timedelta(minutes=1))
    (message,) = told()
    assert message["Subject"].startswith("[HIGH] gallery: 6 ")

    shell = Shell(tmp_path, account.environment())
    paragraphs = message["Message"].split("\n\n")
    listed, restored = [p for p in paragraphs if p.startswith(("aws s3api list-object-versions", "while "))]
    assert shell(listed) == "6 found"
    shell(restored)
    kept = {o["Key"]: s3.get_object(Bucket="gallery", Key=o["Key"])["Body"].read().decode() for o in objects(s3)}
    assert kept == {key: key for key in keys}, "not what was deleted elsewhere"
    assert shell(listed) == "0 found", "delete markers alone"


def objects(s3):
    return s3.list_objects_v2(Bucket="gallery").get("Contents", [])


# ---- What is kept of it ----


def test_table_holds_what_is_remembered(account, stack):
    """In the accounts' own partitions, each item with its time to live or for good."""
    items = account.client("dynamodb").scan(TableName=stack.id("StateTable"))["Items"]
    assert any(item["pk"]["S"].startswith(f"v1#{ACCOUNT}#photos") for item in items)
    assert {kind for item in items for attribute in (item["pk"], item["sk"]) for kind in attribute} == {"S"}
    assert {kind for item in items if "expires" in item for kind in item["expires"]} == {"N"}, "or nothing expires"
    assert "expires" in [name for item in items for name in item]
