"""The README's deployment: a log bucket and a trail of the stack's own. The tests build on each other, in order."""

import datetime
import gzip
import json

import pytest

import looked_at
import published
from conftest import Stack, mailbox
from emulator import identity, policy
from emulator.work import wait_until

ACCOUNT, REGION = "111122223333", "eu-central-1"
README = "sam deploy --parameter-overrides AlertEmail=you@example.com"


@pytest.fixture(scope="module")
def before(account):
    return inventory(account)


@pytest.fixture(scope="module")
def stack(shell, built, account, before):
    shell(README, answer="y\n")  # samconfig.toml asks before it changes anything
    return Stack(account, "bucketwatch")


@pytest.fixture(scope="module")
def hour(stack, make_hour):
    return make_hour(stack.id("LogBucket"))


def deliver(account, stack, key, body):
    """As the stack's trail would, if its bucket's policy lets it."""
    account.deliver(stack.id("Trail"), stack.id("LogBucket"), key, body)


def inventory(account):
    """Names of everything that a stack makes and a deletion must remove."""
    c = account.client
    return {
        "function": {f["FunctionName"] for f in c("lambda").list_functions()["Functions"]},
        "mapping": {m["UUID"] for m in c("lambda").list_event_source_mappings()["EventSourceMappings"]},
        "queue": set(c("sqs").list_queues().get("QueueUrls", [])),
        "topic": {t["TopicArn"] for t in c("sns").list_topics()["Topics"]},
        "subscription": {s["Endpoint"] + s["TopicArn"] for s in c("sns").list_subscriptions()["Subscriptions"]},
        "trail": {t["Name"] for t in c("cloudtrail").describe_trails()["trailList"]},
        "rule": {r["Name"] for r in c("events").list_rules()["Rules"]},
        "schedule": {s["Name"] for s in c("scheduler").list_schedules()["Schedules"]},
        "table": set(c("dynamodb").list_tables()["TableNames"]),
        "role": {r["RoleName"] for r in c("iam").list_roles()["Roles"]},
        "alarm": {a["AlarmName"] for a in c("cloudwatch").describe_alarms()["MetricAlarms"]},
        "dashboard": {d["DashboardName"] for d in c("cloudwatch").list_dashboards()["DashboardEntries"]},
        "insight rule": {r["Name"] for r in c("cloudwatch").describe_insight_rules().get("InsightRules", [])},
        "saved query": {q["queryDefinitionId"] for q in c("logs").describe_query_definitions()["queryDefinitions"]},
        "bucket": {b["Name"] for b in c("s3").list_buckets()["Buckets"]},
        "log group": {g["logGroupName"] for g in c("logs").describe_log_groups()["logGroups"]},
    }


# ---- What was asked for exists ----


def test_stack_is_complete(stack):
    assert stack.found.status == "CREATE_COMPLETE"
    for nested in stack.of_type("AWS::CloudFormation::Stack"):
        assert stack.nested(nested).found.status == "CREATE_COMPLETE"
    assert all(r.status == "CREATE_COMPLETE" for r in stack.found.resources.values())


def test_function(account, stack):
    function = account.client("lambda").get_function_configuration(FunctionName=stack.id("ProcessorFunction"))
    assert function["Architectures"] == ["arm64"]
    assert function["Runtime"] == "provided.al2023"
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "LogGroup": stack.id("ProcessorLogGroup"),
    }
    assert function["DeadLetterConfig"] == {"TargetArn": arn(stack, "DeadLetterQueue")}
    assert function["Role"].endswith("/" + stack.id("ProcessorRole"))
    variables = function["Environment"]["Variables"]
    assert variables["BUCKETWATCH_METRICS"] == "essential"
    assert variables["BUCKETWATCH_BUCKETS"] == "*"
    assert variables["BUCKETWATCH_NAMESPACE"] == "BucketWatch"
    assert variables["BUCKETWATCH_TABLE"] == stack.id("StateTable")
    assert variables["BUCKETWATCH_ALERTS_TOPIC"] == stack.outputs["AlertsTopicArn"]
    assert variables["BUCKETWATCH_ALERT_SEVERITY"] == "HIGH"
    assert "BUCKETWATCH_CLOCK" not in variables, "it is for tests"
    assert "ReservedConcurrentExecutions" not in stack.properties("ProcessorFunction"), "a new account has ten in all"
    retries = account.client("lambda").get_function_event_invoke_config(FunctionName=stack.id("ProcessorFunction"))
    assert retries["MaximumRetryAttempts"] == 2


