"""What is done to buckets, topics and queues, and when."""

import datetime
import json
import time

import boto3
import botocore
import botocore.config
from botocore.exceptions import ClientError

from . import logfiles
from .run import Deed

UTC = datetime.timezone.utc
LATE = datetime.timedelta(hours=1)
LATE_READS = 3  # GetObject records of the pretended bucket, all in one minute


def make_bucket(run):
    where = {} if run.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": run.region}}
    s3 = run.aws("s3")
    s3.create_bucket(Bucket=run.bucket, **where)
    s3.put_bucket_versioning(Bucket=run.bucket, VersioningConfiguration={"Status": "Enabled"})


def forbid(run):
    """Nobody, root included, may delete below denied/: a denial without a second principal."""
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        "Resource": [f"arn:{run.partition}:s3:::{run.bucket}/*/denied/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    run.aws("s3").put_bucket_policy(Bucket=run.bucket, Policy=json.dumps(policy))


def subscribe(run):
    """A queue that hears what people would be mailed."""
    sqs = run.aws("sqs")
    topics = [run.outputs[name] for name in ("AlertsTopicArn", "OperationsTopicArn") if name in run.outputs]
    url = sqs.create_queue(QueueName=run.name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topics}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    for topic in topics:
        run.aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    run.notes["queue"] = url


def ask_for_test_alert(run):
    answer = run.aws("lambda").invoke(FunctionName=run.physical("ProcessorFunction"), Payload=b'{"bucketwatch":"test-alert"}')
    if answer.get("FunctionError"):
        raise RuntimeError(answer["Payload"].read().decode())


def put_late_file(run):
    """A log file whose events are an hour old: three reads of a bucket, and two deletes in the log bucket."""
    now = datetime.datetime.now(UTC)
    minute = (now - LATE).replace(second=0, microsecond=0)
    reads = [logfiles.record(run, "GetObject", run.pretended, f"late/{n}", minute) for n in range(LATE_READS)]
    deletes = [logfiles.record(run, "DeleteObject", run.log_bucket, f"verify-aws/never-was-{n}", minute) for n in range(2)]
    run.notes["late minute"] = minute
    put_log_file(run, "Late", now, logfiles.pack(reads + deletes))


def put_broken_file(run):
    """A log file that is cut in the middle. repair() makes it whole."""
    now = datetime.datetime.now(UTC)
    records = [logfiles.record(run, "GetObject", run.name + "-repaired", "a", now)]
    run.notes["repaired body"] = logfiles.pack(records)
    run.notes["broken key"] = put_log_file(run, "Broken", now, run.notes["repaired body"][:-20])


def repair(run):
    key, body = run.notes["broken key"], run.notes["repaired body"]
    run.aws("s3").put_object(Bucket=run.log_bucket, Key=key, Body=body)


def put_log_file(run, part, now, body):
    key = logfiles.key("", run.account, run.region, now, part)
    run.aws("s3").put_object(Bucket=run.log_bucket, Key=key, Body=body)
    return key


def use_bucket(run, turn):
    """Everything that a trail should record of deletes. Twice, since a new trail may miss the first minutes."""
    s3, bucket, prefix = run.aws("s3"), run.bucket, f"turn-{turn}/"

    def did(kind, keys, answer, denied=()):
        run.deeds.append(Deed(kind, keys, answer["ResponseMetadata"]["RequestId"], turn, list(denied)))

    def put(name):
        answer = s3.put_object(Bucket=bucket, Key=prefix + name, Body=b"BucketWatch verify-aws")
        return prefix + name, answer["VersionId"]

    marked, _ = put("marker")
    answer = s3.delete_object(Bucket=bucket, Key=marked)
    did("delete-marker", [marked], answer)
    did("marker-removed", [marked], s3.delete_object(Bucket=bucket, Key=marked, VersionId=answer["VersionId"]))

    key, version = put("permanent")
    did("permanent", [key], s3.delete_object(Bucket=bucket, Key=key, VersionId=version))

    keys = [put(f"bulk-{n}")[0] for n in range(5)]
    did("bulk", keys, bulk(s3, bucket, [{"Key": k} for k in keys]))

    versions = [put(f"bulk-version-{n}") for n in range(2)]
    did("bulk-versions", [k for k, _ in versions], bulk(s3, bucket, [{"Key": k, "VersionId": v} for k, v in versions]))

    allowed, denied = put("mixed")[0], put("denied/mixed")[0]
    did("bulk-mixed", [allowed, denied], bulk(s3, bucket, [{"Key": allowed}, {"Key": denied}]), denied=[denied])

    key, _ = put("denied/single")
    did("denied", [key], refused(s3.delete_object, Bucket=bucket, Key=key), denied=[key])
    did("anonymous", [key], refused(stranger(run).get_object, Bucket=bucket, Key=key))
    did("bad-signature", [key], refused(forger(run).get_object, Bucket=bucket, Key=key))
    run.at[f"turn {turn}"] = time.time()


def delete_in_log_bucket(run):
    """One delete and one bulk delete of objects that are no log files: an anomaly in earnest."""
    s3, bucket = run.aws("s3"), run.log_bucket
    keys = [f"verify-aws/{run.name}-{n}" for n in range(3)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"BucketWatch verify-aws")
    answer = s3.delete_object(Bucket=bucket, Key=keys[0])
    run.deeds.append(Deed("log-bucket-single", keys[:1], answer["ResponseMetadata"]["RequestId"], 1))
    answer = bulk(s3, bucket, [{"Key": k} for k in keys[1:]])
    run.deeds.append(Deed("log-bucket-bulk", keys[1:], answer["ResponseMetadata"]["RequestId"], 1))


def bulk(s3, bucket, objects):
    return s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})


def refused(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response
    raise RuntimeError(f"{call.__name__} of {arguments['Key']} should have been refused")


def stranger(run):
    config = botocore.config.Config(signature_version=botocore.UNSIGNED)
    return boto3.client("s3", region_name=run.region, config=config)


def forger(run):
    """Our own access key, and a secret that is not its secret."""
    mine = run.aws.session.get_credentials().get_frozen_credentials()
    return boto3.client("s3", region_name=run.region, aws_access_key_id=mine.access_key, aws_secret_access_key="x" * 40,
                        aws_session_token=mine.token)


def steps(run):
    """(name, seconds after the start of the watch, what is done). A step that fails costs only the checks that need it."""
    own_files = [
        ("late file", 0, put_late_file),
        ("broken file", 0, put_broken_file),
        # The late file's alarm must be seen before a real delete sets it off.
        ("log bucket deletes", 480, delete_in_log_bucket),
    ]
    return [
        ("subscription", 0, subscribe),
        ("test alert", 0, ask_for_test_alert),
        *(own_files if run.may_write_log_files else []),
        ("denial", 0, forbid),
        ("turn 1", 90, lambda r: use_bucket(r, 1)),  # a trail's first seconds
        ("turn 2", 420, lambda r: use_bucket(r, 2)),
    ]
