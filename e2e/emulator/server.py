"""Starts and stops the account: one HTTP server on loopback for every API, on a port that the system chooses."""

import logging
import os
import threading

import boto3
from werkzeug.serving import WSGIRequestHandler, make_server

ACCOUNT, REGION = "111122223333", "eu-central-1"  # those of internal/traffic's log files
# Moto reads them when it is imported.
os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"] = REGION

import moto.cloudformation.urls  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from moto.s3.models import s3_backends  # noqa: E402
from moto.sns.models import sns_backends  # noqa: E402

from . import alarms, cbor, cloudformation, eventbridge, function, identity, logs  # noqa: E402
from . import s3, scheduler, sns, sqs, trail, work, xray  # noqa: E402


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


class Account:
    id, region = ACCOUNT, REGION

    def __init__(self):
        self.work = work.Work()
        self.xray = xray.Daemon()
        self.lambda_ = function.Lambda(self.work, xray_address=self.xray.address)
        self.poller = sqs.Poller(self.lambda_, self.id, self.region)
        function.install(self.lambda_)
        s3.install(self.lambda_, eventbridge.Bus(self.lambda_))
        sqs.install()
        logs.install()
        alarms.install()
        sns.install()
        trail.install()
        cloudformation.CloudFormation.account = self
        moto.cloudformation.urls.url_paths = {"{0}/$": cloudformation.CloudFormation.dispatch}
        application = DomainDispatcherApplication(create_backend_app)
        self.identity = identity.Refuse(cbor.Translate(application, self))
        self.server = make_server("127.0.0.1", 0, self.identity, threaded=True, request_handler=Quiet)
        self.url = self.lambda_.url = f"http://127.0.0.1:{self.server.server_port}"
        self.clients = {}

    def __enter__(self):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        self.xray.start()
        self.poller.start()
        return self

    def __exit__(self, *_):
        self.poller.stop()
        self.work.stop()
        self.server.shutdown()
        self.server.server_close()
        self.xray.stop()
        self.lambda_.close()

    def environment(self):
        """What a command needs to work in this account and nowhere else."""
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SAM_"))}
        return {
            **keep,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "administrator",
            "AWS_SECRET_ACCESS_KEY": "administrator",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
        }

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=self.region,
                aws_access_key_id="administrator",
                aws_secret_access_key="administrator",
            )
        return self.clients[service]

    def settle(self, timeout=60):
        """Waits until every event has been handled, retries and redrives too."""

        def idle():
            return self.work.wait(0) and self.poller.is_idle() and self.work.wait(0)

        work.wait_until(idle, timeout, "events are still being handled")
        if self.work.failures:
            raise AssertionError("the emulator failed") from self.work.failures.pop()

    def deliver(self, trail, bucket, key, body):
        """A trail writes a log file, if the bucket's policy lets it. Trails write nothing by themselves here."""
        context = {
            "aws:SourceArn": f"arn:aws:cloudtrail:{self.region}:{self.id}:trail/{trail}",
            "aws:SourceAccount": self.id,
            "s3:x-amz-acl": "bucket-owner-full-control",
            "aws:SecureTransport": "true",
        }
        found = s3_backends[self.id]["aws"].buckets[bucket]
        if not s3.bucket_policy_allows(
            found, "cloudtrail.amazonaws.com", "s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", context
        ):
            raise PermissionError(f"the policy of {bucket} does not let CloudTrail write {key}")
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=body)

    def fire(self, schedule, at):
        """Fires a schedule, which none does by itself here. Returns the invocations that came of it, retries too."""
        self.settle()
        before = len(self.lambda_.invocations)
        scheduler.fire(self, schedule, at)
        self.settle()
        return self.lambda_.invocations[before:]

    def trouble(self, actions, code):
        """While this lasts a service answers the function's requests for actions (dynamodb:*) with this error."""
        return self.identity.refusing(actions, code)

    def confirm(self, topic):
        """Somebody follows the links in the mails that ask whether to subscribe to a topic."""
        sns.confirm(sns_backends[self.id][self.region], topic)

    def act_as(self, role_arn):
        """The variables of a command that runs as a role: it may do what the role may."""
        key = {"AWS_ACCESS_KEY_ID": identity.key_for(self.id, role_arn), "AWS_SECRET_ACCESS_KEY": "secret"}
        return {**self.environment(), **key, "AWS_SESSION_TOKEN": "token"}

    def asked(self, role_arn):
        """The actions that a role has asked for, allowed or not."""
        return {action for role, action in self.identity.asked if role == role_arn}

    def stack(self, name):
        """The stack itself, whose resources hold their resolved properties."""
        return cloudformation.CloudFormation.stacks.find(name)