def arn(stack, logical):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:" + stack.id(logical).rpartition("/")[2]


def test_log_bucket(account, stack):
    s3, bucket = account.client("s3"), stack.id("LogBucket")
    assert 3 <= len(bucket) <= 63 and bucket == bucket.lower()
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [r["Expiration"]["Days"] for r in rules if "Expiration" in r] == [365]
    (notification,) = s3.get_bucket_notification_configuration(Bucket=bucket)["LambdaFunctionConfigurations"]
    assert notification["LambdaFunctionArn"].endswith(":" + stack.id("ProcessorFunction"))
    assert notification["Events"] == ["s3:ObjectCreated:*"]
    assert notification["Filter"]["Key"]["FilterRules"] == [{"Name": "suffix", "Value": ".json.gz"}]


def test_log_bucket_lets_in_this_trail_and_nobody_else(account, stack):
    bucket = stack.id("LogBucket")
    document = json.loads(account.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    own = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{stack.id('Trail')}"
    key = f"arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/x.json.gz"

    def may_write(
        trail=own, acl="bucket-owner-full-control", tls="true", service="cloudtrail.amazonaws.com", resource=key
    ):
        context = {"aws:SourceArn": trail, "s3:x-amz-acl": acl, "aws:SecureTransport": tls}
        return policy.allows([document], "s3:PutObject", resource, context, service)

    assert may_write()
    assert not may_write(trail=own.replace(ACCOUNT, "444455556666"))
    assert not may_write(tls="false")
    assert not may_write(service="logging.s3.amazonaws.com")
    assert not may_write(resource=f"arn:aws:s3:::{bucket}/elsewhere")


def test_trail(account, stack):
    cloudtrail, name = account.client("cloudtrail"), stack.id("Trail")
    trail = cloudtrail.get_trail(Name=name)["Trail"]
    assert trail["S3BucketName"] == stack.id("LogBucket")
    assert trail["IsMultiRegionTrail"] and trail["LogFileValidationEnabled"]
    assert cloudtrail.get_trail_status(Name=name)["IsLogging"]
    assert cloudtrail.get_event_selectors(TrailName=name)[
        "AdvancedEventSelectors"
    ]  # what they select: test_templates.py


def test_queues(account, stack):
    def attributes(logical):
        return account.client("sqs").get_queue_attributes(QueueUrl=stack.id(logical), AttributeNames=["All"])[
            "Attributes"
        ]

    assert attributes("DeadLetterQueue")["MessageRetentionPeriod"] == "1209600"
    retry = attributes("RetryQueue")
    redrive = json.loads(retry["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"] == arn(stack, "DeadLetterQueue")
    assert int(redrive["maxReceiveCount"]) >= 3
    for name in ("DeadLetterQueue", "RetryQueue"):
        assert attributes(name)["SqsManagedSseEnabled"] == "true"
    (mapping,) = account.client("lambda").list_event_source_mappings(EventSourceArn=arn(stack, "RetryQueue"))[
        "EventSourceMappings"
    ]
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["State"] == "Enabled"


def test_only_this_bucket_invokes_the_function(account, stack):
    document = json.loads(account.client("lambda").get_policy(FunctionName=stack.id("ProcessorFunction"))["Policy"])
    (statement,) = document["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == f"arn:aws:s3:::{stack.id('LogBucket')}"
    assert statement["Condition"]["StringEquals"]["AWS:SourceAccount"] == ACCOUNT


def test_table(account, stack):
    dynamodb, name = account.client("dynamodb"), stack.id("StateTable")
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert {k["KeyType"]: k["AttributeName"] for k in table["KeySchema"]} == {"HASH": "pk", "RANGE": "sk"}
    assert {a["AttributeType"] for a in table["AttributeDefinitions"]} == {"S"}
    assert "SSEDescription" not in table, "DynamoDB's own key costs nothing; any other is one of KMS"
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def test_schedule(account, stack):
    made = stack.schedule
    schedule = account.client("scheduler").get_schedule(Name=made.id("Tick"), GroupName=made.id("TickGroup"))
    assert schedule["State"] == "ENABLED"
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = schedule["Target"]
    assert target["Arn"].endswith(":function:" + stack.id("ProcessorFunction"))
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 0}, "the next tick does what one left"
    (role,) = [r for r in account.client("iam").list_roles()["Roles"] if r["Arn"] == target["RoleArn"]]
    assert role["RoleName"] == made.id("TickRole")


def test_schedules_role_may_do_one_thing(account, stack):
    iam, role = account.client("iam"), stack.schedule.id("TickRole")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{stack.id('ProcessorFunction')}"
    assert policy.allows([document], "lambda:InvokeFunction", function)
    assert not policy.allows([document], "lambda:InvokeFunction", function + "-other")
    assert not policy.allows([document], "lambda:UpdateFunctionCode", function)
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    statements = [{**s, "Resource": "*"} for s in trust["Statement"]]

    def may_assume(account=ACCOUNT, group=stack.schedule.id("TickGroup"), service="scheduler.amazonaws.com"):
        arn = f"arn:aws:scheduler:{REGION}:{account}:schedule-group/{group}"
        context = {"aws:SourceAccount": account, "aws:SourceArn": arn}
        return policy.allows([{"Statement": statements}], "sts:AssumeRole", "x", context, service)

    assert may_assume()
    assert not may_assume(account="444455556666"), "Scheduler serves everybody"
    assert not may_assume(group="default"), "and every schedule of this account"
    assert not may_assume(service="lambda.amazonaws.com")


def test_tick_reaches_the_function(stack):
    (tick,) = stack.tick(datetime.datetime(2026, 11, 20, 10, 35, tzinfo=datetime.timezone.utc))
    assert tick.event == {"bucketwatch": "tick", "time": "2026-11-20T10:35:00Z"}
    assert not tick.failed, tick.response


def test_log_group(account, stack):
    (group,) = account.client("logs").describe_log_groups(logGroupNamePrefix=stack.id("ProcessorLogGroup"))["logGroups"]
    assert group["retentionInDays"] == 90
    assert stack.properties("ProcessorLogGroup")["LogGroupClass"] == "STANDARD"  # no other class extracts metrics


def test_topics_and_subscriptions(account, stack):
    sns = account.client("sns")
    for topic in ("AlertsTopic", "OperationsTopic"):
        arn = stack.id(topic)
        assert stack.outputs[f"{topic}Arn"] == arn
        found = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        assert [(s["Protocol"], s["Endpoint"]) for s in found] == [("email", "you@example.com")]
        document = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
        here, elsewhere = {"aws:SourceAccount": ACCOUNT}, {"aws:SourceAccount": "444455556666"}
        assert policy.allows([document], "sns:Publish", arn, here, "cloudwatch.amazonaws.com")
        assert not policy.allows([document], "sns:Publish", arn, elsewhere, "cloudwatch.amazonaws.com")


# ---- Log files, followed ----


@pytest.fixture(scope="module")
def counted(account, stack, hour):
    """The hour's log files, delivered and processed."""
    for file in hour.files:
        deliver(account, stack, file["Key"], hour.body(file))
    account.settle()
    return published.metrics(account, "BucketWatch")


def test_each_file_is_processed_once_by_its_notification(account, stack, hour, counted):
    processed = sorted(line["LogFile"] for line in stack.lines("Health") if "LogFile" in line)
    assert processed == sorted(f"s3://{stack.id('LogBucket')}/{f['Key']}" for f in hour.files)
    assert not [i for i in account.lambda_.invocations if i.function == stack.id("ProcessorFunction") and i.failed]


def test_metric_sums_are_the_truth(hour, counted):
    want = {
        bucket: {name: n for name, n in truth["Metrics"].items() if name in published.ESSENTIAL}
        for bucket, truth in hour.truth["Buckets"].items()
    }
    got = published.by_bucket(counted)
    detection = {"Anomalies", "HighSeverityAnomalies", "UnexpectedDeletes"}
    got = {b: {n: v for n, v in sums.items() if n not in detection} for b, sums in got.items()}
    assert {b: s for b, s in got.items() if s} == want


def test_every_record_is_accounted_for(stack, hour, counted):
    health = published.of_function(counted, stack.id("ProcessorFunction"))
    records = {name: total for name, total in health.items() if name.startswith("Records") and total}
    assert records == hour.truth["Records"]
    assert health["FilesProcessed"] == len(hour.files)


def test_anomalies(stack, hour, counted):
    want = sorted((a["Bucket"], a["Name"], a["Principal"]) for a in hour.truth["Anomalies"])
    assert sorted((a["BucketName"], a["Anomaly"], a["Principal"]) for a in stack.lines("Anomaly")) == want
    for bucket, name, _ in want:
        assert counted["Anomalies", (("BucketName", bucket), ("Anomaly", name))][0] >= 1
    assert counted["Anomalies", ()][0] == len(want)  # the account's own, for the plain alarm


def test_deletes_and_callers_are_told(stack, hour, counted):
    def deletes(entries, names):
        return sorted(tuple(e.get(n) or "" for n in names) for e in entries)

    want = deletes(hour.truth["Deletes"], ("Bucket", "Key", "VersionID", "ErrorCode"))
    assert deletes(stack.lines("Delete"), ("BucketName", "Key", "VersionId", "ErrorCode")) == want
    requests = {}
    for line in stack.lines("Caller"):
        if line["Requests"]:
            key = line["BucketName"], line["Principal"]
            requests[key] = requests.get(key, 0) + line["Requests"]
    assert requests == {(b, c): n for b, truth in hour.truth["Buckets"].items() for c, n in truth["Callers"].items()}


def test_no_metric_line_breaks_the_format(account, counted):
    assert published.metrics(account, "AWS/Logs") == {}


def test_digests_show_that_the_pipeline_lives(account, stack, counted):
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/2026/11/22/"
    key = f"{folder}{ACCOUNT}_CloudTrail-Digest_{REGION}_t_{REGION}_20261122T000000Z.json.gz"
    deliver(account, stack, key, gzip.compress(json.dumps({"logFiles": []}).encode()))
    account.settle()
    now = published.of_function(published.metrics(account, "BucketWatch"), stack.id("ProcessorFunction"))
    assert now["DigestFiles"] == 1
    assert not account.lambda_.invocations[-1].failed


def test_tracing(account, counted):
    names = {s["name"] for s in account.xray.segments}
    assert {"fetch", "read", "emit"} <= names


def test_function_may_use_its_table_and_no_other(account, stack):
    """What the role allows of DynamoDB, asked as the emulator asks it of each of the function's requests."""
    role = f"arn:aws:iam::{ACCOUNT}:role/{stack.id('ProcessorRole')}"
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{stack.id('StateTable')}"
    for action in ("GetItem", "Query", "PutItem", "BatchWriteItem", "DeleteItem"):
        assert identity.role_allows(ACCOUNT, role, f"dynamodb:{action}", table), action
        assert not identity.role_allows(ACCOUNT, role, f"dynamodb:{action}", table + "-other"), action
    for action in ("Scan", "UpdateItem", "DeleteTable", "UpdateTable", "BatchGetItem"):
        assert not identity.role_allows(ACCOUNT, role, f"dynamodb:{action}", table), action


def test_function_cannot_read_elsewhere(account, stack):
    """The role is held against each request of the function: another bucket's file is refused, and so ends in the
    dead-letter queue."""
    s3 = account.client("s3")
    s3.create_bucket(Bucket="somebody-elses", CreateBucketConfiguration={"LocationConstraint": REGION})
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/11/22/"
    key = f"{folder}{ACCOUNT}_CloudTrail_{REGION}_20261122T0000Z_abcdefghijklmnop.json.gz"
    s3.put_object(Bucket="somebody-elses", Key=key, Body=b"")
    event = {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "somebody-elses"}, "object": {"key": key}},
            }
        ]
    }
    answer = account.client("lambda").invoke(FunctionName=stack.id("ProcessorFunction"), Payload=json.dumps(event))
    assert answer["FunctionError"] == "Unhandled"
    assert "AccessDenied" in answer["Payload"].read().decode()
    s3.delete_object(Bucket="somebody-elses", Key=key)
    s3.delete_bucket(Bucket="somebody-elses")


