"""One run: its names, its account, what was done and what has been seen so far."""

import secrets
import time
from dataclasses import dataclass, field

import botocore.config

PREFIX = "bucketwatch-verify-"  # of everything that a run makes; remove.py touches nothing else


class Clients:
    """Clients of one account and Region by the service's name: aws("s3")."""

    def __init__(self, session):
        self.session, self.made = session, {}
        self.region = session.region_name

    def __call__(self, service):
        if service not in self.made:
            config = botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 5})
            self.made[service] = self.session.client(service, config=config)
        return self.made[service]

    def pages(self, service, operation, key, **arguments):
        for page in self(service).get_paginator(operation).paginate(**arguments):
            yield from page.get(key, [])


@dataclass
class Deed:
    """Something done to a bucket that CloudTrail should record."""

    kind: str
    keys: list
    request_id: str
    turn: int
    denied: list = field(default_factory=list)  # those of the keys that S3 refused


@dataclass
class Run:
    aws: Clients
    account: str
    partition: str
    name: str  # PREFIX and eight hex digits
    stack: str  # name of the stack that is looked at
    own: bool  # the stack was made by this run
    whole_account: bool = False
    namespace: str = ""
    started: float = field(default_factory=time.time)
    resources: dict = field(default_factory=dict)  # logical id -> (type, physical id), nested stacks included
    outputs: dict = field(default_factory=dict)
    parameters: dict = field(default_factory=dict)
    deeds: list = field(default_factory=list)
    at: dict = field(default_factory=dict)  # when a step was done, epoch seconds
    troubles: dict = field(default_factory=dict)  # steps and looks that failed -> why
    files: dict = field(default_factory=dict)  # key -> logfiles.File
    lines: list = field(default_factory=list)  # of the function: dict with _raw
    messages: list = field(default_factory=list)  # from the topics
    notes: dict = field(default_factory=dict)  # what a check must remember between two looks

    @property
    def region(self):
        return self.aws.region

    @property
    def bucket(self):  # one name for all Regions of all accounts, hence the random part of the run's name
        return self.name

    @property
    def pretended(self):
        """Bucket that the log file of our own making tells of. It does not exist."""
        return self.name + "-late"

    @property
    def log_bucket(self):
        return self.outputs.get("LogBucketName", "")

    @property
    def may_write_log_files(self):
        """An existing log bucket has other readers, who must not meet files of our making."""
        return not self.parameters.get("ExistingLogBucketName")

    def physical(self, logical_id):
        return self.resources.get(logical_id, ("", ""))[1]

    def records(self, *kinds_of_bucket):
        """CloudTrail's own records of the named buckets, each event once."""
        seen = {}
        for file in self.files.values():
            if file.ours:
                continue
            for record in file.records:
                if bucket_of(record) in kinds_of_bucket:
                    seen.setdefault(record.get("eventID"), record)
        return list(seen.values())

    def lines_of(self, line_type, bucket=None):
        return [l for l in self.lines if l.get("Type") == line_type and bucket in (None, l.get("BucketName"))]


def bucket_of(record):
    """The bucket by resources, else by requestParameters: the order of the project's own code."""
    for resource in record.get("resources") or []:
        if resource.get("type") == "AWS::S3::Bucket" and resource.get("ARN"):
            return resource["ARN"].rsplit(":", 1)[-1]
    return (record.get("requestParameters") or {}).get("bucketName", "")


def new_name():
    return PREFIX + secrets.token_hex(4)
