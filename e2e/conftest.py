"""What all end-to-end tests stand on: an account on this machine, and the README's commands in a copy of the project.

Run by make e2e. Everything happens on loopback, and nothing of this folder reads credentials or asks AWS.
"""

import contextlib
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent  # sam, aws and cfn-lint of the same virtual environment
# Go's name of this machine's processor.
HOST = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()]


class Shell:
    """Runs commands as a user would, in the emulated account."""

    def __init__(self, folder, env):
        path = os.pathsep.join([str(REPOSITORY / "e2e/commands"), str(TOOLS), env["PATH"]])
        self.folder, self.env = folder, {**env, "PATH": path, "AWS_CLI": str(TOOLS / "aws")}

    def __call__(self, command, answer="", fails=False, **env):
        """The command's output. answer is what the user types; fails says that it must not succeed."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env={**self.env, **env},
            input=answer,
            text=True,
            timeout=300,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        # Shown by pytest with a failing test. The upload's progress is left out.
        lines = [line for line in done.stdout.splitlines() if "Uploading to" not in line or "(100.00%)" in line]
        print(f"$ {command}", *lines, sep="\n")
        assert (done.returncode != 0) == fails, f"{command}: exit status {done.returncode}"
        return "\n".join(lines)


@pytest.fixture(scope="session")
def account():
    from emulator.server import Account  # it changes moto and the environment for the rest of the process

    with Account() as account:
        yield account
        assert not account.work.failures, "the emulator failed"


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A copy to build in, so that a developer's .aws-sam is left alone."""
    folder = tmp_path_factory.mktemp("project") / "bucketwatch"
    shutil.copytree(
        REPOSITORY, folder, ignore=shutil.ignore_patterns(".git", ".aws-sam", "build", "e2e", "__pycache__")
    )
    return folder


@pytest.fixture(scope="session")
def shell(account, project):
    return Shell(project, account.environment())


@pytest.fixture(scope="session")
def built(shell, project):
    """sam build, for this machine's processor: the emulator runs what was deployed, and the template's arm64 may not
    run here.

    The Makefile's FUNCTION_ARCH is arm64 unless MAKEFLAGS sets it; nothing else differs from what a user builds. That a
    plain sam build gives an arm64 binary is test_templates.py's to see.
    """
    shell("sam build", MAKEFLAGS=f"FUNCTION_ARCH={HOST}")
    machine = architecture(project / ".aws-sam/build/ProcessorFunction/bootstrap")
    assert machine == HOST, f"sam build ignored FUNCTION_ARCH={HOST}: the binary is for {machine}"
    return project


def architecture(path):
    """Go's name of the processor that an ELF file is for."""
    header = path.read_bytes()[:20]
    assert header[:4] == b"\x7fELF", f"{path} is no ELF file"
    return {0x3E: "amd64", 0xB7: "arm64"}[int.from_bytes(header[18:20], "little")]


class Stack:
    """A deployed stack, as a test looks at it."""

    def __init__(self, account, name):
        self.account, self.name = account, name

    @property
    def found(self):
        return self.account.stack(self.name)

    @property
    def outputs(self):
        return {o["OutputKey"]: o["OutputValue"] for o in self.found.outputs}

    def __contains__(self, logical):
        return logical in self.found.resources

    def id(self, logical):
        return self.found.resources[logical].id

    def properties(self, logical):
        """As they were asked for, with everything resolved."""
        return self.found.resources[logical].properties

    def of_type(self, kind):
        return {n: r for n, r in self.found.resources.items() if r.type == kind}

    def nested(self, logical):
        return Stack(self.account, self.id(logical))

    @property
    def monitoring(self):
        return self.nested("Monitoring")

    @property
    def schedule(self):
        return self.nested("Schedule")

    def goes_by_delivery(self):
        """From now on the function judges by the log files' own time."""
        function = {"FunctionName": self.id("ProcessorFunction")}
        client = self.account.client("lambda")
        variables = client.get_function_configuration(**function)["Environment"]["Variables"]
        client.update_function_configuration(
            **function, Environment={"Variables": {**variables, "BUCKETWATCH_CLOCK": "delivery"}}
        )

    def tick(self, at=None):
        """A tick of that time, by the stack's own schedule: the invocations that came of it."""
        return self.account.fire(self.schedule.id("Tick"), at or datetime.datetime.now(datetime.timezone.utc))

    def log_lines(self):
        """Everything in the log group that is JSON."""
        pages = (
            self.account.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=self.id("ProcessorLogGroup"))
        )
        return [json.loads(e["message"]) for page in pages for e in page["events"]]

    def lines(self, kind):
        return [line for line in self.log_lines() if line.get("Type") == kind]

    def queue_length(self, logical):
        sqs = self.account.client("sqs")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=self.id(logical), AttributeNames=names)["Attributes"]
        return sum(int(found[n]) for n in names)


@contextlib.contextmanager
def mailbox(account, topic):
    """Subscribes to a topic. Yields a function that returns the messages that have come since it was asked last, each a
    dictionary with Subject and Message."""
    sqs, sns = account.client("sqs"), account.client("sns")
    url = sqs.create_queue(QueueName=f"reader-{uuid.uuid4()}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)

    def read():
        account.settle()
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    yield read
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


class Hour:
    """An hour of generated log files, and the truth about them."""

    def __init__(self, folder):
        self.folder = folder
        document = json.loads((folder / "hour.json").read_text())
        self.files, self.truth = document["Files"], document["Truth"]

    def body(self, file):
        return (self.folder / file["Name"]).read_bytes()


@pytest.fixture(scope="session")
def make_hour(tmp_path_factory):
    def make(log_bucket, seed=20261122):
        folder = tmp_path_factory.mktemp("logfiles")
        print(f"log files of seed {seed}")
        command = ["go", "run", "./e2e/logfiles", "-seed", str(seed), "-log-bucket", log_bucket, "-out", str(folder)]
        subprocess.run(command, cwd=REPOSITORY, check=True)
        return Hour(folder)

    return make
