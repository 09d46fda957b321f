"""CloudTrail's log files: reading them, and writing one of our own in their shape."""

import datetime
import gzip
import json
import re
import uuid
from dataclasses import dataclass

# [prefix/]AWSLogs/[o-xxxx/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_16chars.json.gz
KEY = re.compile(
    r"(?:.+/)?AWSLogs/(?:o-[a-z0-9]+/)?(\d{12})/CloudTrail/([a-z0-9-]+)/\d{4}/\d\d/\d\d/"
    r"\1_CloudTrail_\2_\d{8}T\d{4}Z_[A-Za-z0-9]{16}\.json\.gz"
)
OURS = "VerifyAws"  # the unique part of a name begins so: 9 of its 16 characters


@dataclass
class File:
    key: str
    delivered: float  # epoch seconds
    ours: bool
    records: list


def parse(key, delivered, body):
    """A log file from its bytes. One that is cut raises: it is ours, or a finding."""
    document = json.loads(gzip.decompress(body))
    return File(key, delivered, is_ours(key), document["Records"])


def is_ours(key):
    return f"_{OURS}" in key


def folders(prefix, account, region, now):
    """The folders of today and, shortly after midnight, of yesterday: those of delivery, not of the events."""
    days = {now, now - datetime.timedelta(hours=2)}
    return sorted(f"{prefix}AWSLogs/{account}/CloudTrail/{region}/{day:%Y/%m/%d}/" for day in days)


def key(prefix, account, region, now, part):
    unique = OURS + part.ljust(7, "0")
    folder = f"{prefix}AWSLogs/{account}/CloudTrail/{region}/{now:%Y/%m/%d}/"
    return f"{folder}{account}_CloudTrail_{region}_{now:%Y%m%dT%H%MZ}_{unique}.json.gz"


def record(run, event_name, bucket, object_key, when):
    """A record as S3 writes them, of somebody who does not exist."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAVERIFYAWSEXAMPLE1",
            "arn": f"arn:{run.partition}:iam::{run.account}:user/verify-aws-nobody",
            "accountId": run.account,
            "userName": "verify-aws-nobody",
        },
        "eventTime": f"{when:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "s3.amazonaws.com",
        "eventName": event_name,
        "awsRegion": run.region,
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "[verify-aws]",
        "requestParameters": {"bucketName": bucket, "key": object_key},
        "responseElements": None,
        "requestID": uuid.uuid4().hex[:16].upper(),
        "eventID": str(uuid.uuid4()),
        "readOnly": event_name.startswith("Get"),
        "resources": [
            {"type": "AWS::S3::Object", "ARN": f"arn:{run.partition}:s3:::{bucket}/{object_key}"},
            {"accountId": run.account, "type": "AWS::S3::Bucket", "ARN": f"arn:{run.partition}:s3:::{bucket}"},
        ],
        "eventType": "AwsApiCall",
        "managementEvent": False,
        "recipientAccountId": run.account,
        "eventCategory": "Data",
    }


def pack(records):
    return gzip.compress(json.dumps({"Records": records}).encode())