# ---- What one looks at ----

# Metrics that these log files do not give, since zeros are never published: for these the Go tests hold names and
# dimensions against the catalogue. What ticks publish is test_incident.py's to see.
NOT_IN_A_GOOD_HOUR = {
    "AlertsFailed",
    "AlertsHeldBack",
    "AlertsPublished",
    "AlteredLogFiles",
    "BucketsNotTold",
    "CallersNotTold",
    "ChangesNotTold",
    "DeletesNotListed",
    "DeletesUnattributed",
    "FilesRefused",
    "FilesTakenOver",
    "KeysNotJudged",
    "KeysNotKept",
    "LatenciesNotKept",
    "MissingLogFiles",
    "RecordsMalformed",
    "RecordsNotCompared",
    "RecordsUnaccounted",
    "FilesSkipped",
    "Ticks",
    "TicksFailed",
    "UnexpectedDeletes",
}


def missing(account, stack, looked_at_metrics, bucket="photos"):
    """Names of metrics that somebody looks at and nobody publishes."""
    own = {
        "FunctionName": stack.id("ProcessorFunction"),
        "LogGroupName": stack.id("ProcessorLogGroup"),
        "QueueName": stack.id("DeadLetterQueue").rpartition("/")[2],
        "TableName": stack.id("StateTable"),
    }
    found = published.metrics(account, "BucketWatch")
    out = set()
    for namespace, name, dimensions in looked_at_metrics:
        if namespace.startswith("AWS/"):
            dimension = looked_at.OF_AWS[namespace, name]
            assert dimensions == ((dimension, own[dimension]),), (namespace, name, dimensions)
            continue
        assert namespace == "BucketWatch"
        dimensions = tuple((d, bucket if v == "_BUCKET_" else v) for d, v in dimensions)
        if (name, dimensions) not in found:
            out.add(name)
    return out


