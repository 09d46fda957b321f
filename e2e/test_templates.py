"""The templates without a deployment: AWS's linters, the build, and what the parameters refuse and select."""

import re

import pytest
from samtranslator.yaml_helper import yaml_parse

import looked_at
import published
from conftest import REPOSITORY, architecture
from emulator import trail
from emulator.template import Invalid, preview

TEMPLATES = sorted(p.name for p in REPOSITORY.glob("*.yaml") if "Resources:" in p.read_text())
PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Region": "eu-central-1",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "s",
    "AWS::StackId": "arn:aws:cloudformation:eu-central-1:111122223333:stack/s/5f3e1a20-0000-1000-8000-000000000000",
}


def resolved(body=None, **parameters):
    body = body or (REPOSITORY / "template.yaml").read_text()
    # SAM's transform wants the code where sam package would have put it.
    return preview(body.replace("CodeUri: .\n", "CodeUri: s3://packaged/code\n"), parameters, PSEUDO)


def nested(outer, logical):
    """What the stack nested in the other would ask for."""
    stack = outer[logical]
    return preview((REPOSITORY / stack["TemplateURL"]).read_text(), stack["Parameters"], PSEUDO)


def test_sam_validates(shell):
    assert "is a valid SAM Template" in shell("sam validate --lint")


@pytest.mark.parametrize("template", TEMPLATES)
def test_cfn_lint_is_silent(shell, template):
    assert shell(f"cfn-lint {template}").strip() == ""


def test_queue_for_many_log_files(shell, project):
    """What docs/PERFORMANCE.md says, done to the template as it is written there."""
    document = (REPOSITORY / "docs/PERFORMANCE.md").read_text()
    depends, notifications, resource, resources = re.findall(r"```yaml\n(.*?)```", document.split("notifications to a queue\n")[1], re.S)
    body = (REPOSITORY / "template.yaml").read_text()
    for old, new in (
        (r"    DependsOn: LogBucketInvokesProcessor .*\n", depends),
        (r"        LambdaConfigurations:\n( {10}.*\n)+", notifications),
        (r" {16}Resource: !GetAtt RetryQueue.Arn\n", resource),
        (r"  LogBucketInvokesProcessor:\n( {4}.*\n)+", ""),
        (r"(?=  RetryQueueMapping:\n)", resources + "\n"),
    ):
        body, n = re.subn(old, lambda _: new, body)
        assert n == 1, old
    (project / "queue.yaml").write_text(body)
    assert shell("cfn-lint queue.yaml").strip() == ""

    stack = resolved(body)
    queue, mapping, function = (stack[name] for name in ("LogFileQueue", "LogFileQueueMapping", "ProcessorFunction"))
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"] + mapping["MaximumBatchingWindowInSeconds"]
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": "DeadLetterQueue.Arn", "maxReceiveCount": 5}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    (told,) = stack["LogBucket"]["NotificationConfiguration"]["QueueConfigurations"]
    assert told["Queue"] == "LogFileQueue.Arn"
    (policy,) = stack["ProcessorRole"]["Policies"]
    assert any("LogFileQueue.Arn" in s["Resource"] for s in policy["PolicyDocument"]["Statement"])
    assert resolved()["LogBucket"]["NotificationConfiguration"].keys() == {"LambdaConfigurations"}


@pytest.mark.parametrize("template", TEMPLATES)
def test_template_is_under_600_lines(template):
    assert len((REPOSITORY / template).read_text().splitlines()) < 600


def test_plain_build_is_for_arm64(shell, project):
    shell("sam build --build-dir ../plain")
    assert architecture(project.parent / "plain/ProcessorFunction/bootstrap") == "arm64"
    assert resolved()["ProcessorFunction"]["Architectures"] == ["arm64"]


