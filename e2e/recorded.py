"""CloudTrail records of a test's own making, and the log files that they come in.

For tests that choose who does what when; log files of a whole account come from internal/traffic. The records have the
members that real ones have, as far as this project reads them.
"""

import datetime
import gzip
import itertools
import json

ACCOUNT, REGION = "111122223333", "eu-central-1"
UTC = datetime.timezone.utc
IDS = itertools.count(1)


class Role:
    """Software that works under a role."""

    def __init__(self, name, address="10.0.1.20", agent="[aws-sdk-go-v2/1.47.7]"):
        self.name, self.address, self.agent = name, address, agent
        self.arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"

    def identity(self):
        unique = "AROA" + self.name.upper().replace("-", "").ljust(17, "7")[:17]
        issuer = {"type": "Role", "principalId": unique, "arn": self.arn, "accountId": ACCOUNT, "userName": self.name}
        return {
            "type": "AssumedRole",
            "principalId": f"{unique}:i-0a1b2c3d",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.name}/i-0a1b2c3d",
            "accountId": ACCOUNT,
            "accessKeyId": "ASIA" + unique[4:],
            "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
        }


def record(who, name, bucket, at, parameters, **members):
    number = next(IDS)
    return {
        "eventVersion": "1.11",
        "userIdentity": who.identity(),
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": who.address,
        "userAgent": who.agent,
        "requestParameters": {"bucketName": bucket, "Host": f"{bucket}.s3.{REGION}.amazonaws.com", **parameters},
        "responseElements": None,
        "requestID": f"{number:016X}",
        "eventID": f"{number:08x}-0000-4000-8000-000000000000",
        "readOnly": name.startswith(("Get", "Head")),
        "resources": [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}],
        "eventType": "AwsApiCall",
        "managementEvent": False,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Data",
    } | members


def request(who, name, bucket, key, at, error=None):
    """A request for an object."""
    r = record(who, name, bucket, at, {"key": key})
    r["resources"].insert(0, {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"})
    if error:
        r |= {"errorCode": error, "errorMessage": error}
    return r


def requests(who, name, bucket, keys, first, error=None):
    """One request after the other, ten seconds apart."""
    step = datetime.timedelta(seconds=10)
    return [request(who, name, bucket, key, first + i * step, error) for i, key in enumerate(keys)]


def versioning_suspended(who, bucket, at):
    parameters = {"versioning": "", "VersioningConfiguration": {"Status": "Suspended"}}
    return record(who, "PutBucketVersioning", bucket, at, parameters, managementEvent=True, eventCategory="Management")


def log_file(delivered, records):
    """(key, body) of the log file that is delivered then."""
    unique = f"{next(IDS):016d}"
    name = f"{ACCOUNT}_CloudTrail_{REGION}_{delivered:%Y%m%dT%H%MZ}_{unique}.json.gz"
    key = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{delivered:%Y/%m/%d}/{name}"
    return key, gzip.compress(json.dumps({"Records": records}).encode())