def test_dashboard(account, stack, counted):
    name = stack.monitoring.id("Dashboard")
    body = account.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    assert looked_at.overlapping(body) == []
    assert missing(account, stack, looked_at.by_dashboard(body)) <= NOT_IN_A_GOOD_HOUR
    document = json.loads(body)
    for widget in document["widgets"]:
        properties = widget["properties"]
        if widget["type"] == "log":
            assert properties["query"].startswith(f"SOURCE '{stack.id('ProcessorLogGroup')}'"), properties["title"]
        if rule := properties.get("insightRule"):
            assert rule["ruleName"] in {r.id for r in stack.monitoring.of_type("AWS::CloudWatch::InsightRule").values()}
        assert widget["type"] in ("text", "alarm") or properties["region"] == REGION
    (bucket,) = document["variables"]
    assert bucket["type"] == "pattern" and bucket["pattern"] == "_BUCKET_"
    assert stack.outputs["DashboardUrl"].endswith(f"region={REGION}#dashboards/dashboard/{name}")


def test_dashboard_shows_all_alarms_first(account, stack):
    name = stack.monitoring.id("Dashboard")
    widgets = json.loads(account.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])["widgets"]
    (shown,) = [w for w in widgets if w["type"] == "alarm"]
    alarms = stack.monitoring.of_type("AWS::CloudWatch::Alarm").values()
    assert {arn.rpartition(":")[2] for arn in shown["properties"]["alarms"]} == {a.id for a in alarms}
    assert shown["y"] == 0


