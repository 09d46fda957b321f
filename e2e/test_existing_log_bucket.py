"""Onto a trail's existing bucket: its owner's notification stays, and EventBridge feeds the function."""

import gzip
import json

import pytest

import looked_at
import published
from conftest import Stack
from emulator import policy

ACCOUNT, REGION = "111122223333", "eu-central-1"
BUCKET, PREFIX, ORGANIZATION = "trail-logs-111122223333", "o-abc123", "o-abc123"


@pytest.fixture(scope="module")
def owners_queue(account):
    """The bucket as it was before: versioned, and its owner told of each new log file."""
    s3, sqs = account.client("s3"), account.client("sqs")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    url = sqs.create_queue(QueueName="owners-archive")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    notification = {
        "Id": "archive",
        "QueueArn": arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": f"{PREFIX}/AWSLogs/"}]}},
    }
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [notification]}
    )
    return url


@pytest.fixture(scope="module")
def stack(shell, built, account, owners_queue):
    shell(
        "sam deploy --config-env prod --parameter-overrides AlertEmail=you@example.com "
        "Metrics=full Namespace=BucketWatchProd "
        f"ExistingLogBucketName={BUCKET} LogFilePrefix={PREFIX}",
        answer="y\n",
    )
    return Stack(account, "bucketwatch-prod")


@pytest.fixture(scope="module")
def hour(make_hour):
    return make_hour("")  # the generator's own log bucket has this name


def put(account, hour, file, key=None):
    """An organization's trail puts the organization's id between AWSLogs and the account."""
    key = key or PREFIX + "/" + file["Key"].replace("AWSLogs/", f"AWSLogs/{ORGANIZATION}/")
    account.client("s3").put_object(Bucket=BUCKET, Key=key, Body=hour.body(file))
    return key


def received(account, url):
    sqs, keys = account.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            # Without Records it is S3's test event, which comes with each change of the configuration.
            keys += [r["s3"]["object"]["key"] for r in json.loads(message["Body"]).get("Records", [])]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return keys


def configuration(account):
    found = account.client("s3").get_bucket_notification_configuration(Bucket=BUCKET)
    found.pop("ResponseMetadata")
    return found


def test_stack_makes_neither_bucket_nor_trail(stack):
    assert stack.found.status == "CREATE_COMPLETE"
    assert (
        not stack.of_type("AWS::S3::Bucket")
        and not stack.of_type("AWS::S3::BucketPolicy")
        and not stack.of_type("AWS::CloudTrail::Trail")
    )


def test_deployment_leaves_the_bucket_alone(account, stack):
    assert "EventBridgeConfiguration" not in configuration(account)
    assert [q["Id"] for q in configuration(account)["QueueConfigurations"]] == ["archive"]


def test_nothing_comes_until_eventbridge_is_on(account, stack, hour, owners_queue):
    first = put(account, hour, hour.files[0])
    account.settle()
    assert stack.lines("Health") == []
    assert received(account, owners_queue) == [first]
    account.client("s3").delete_object(Bucket=BUCKET, Key=first)


@pytest.fixture(scope="module")
def eventbridge(account, shell, stack):
    """The very command of the output, twice: the second must do nothing."""
    before = configuration(account)
    for _ in range(2):
        shell(stack.outputs["EnableEventBridgeCommand"])
        assert configuration(account) == {**before, "EventBridgeConfiguration": {}}


def test_command_keeps_the_owners_notification(account, eventbridge, stack):
    (kept,) = configuration(account)["QueueConfigurations"]
    assert kept["Id"] == "archive"
    assert kept["Filter"]["Key"]["FilterRules"] == [{"Name": "prefix", "Value": f"{PREFIX}/AWSLogs/"}]


def test_command_works_for_a_bucket_without_notifications(account, shell, stack):
    s3 = account.client("s3")
    s3.create_bucket(Bucket="quiet-logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    shell(stack.outputs["EnableEventBridgeCommand"].replace(BUCKET, "quiet-logs"))
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket="quiet-logs")
    s3.delete_bucket(Bucket="quiet-logs")


