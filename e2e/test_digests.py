"""CloudTrail's digests as an inventory: what they name and the function never read, or read with another content.

The function judges by the log files' own time (BUCKETWATCH_CLOCK, which is for tests), so that the two hours after which a
log file is missing are over when a test says so. The tests build on each other, in order.
"""

import gzip
import hashlib
import json

import pytest

import published
from conftest import Stack, mailbox
from recorded import ACCOUNT, REGION, Role, log_file, requests
from test_incident import anomalies, at, deliver

NAMESPACE = "BucketWatchDigests"
APP = Role("app-web")


@pytest.fixture(scope="module")
def stack(shell, built, account):
    name = "bucketwatch-digests"
    shell(f"sam deploy --stack-name {name} --parameter-overrides Namespace={NAMESPACE}", answer="y\n")
    stack = Stack(account, name)
    stack.goes_by_delivery()
    yield stack
    shell(f"sam delete --stack-name {name} --no-prompts --region eu-central-1")


@pytest.fixture(scope="module")
def told(account, stack):
    """The messages on the Alerts topic since it was asked last."""
    with mailbox(account, stack.outputs["AlertsTopicArn"]) as read:
        yield read


def counted(account, stack):
    return published.of_function(published.metrics(account, NAMESPACE), stack.id("ProcessorFunction"))


def digest(stack, start, end, *files):
    """(key, body) of the digest that the stack's trail would write of these log files."""
    trail, bucket = stack.id("Trail"), stack.id("LogBucket")
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{end:%Y/%m/%d}"
    key = f"{folder}/{ACCOUNT}_CloudTrail-Digest_{REGION}_{trail}_{REGION}_{end:%Y%m%dT%H%M%SZ}.json.gz"
    entries = [
        {
            "s3Bucket": bucket,
            "s3Object": name,
            "hashValue": hashlib.sha256(gzip.decompress(body)).hexdigest(),
            "hashAlgorithm": "SHA-256",
        }
        for name, body in files
    ]
    document = {
        "awsAccountId": ACCOUNT,
        "digestStartTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "digestEndTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "digestS3Bucket": bucket,
        "digestS3Object": key,
        "previousDigestS3Bucket": None,
        "logFiles": entries,
    }
    return key, gzip.compress(json.dumps(document).encode())


def of_digests(stack):
    return anomalies(stack, stack.id("LogBucket"))


@pytest.fixture(scope="module")
def files():
    """Log files: one as it should be, one that will be altered, one that will never come."""
    return [
        log_file(at(f"11:{n}0"), requests(APP, "GetObject", "photos", [f"{n}.jpg"], at(f"11:0{n}"))) for n in (1, 2, 3)
    ]


def test_first_digest_says_where_to_begin(account, stack, files, told):
    deliver(account, stack, digest(stack, at("10:00"), at("11:00"), files[2]))
    assert counted(account, stack)["DigestsNotCompared"] == 1
    assert not account.lambda_.invocations[-1].failed, "its role may read digests"


def test_digest_finds_the_altered_log_file(account, stack, files, told):
    good, altered, lost = files
    key, body = altered
    deliver(account, stack, good)
    deliver(account, stack, (key, gzip.compress(gzip.decompress(body) + b" ")))
    deliver(account, stack, digest(stack, at("11:00"), at("12:00"), good, altered, lost))
    (line,) = of_digests(stack)
    assert (line["Anomaly"], line["Severity"], line["Keys"]) == ("AlteredLogFiles", "HIGH", [key])
    now = counted(account, stack)
    assert now["AlteredLogFiles"] == 1 and now["DigestFiles"] == 2 and now["DigestsNotCompared"] == 1
    stack.tick(at("12:02"))
    (message,) = told()
    assert message["Subject"] == f"[HIGH] {stack.id('LogBucket')}: 1 log file altered, 11:00-12:00 UTC"
    trail = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{stack.id('Trail')}"
    assert f"aws cloudtrail validate-logs --region {REGION} \\\n  --trail-arn {trail}" in message["Message"]


def test_log_file_that_never_came_is_missing_after_two_hours(account, stack, files, told):
    stack.tick(at("13:59"))
    assert len(of_digests(stack)) == 1
    stack.tick(at("14:01"))
    (line,) = [line for line in of_digests(stack) if line["Anomaly"] == "MissingLogFiles"]
    assert (line["Severity"], line["Count"], line["Keys"]) == ("HIGH", 1, [files[2][0]])
    assert line["Explanation"].startswith(f"1 of the 3 log files delivered to {stack.id('LogBucket')} from {REGION} ")
    assert counted(account, stack)["MissingLogFiles"] == 1
    stack.tick(at("14:02"))
    assert told() == [], "it is the incident of the altered file, of which a message was sent"


def test_another_trail_hour_is_another_message(account, stack, told):
    """Eight hours later, when the first incident is over: nothing but a file that never came."""
    lost = log_file(at("20:30"), requests(APP, "GetObject", "photos", ["9.jpg"], at("20:20")))
    deliver(account, stack, digest(stack, at("20:00"), at("21:00"), lost))
    stack.tick(at("23:01"))
    stack.tick(at("23:02"))
    (message,) = told()
    assert message["Subject"] == f"[HIGH] {stack.id('LogBucket')}: 1 log file missing, 20:00-21:00 UTC"
    assert lost[0] in message["Message"]
    stack.tick(at("23:03"))
    assert told() == []
    assert counted(account, stack)["MissingLogFiles"] == 2
    assert not [i for i in account.lambda_.invocations if i.failed and i.function == stack.id("ProcessorFunction")]