ALARMS = {  # alarm: (who is told, comparison, threshold, missing data, seconds looked at)
    "UnexpectedDeletes": (None, "GreaterThanThreshold", 0, "notBreaching", 900),
    "UnexpectedDeletesByBucket": (None, "GreaterThanThreshold", 0, "notBreaching", 3600),
    "HighSeverityAnomalies": (None, "GreaterThanThreshold", 0, "notBreaching", 900),
    "FilesFailed": ("OperationsTopic", "GreaterThanThreshold", 0, "notBreaching", 300),
    "AlertsLate": ("OperationsTopic", "LessThanThreshold", 1, "breaching", 600),
    "Silence": ("OperationsTopic", "LessThanThreshold", 1, "breaching", 3 * 3600),
    "NumbersWrong": ("OperationsTopic", "GreaterThanThreshold", 0, "notBreaching", 3600),
    "DetectorsBlind": ("OperationsTopic", "GreaterThanThreshold", 0, "notBreaching", 48 * 3600),
}


def test_these_alarms_and_no_others(stack):
    assert set(stack.monitoring.of_type("AWS::CloudWatch::Alarm")) == set(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_alarm(account, stack, counted, name):
    topic, comparison, threshold, missing_data, seconds = ALARMS[name]
    (alarm,) = account.client("cloudwatch").describe_alarms(AlarmNames=[stack.monitoring.id(name)])["MetricAlarms"]
    assert alarm.get("AlarmActions", []) == ([stack.outputs[f"{topic}Arn"]] if topic else [])
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (comparison, threshold)
    assert alarm["TreatMissingData"] == missing_data
    periods = [q["MetricStat"]["Period"] for q in alarm.get("Metrics", []) if "MetricStat" in q] or [
        alarm.get("Period") or 300
    ]
    assert {p * alarm["EvaluationPeriods"] for p in periods} == {seconds}
    assert alarm["AlarmDescription"]
    assert missing(account, stack, looked_at.by_alarm(alarm)) <= NOT_IN_A_GOOD_HOUR


def test_saved_queries_and_rankings(account, stack):
    group = stack.id("ProcessorLogGroup")
    queries = account.client("logs").describe_query_definitions()["queryDefinitions"]
    own = [q for q in queries if q["logGroupNames"] == [group]]
    assert {q["name"] for q in own} == {
        "BucketWatch/Who deleted this object",
        "BucketWatch/Deletes by principal",
        "BucketWatch/Anomalies",
        "BucketWatch/Deletes of an incident",
        "BucketWatch/Errors by bucket and code",
    }
    rules = {r["Name"]: r for r in account.client("cloudwatch").describe_insight_rules()["InsightRules"]}
    for logical in ("TopCallers", "TopDeleters"):
        rule = rules[stack.monitoring.id(logical)]
        assert rule["State"] == "ENABLED"
        definition = json.loads(rule["Definition"])
        assert definition["LogGroupNames"] == [group]
        keys = definition["Contribution"]["Keys"]
        assert 1 <= len(keys) <= 4
        (line, *_) = stack.lines("Caller")
        assert all(key.removeprefix("$.") in line for key in [*keys, definition["Contribution"]["ValueOf"]])


# ---- A file that cannot be read ----


def test_bad_file_is_repaired_and_redriven(account, shell, stack, make_hour, counted):
    more = make_hour(stack.id("LogBucket"), seed=7)
    good = more.files[3]
    key = good["Key"].replace(".json.gz", "").rpartition("_")[0] + "_cutcutcutcutcut0.json.gz"
    body = more.body(good)

    def health():
        found = published.metrics(account, "BucketWatch")
        return {
            **published.of_function(found, stack.id("ProcessorFunction")),
            **{("bucket", k): v for k, v in published.by_bucket(found).items()},
        }

    start, seen = health(), len(account.lambda_.invocations)
    deliver(account, stack, key, body[: len(body) // 2])
    account.settle()
    tries = account.lambda_.invocations[seen:]
    assert [i.failed for i in tries] == [True, True, True], "one try and two retries"
    assert len({i.request_id for i in tries}) == 1
    assert f"s3://{stack.id('LogBucket')}/{key}" in tries[0].response
    assert health() == start, "a bad file counts not at all"
    assert stack.queue_length("DeadLetterQueue") == 1

    message = account.client("sqs").receive_message(
        QueueUrl=stack.id("DeadLetterQueue"), VisibilityTimeout=0, MessageAttributeNames=["All"]
    )
    (message,) = message["Messages"]
    assert json.loads(message["Body"])["Records"][0]["s3"]["object"]["key"] == key, "the original event"
    assert set(message["MessageAttributes"]) == {"RequestID", "ErrorCode", "ErrorMessage"}

    # Redriven too early: it comes back, and still counts not at all.
    shell(stack.outputs["RedriveCommand"])
    account.settle()
    wait_until(lambda: stack.queue_length("DeadLetterQueue") == 1, 30, "the event is in the dead-letter queue again")
    assert health() == start

    # CloudTrail never repairs a file; somebody restores it from another copy. That announces it once more, but the bad
    # try must not be lost when that does not happen: so the repaired file is put without its notification.
    notifications = account.client("s3").get_bucket_notification_configuration(Bucket=stack.id("LogBucket"))
    notifications.pop("ResponseMetadata")
    account.client("s3").put_bucket_notification_configuration(
        Bucket=stack.id("LogBucket"), NotificationConfiguration={}
    )
    deliver(account, stack, key, body)
    account.client("s3").put_bucket_notification_configuration(
        Bucket=stack.id("LogBucket"), NotificationConfiguration=notifications
    )
    shell(stack.outputs["RedriveCommand"])
    account.settle()
    assert stack.queue_length("DeadLetterQueue") == stack.queue_length("RetryQueue") == 0
    assert health()["FilesProcessed"] == start["FilesProcessed"] + 1, "counted once"
    assert [line.get("LogFile") for line in stack.lines("Health")].count(f"s3://{stack.id('LogBucket')}/{key}") == 1


# ---- The test alert ----


def test_alert_arrives(account, shell, stack):
    start = published.metrics(account, "BucketWatch")
    with mailbox(account, stack.outputs["AlertsTopicArn"]) as read:
        shell(stack.outputs["TestAlertCommand"])
        (message,) = read()
    assert "TEST" in message["Subject"]
    assert published.metrics(account, "BucketWatch") == start, "a test touches no metric"


def test_next_step_says_the_rest(stack):
    assert "you@example.com" in stack.outputs["NextStep"]
    assert "TestAlertCommand" in stack.outputs["NextStep"]
    assert stack.outputs["DashboardUrl"]


# ---- Its life ----


def test_update_in_place(account, shell, stack, counted, make_hour):
    ids = {n: r.id for n, r in stack.found.resources.items()}
    shell(README + " Metrics=full LogRetentionDays=30", answer="y\n")
    assert stack.found.status == "UPDATE_COMPLETE"
    assert {n: r.id for n, r in stack.found.resources.items()} == ids, "nothing is replaced"
    function = account.client("lambda").get_function_configuration(FunctionName=stack.id("ProcessorFunction"))
    assert function["Environment"]["Variables"]["BUCKETWATCH_METRICS"] == "full"
    assert function["TracingConfig"] == {"Mode": "Active"}
    (group,) = account.client("logs").describe_log_groups(logGroupNamePrefix=stack.id("ProcessorLogGroup"))["logGroups"]
    assert group["retentionInDays"] == 30

    start = published.by_bucket(published.metrics(account, "BucketWatch"))
    hour = make_hour(stack.id("LogBucket"), seed=8)
    for file in hour.files:
        deliver(account, stack, file["Key"], hour.body(file))
    account.settle()
    now = published.by_bucket(published.metrics(account, "BucketWatch"))
    for bucket, truth in hour.truth["Buckets"].items():
        for name, n in truth["Metrics"].items():
            assert now[bucket][name] - start.get(bucket, {}).get(name, 0) == n, (bucket, name)


def test_unchanged_update_is_no_failure(shell, stack):
    output = shell(README + " Metrics=full LogRetentionDays=30", answer="y\n")
    assert "No changes to deploy" in output


def test_delete_leaves_the_evidence_and_nothing_else(account, shell, stack, before):
    kept = {"bucket": stack.id("LogBucket"), "log group": stack.id("ProcessorLogGroup")}
    shell("sam delete --no-prompts --region eu-central-1")
    left = inventory(account)
    managed = {b for b in left["bucket"] if b.startswith("aws-sam-cli-managed")}
    for kind, names in left.items():
        assert names - before[kind] - managed == ({kept[kind]} if kind in kept else set()), kind
    assert account.client("s3").list_objects_v2(Bucket=kept["bucket"])["KeyCount"] > 0


def test_made_again(account, shell, stack, make_hour):
    old = {g["logGroupName"] for g in account.client("logs").describe_log_groups()["logGroups"]}
    shell(README, answer="y\n")
    assert stack.found.status == "CREATE_COMPLETE"
    assert stack.id("ProcessorLogGroup") not in old
    hour = make_hour(stack.id("LogBucket"), seed=9)
    deliver(account, stack, hour.files[0]["Key"], hour.body(hour.files[0]))
    account.settle()
    assert [line["LogFile"] for line in stack.lines("Health") if "LogFile" in line] == [
        f"s3://{stack.id('LogBucket')}/{hour.files[0]['Key']}"
    ]