REFUSED = {
    "e-mail without @": ({"AlertEmail": "you.example.com"}, "AlertEmail"),
    "two e-mail addresses": ({"AlertEmail": "a@example.com,b@example.com"}, "AlertEmail"),
    "bucket name with a capital": ({"ExistingLogBucketName": "Trail-logs"}, "ExistingLogBucketName"),
    "bucket by its URL": ({"ExistingLogBucketName": "s3://trail-logs"}, "ExistingLogBucketName"),
    "bucket name of two letters": ({"ExistingLogBucketName": "ab"}, "ExistingLogBucketName"),
    "prefix with a slash at its end": (
        {"ExistingLogBucketName": "trail-logs", "LogFilePrefix": "org/"},
        "LogFilePrefix",
    ),
    "prefix without a bucket": ({"LogFilePrefix": "org"}, "LogFilePrefix needs ExistingLogBucketName"),
    "key without a bucket": (
        {"ExistingLogBucketKmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"},
        "ExistingLogBucketKmsKeyArn needs",
    ),
    "alias of a key": (
        {
            "ExistingLogBucketName": "trail-logs",
            "ExistingLogBucketKmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:alias/x",
        },
        "ExistingLogBucketKmsKeyArn",
    ),
    "pattern of buckets for the trail": ({"TrailBuckets": "photos-*"}, "TrailBuckets"),
    "buckets of a trail that is another's": (
        {"ExistingLogBucketName": "trail-logs", "TrailBuckets": "photos"},
        "TrailBuckets",
    ),
    "events of a trail that is another's": (
        {"ExistingLogBucketName": "trail-logs", "TrailEvents": "deletes"},
        "TrailEvents",
    ),
    "unknown severity": ({"AlertSeverity": "SEVERE"}, "AlertSeverity"),
    "severity in small letters": ({"AlertSeverity": "high"}, "LOW, MEDIUM, HIGH or CRITICAL"),
    "unknown level of metrics": ({"Metrics": "some"}, "Metrics"),
    "namespace of AWS": ({"Namespace": "AWS/S3"}, "Namespace"),
    "space between buckets": ({"Buckets": "photos, invoices"}, "Buckets"),
    "days that CloudWatch Logs does not offer": ({"LogRetentionDays": "91"}, "LogRetentionDays"),
    "no days at all": ({"LogFileRetentionDays": "0"}, "LogFileRetentionDays"),
}


@pytest.mark.parametrize(("parameters", "words"), REFUSED.values(), ids=REFUSED)
def test_bad_parameter_is_refused_in_words(parameters, words):
    with pytest.raises(Invalid) as refusal:
        resolved(**parameters)
    assert words in str(refusal.value)
    assert "satisfy pattern" not in str(refusal.value), "a regular expression is no explanation"


# Which requests the trail records. The log bucket's name is its logical id in a preview.
OBJECT, LOG_FILE = "arn:aws:s3:::photos/a.jpg", "arn:aws:s3:::LogBucket/AWSLogs/x.json.gz"


def request(name, arn, read_only="false"):
    return {
        "eventCategory": "Data",
        "resources.type": "AWS::S3::Object",
        "eventName": name,
        "readOnly": read_only,
        "resources.ARN": arn,
    }


def change(read_only="false"):
    return {"eventCategory": "Management", "readOnly": read_only, "eventName": "PutBucketVersioning"}


READ, WRITE, DELETE = (
    request("GetObject", OBJECT, "true"),
    request("PutObject", OBJECT),
    request("DeleteObject", OBJECT),
)
DELETES = request("DeleteObjects", "arn:aws:s3:::photos/")
OTHER = request("GetObject", "arn:aws:s3:::photos-thumbnails/a.jpg", "true")
INVOICE = request("PutObject", "arn:aws:s3:::invoices/1.pdf")
OWN_WRITING, TAMPERING = request("PutObject", LOG_FILE), request("DeleteObject", LOG_FILE)
RECORDED = {
    "defaults": (
        {},
        [READ, WRITE, DELETE, DELETES, OTHER, INVOICE, TAMPERING, change()],
        [OWN_WRITING, change("true")],
    ),
    "writes": ({"TrailEvents": "writes"}, [WRITE, DELETE, DELETES, TAMPERING], [READ, OTHER, OWN_WRITING]),
    "deletes": ({"TrailEvents": "deletes"}, [DELETE, DELETES, TAMPERING], [READ, WRITE, OWN_WRITING]),
    "one bucket": ({"TrailBuckets": "photos"}, [READ, WRITE, DELETES, TAMPERING], [OTHER, INVOICE, OWN_WRITING]),
    "two buckets": ({"TrailBuckets": "photos,invoices"}, [READ, INVOICE], [OTHER]),
    "deletes of one bucket": (
        {"TrailBuckets": "photos", "TrailEvents": "deletes"},
        [DELETE, TAMPERING],
        [READ, INVOICE],
    ),
    "no management events": ({"ManagementEvents": "none"}, [READ, DELETE], [change()]),
}