def test_rule_and_its_permission(account, stack):
    name = stack.nested("ExistingLogBucket").id("LogFilesRule")
    rule = account.client("events").describe_rule(Name=name)
    assert rule["State"] == "ENABLED"
    (target,) = account.client("events").list_targets_by_rule(Rule=name)["Targets"]
    queue = stack.id("DeadLetterQueue").rpartition("/")[2]
    assert target["DeadLetterConfig"]["Arn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
    document = json.loads(account.client("lambda").get_policy(FunctionName=stack.id("ProcessorFunction"))["Policy"])
    (statement,) = document["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == rule["Arn"]
    attributes = account.client("sqs").get_queue_attributes(
        QueueUrl=stack.id("DeadLetterQueue"), AttributeNames=["Policy"]
    )["Attributes"]
    for source, allowed in ((rule["Arn"], True), (rule["Arn"] + "-other", False)):
        got = policy.allows(
            [json.loads(attributes["Policy"])],
            "sqs:SendMessage",
            target["DeadLetterConfig"]["Arn"],
            {"aws:SourceArn": source},
            "events.amazonaws.com",
        )
        assert got == allowed


@pytest.fixture(scope="module")
def counted(account, stack, eventbridge, hour):
    for file in hour.files:
        put(account, hour, file)
    account.settle()
    return published.metrics(account, "BucketWatchProd")


def test_metric_sums_are_the_truth(stack, hour, counted):
    got = published.by_bucket(counted)
    for bucket, truth in hour.truth["Buckets"].items():
        assert {n: got[bucket].get(n) for n in truth["Metrics"]} == truth["Metrics"], bucket
        for latency in ("FirstByteLatency", "TotalRequestLatency"):
            assert counted.get((latency, (("BucketName", bucket),)), (0, 0))[1] == truth["Timed"], (bucket, latency)
    health = published.of_function(counted, stack.id("ProcessorFunction"))
    assert {n: v for n, v in health.items() if n.startswith("Records") and v} == hour.truth["Records"]


def test_owner_is_told_as_before(account, hour, owners_queue, counted):
    assert len(received(account, owners_queue)) == len(hour.files)


NOT_LOG_FILES = {
    "an Insights file": f"{PREFIX}/AWSLogs/{ACCOUNT}/CloudTrail-Insight/{REGION}/2026/11/22/x.json.gz",
    "another prefix": f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/11/22/x.json.gz",
    "something of the owner's": "reports/CloudTrail/x.json.gz",
    "an access log": f"{PREFIX}/AWSLogs/{ACCOUNT}/elasticloadbalancing/{REGION}/2026/11/22/x.log.gz",
}


@pytest.mark.parametrize("key", NOT_LOG_FILES.values(), ids=NOT_LOG_FILES)
def test_rule_passes_over(account, counted, key):
    invocations = len(account.lambda_.invocations)
    account.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"")
    account.settle()
    assert len(account.lambda_.invocations) == invocations


def test_alarm_for_a_trail_without_data_events(account, stack, counted):
    (alarm,) = account.client("cloudwatch").describe_alarms(AlarmNames=[stack.monitoring.id("NoDataEvents")])[
        "MetricAlarms"
    ]
    assert alarm["AlarmActions"] == [stack.outputs["OperationsTopicArn"]]
    assert alarm["TreatMissingData"] == "notBreaching"
    assert BUCKET in alarm["AlarmDescription"]
    periods = {q["MetricStat"]["Period"] for q in alarm["Metrics"] if "MetricStat" in q}
    assert [p * alarm["EvaluationPeriods"] for p in periods] == [24 * 3600]
    for namespace, name, dimensions in looked_at.by_alarm(alarm):
        assert namespace == "BucketWatchProd"
        assert (name, dimensions) in counted or name == "RecordsMalformed"


def test_digest_is_a_heartbeat(account, stack, counted):
    folder = f"{PREFIX}/AWSLogs/{ORGANIZATION}/{ACCOUNT}/CloudTrail-Digest/{REGION}/2026/11/22/"
    key = f"{folder}{ACCOUNT}_CloudTrail-Digest_{REGION}_t_{REGION}_20261122T000000Z.json.gz"
    account.client("s3").put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(b'{"logFiles": []}'))
    account.settle()
    found = published.of_function(published.metrics(account, "BucketWatchProd"), stack.id("ProcessorFunction"))
    assert found["DigestFiles"] == 1


def test_event_that_cannot_be_handed_over_is_kept_and_redriven(account, shell, stack, make_hour, counted):
    client, function = account.client("lambda"), stack.id("ProcessorFunction")
    hour = make_hour("", seed=10)
    source = stack.nested("ExistingLogBucket")
    statement = source.id("LogFilesRuleInvokesProcessor")
    client.remove_permission(FunctionName=function, StatementId=statement)
    key = put(account, hour, hour.files[0])
    account.settle()
    assert stack.queue_length("DeadLetterQueue") == 1
    before = len(stack.lines("Health"))
    client.add_permission(
        StatementId=statement, **source.properties("LogFilesRuleInvokesProcessor") | {"FunctionName": function}
    )
    shell(stack.outputs["RedriveCommand"])
    account.settle()
    assert stack.queue_length("DeadLetterQueue") == stack.queue_length("RetryQueue") == 0
    lines = stack.lines("Health")
    assert len(lines) == before + 1 and f"s3://{BUCKET}/{key}" in {line.get("LogFile") for line in lines}


def test_bad_file_is_repaired_and_redriven(account, shell, stack, make_hour, counted):
    hour = make_hour("", seed=11)
    body, before = hour.body(hour.files[0]), len(stack.lines("Health"))
    key = put(account, hour, hour.files[0], key=f"{PREFIX}/{hour.files[0]['Key']}")
    account.settle()
    assert len(stack.lines("Health")) == before + 1
    cut = key.rpartition("_")[0] + "_cutcutcutcutcut1.json.gz"
    account.client("s3").put_object(Bucket=BUCKET, Key=cut, Body=body[:-20])
    account.settle()
    assert stack.queue_length("DeadLetterQueue") == 1
    assert len(stack.lines("Health")) == before + 1
    current = configuration(account)
    account.client("s3").put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    account.client("s3").put_object(Bucket=BUCKET, Key=cut, Body=body)
    account.client("s3").put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=current)
    shell(stack.outputs["RedriveCommand"])
    account.settle()
    assert stack.queue_length("DeadLetterQueue") == 0
    assert [line["LogFile"] for line in stack.lines("Health")].count(f"s3://{BUCKET}/{cut}") == 1


def test_removed_without_touching_the_owners_bucket(account, shell, stack):
    before = configuration(account)
    group = stack.id("ProcessorLogGroup")
    shell("sam delete --no-prompts --config-env prod --region eu-central-1")
    assert configuration(account) == before
    assert account.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] > 0
    assert group in {g["logGroupName"] for g in account.client("logs").describe_log_groups()["logGroups"]}
