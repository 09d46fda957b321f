"""S3: what a bucket tells of a new or deleted object, and to whom.

AWS's behaviour: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html (keys are
form-encoded) and ev-events.html (EventBridge: keys are not encoded; nothing is sent until the bucket's configuration
switches it on). S3 checks when a configuration is set that it may invoke the function, and refuses it otherwise; so
does this.
Ours: only creation and deletion are told; an event is sent once, never twice, and in the order of the requests.
"""

import datetime
import itertools
import json
import re
import uuid
from urllib.parse import quote_plus

from moto.iam.access_control import PermissionResult
from moto.s3 import notifications
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from . import function, policy

SEQUENCER = itertools.count(0x0055AED6DCD90281E5)


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def notification(event_name, bucket, key, configuration):
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": bucket.region_name,
                "eventTime": now(),
                "eventName": event_name.removeprefix("s3:"),
                "userIdentity": {"principalId": "AWS:AROAEXAMPLE:CloudTrail"},
                "requestParameters": {"sourceIPAddress": "192.0.2.1"},
                "responseElements": {
                    "x-amz-request-id": uuid.uuid4().hex[:16].upper(),
                    "x-amz-id-2": "EXAMPLE123/abcdefghijklmno",
                },
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": configuration.id,
                    "bucket": {
                        "name": bucket.name,
                        "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                        "arn": bucket.arn,
                    },
                    "object": {
                        "key": quote_plus(key.name, safe="/"),
                        "size": key.size,
                        "eTag": key.etag.strip('"'),
                        "sequencer": "%018X" % next(SEQUENCER),
                    },
                },
            }
        ]
    }


def event(event_name, account, bucket, key):
    created = "ObjectCreated" in event_name
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Object Created" if created else "Object Deleted",
        "source": "aws.s3",
        "account": account,
        "time": now()[:19] + "Z",
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {
                "key": key.name,
                "size": key.size,
                "etag": key.etag.strip('"'),
                "sequencer": "%018X" % next(SEQUENCER),
            },
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": "cloudtrail.amazonaws.com",
            "source-ip-address": "192.0.2.1",
            "reason": "PutObject" if created else "DeleteObject",
        },
    }


def may_invoke(bucket, account, arn):
    context = {"AWS:SourceArn": bucket.arn, "AWS:SourceAccount": account}
    return function.permits(function.find(arn), "s3.amazonaws.com", context)


def install(lambda_, bus):
    """Puts this in the place of moto's notifications, whose failures are silent and which know no Lambda without
    containers."""

    def send_event(account_id, event_name, bucket, key):
        configuration = bucket.notification_configuration
        name = str(getattr(event_name, "value", event_name))
        if configuration is None or not ("ObjectCreated" in name or "ObjectRemoved" in name):
            return
        for c in configuration.cloud_function:
            if c.matches(name, key.name):
                if not may_invoke(bucket, account_id, c.arn):
                    raise PermissionError(f"{bucket.name} may not invoke {c.arn} any more")
                lambda_.work.submit(lambda_.asynchronously, function.find(c.arn), notification(name, bucket, key, c))
        for c in configuration.queue:
            if c.matches(name, key.name):
                notifications._send_sqs_message(
                    account_id, notification(name, bucket, key, c), c.arn.split(":")[-1], c.arn.split(":")[3]
                )
        for c in configuration.topic:
            if c.matches(name, key.name):
                notifications._send_sns_message(
                    account_id, notification(name, bucket, key, c), c.arn, c.arn.split(":")[3]
                )
        if configuration.event_bridge is not None:
            lambda_.work.submit(bus.send, account_id, bucket.region_name, event(name, account_id, bucket, key))

    keep = FakeBucket.set_notification_configuration

    def set_notification_configuration(bucket, configuration):
        for c in (configuration or {}).get("CloudFunctionConfiguration") or []:
            if not may_invoke(bucket, bucket.account_id, c["CloudFunction"]):
                raise CannotValidate()
        keep(bucket, configuration)

    notifications.send_event = send_event
    # Moto passes over a policy's conditions, so that "deny unless TLS" would deny everything. Ours: bucket policies are
    # held against CloudTrail's requests alone (bucket_policy_allows), and the function's requests against its role.
    FakeBucket.get_permission = lambda bucket, action, resource: PermissionResult.NEUTRAL
    FakeBucket.set_notification_configuration = set_notification_configuration

    # Moto keeps that EventBridge is on, and does not say so when it is asked.
    answer = S3Response.get_bucket_notification

    def get_bucket_notification(response):
        status, headers, body = answer(response)
        configuration = response.backend.get_bucket_notification_configuration(response.bucket_name)
        if configuration and configuration.event_bridge is not None:
            text = body.decode() if isinstance(body, bytes) else body
            text = re.sub(
                r"<NotificationConfiguration([^>]*)/>",
                r"<NotificationConfiguration\1></NotificationConfiguration>",
                text,
            )
            body = text.replace(
                "</NotificationConfiguration>",
                "<EventBridgeConfiguration></EventBridgeConfiguration></NotificationConfiguration>",
            )
        return status, headers, body

    S3Response.get_bucket_notification = get_bucket_notification


class CannotValidate(S3ClientError):
    code = 400

    def __init__(self):
        super().__init__("InvalidArgument", "Unable to validate the following destination configurations")


def bucket_policy_allows(bucket, service, action, resource, context):
    if not bucket.policy:
        return False
    text = bucket.policy.decode() if isinstance(bucket.policy, bytes) else bucket.policy
    return policy.allows([json.loads(text)], action, resource, context, service)