@pytest.mark.parametrize(("parameters", "recorded", "not_recorded"), RECORDED.values(), ids=RECORDED)
def test_trail_records(parameters, recorded, not_recorded):
    selectors = resolved(**parameters)["Trail"]["AdvancedEventSelectors"]
    for event in recorded:
        assert trail.records(selectors, event), event
    for event in not_recorded:
        assert not trail.records(selectors, event), event


def test_existing_log_bucket_needs_no_bucket_and_no_trail():
    made = resolved(
        ExistingLogBucketName="trail-logs",
        LogFilePrefix="o-abc123",
        ExistingLogBucketKmsKeyArn="arn:aws:kms:eu-central-1:111122223333:key/1",
    )
    assert not {"LogBucket", "LogBucketPolicy", "Trail", "LogBucketInvokesProcessor"} & set(made)
    statements = made["ProcessorRole"]["Policies"][0]["PolicyDocument"]["Statement"]
    by_action = {a: s for s in statements for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
    assert by_action["s3:GetObject"]["Resource"] == [
        "arn:aws:s3:::trail-logs/o-abc123/AWSLogs/*/CloudTrail/*",
        "arn:aws:s3:::trail-logs/o-abc123/AWSLogs/*/CloudTrail-Digest/*",
    ]
    assert by_action["kms:Decrypt"]["Resource"] == "arn:aws:kms:eu-central-1:111122223333:key/1"
    assert by_action["kms:Decrypt"]["Condition"]["StringEquals"] == {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}
    rule = nested(made, "ExistingLogBucket")["LogFilesRule"]
    assert rule["EventPattern"]["detail"]["bucket"]["name"] == ["trail-logs"]
    keys = rule["EventPattern"]["detail"]["object"]["key"]
    assert {"wildcard": "o-abc123/AWSLogs/*/CloudTrail/*"} in keys
    assert {"wildcard": "o-abc123/AWSLogs/*/CloudTrail-Digest/*"} in keys


def test_new_log_bucket_needs_no_rule():
    assert "ExistingLogBucket" not in resolved()


def test_no_email_no_subscription():
    assert not {"AlertsEmail", "OperationsEmail"} & set(resolved())
    told = resolved(AlertEmail="you@example.com")
    assert {told[name]["Endpoint"] for name in ("AlertsEmail", "OperationsEmail")} == {"you@example.com"}


def test_severity_reaches_the_function():
    variables = resolved(AlertSeverity="MEDIUM")["ProcessorFunction"]["Environment"]["Variables"]
    assert variables["BUCKETWATCH_ALERT_SEVERITY"] == "MEDIUM"


def test_table_goes_with_the_stack():
    """The log files are kept, and can give it all again."""
    table = yaml_parse((REPOSITORY / "template.yaml").read_text())["Resources"]["StateTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Delete", "Delete")


@pytest.mark.parametrize("existing", ["true", "false"])
@pytest.mark.parametrize("level", ["none", "essential", "full"])
def test_dashboard_of_each_level(level, existing):
    names = "FunctionName LogGroupName DeadLetterQueueName TableName OperationsTopicArn LogBucketName Recorded"
    parameters = {n: n.lower() for n in names.split()} | {
        "Namespace": "BucketWatch",
        "Metrics": level,
        "IsLogBucketExisting": existing,
    }
    made = preview((REPOSITORY / "monitoring.yaml").read_text(), parameters, PSEUDO)
    assert ("NoDataEvents" in made) == (existing == "true")
    body = made["Dashboard"]["DashboardBody"]
    assert looked_at.overlapping(body) == []
    by_bucket = {
        name for _, name, dimensions in looked_at.by_dashboard(body) if ("BucketName", "_BUCKET_") in dimensions
    }
    detection = {"UnexpectedDeletes"}  # published at every level
    if level == "none":
        assert by_bucket <= detection
    if level == "essential":
        assert by_bucket - detection == published.ESSENTIAL
    if level == "full":
        assert by_bucket - detection > published.ESSENTIAL
