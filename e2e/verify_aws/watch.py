"""Asks each check again until it has decided or time is up, and does the steps as they fall due."""

import datetime
import json
import time
import zlib

from botocore.exceptions import ClientError

from . import logfiles
from .verdict import not_seen, waiting

UTC = datetime.timezone.utc
FINAL_ERRORS = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")


def watch(run, checks, steps, seconds, say, poll=30, clock=time.time, sleep=time.sleep):
    """Returns {name: Verdict}, in the order of the checks. An interruption passes through."""
    start, due, verdicts = clock(), list(steps), {}
    open_checks = dict(checks)
    while True:
        for step in [s for s in due if clock() - start >= s[1]]:
            due.remove(step)
            do(run, *step, say, clock)
        look(run)
        for name, function in list(open_checks.items()):
            verdicts[name] = ask(run, function)
            if verdicts[name].status:
                del open_checks[name]
                say(f"{verdicts[name].status:8} {name}: {verdicts[name].text}")
        left = seconds - (clock() - start)
        if not open_checks or left <= 0:
            return {name: verdicts[name].at_last() for name in checks}
        say.progress(f"{len(open_checks)} of {len(checks)} checks open, {left / 60:.0f} minutes left; "
                     f"{sum(not f.ours for f in run.files.values())} log files from CloudTrail, {len(run.lines)} lines")
        sleep(min(poll, left))


def do(run, name, _, action, say, clock):
    try:
        action(run)
        run.at.setdefault(name, clock())
        say(f"done: {name}")
    except Exception as error:  # other steps and the removal must go on
        run.troubles[name] = str(error) or repr(error)
        say(f"could not do: {name}: {run.troubles[name]}")


def ask(run, function):
    """A check that cannot look has seen nothing; what it may not look at it never will."""
    try:
        return function(run)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        text = f"could not look: {error}"
        return not_seen(text) if code in FINAL_ERRORS else waiting(text)
    except Exception as error:  # an answer of another form, or none: worth telling, not worth ending the run
        return waiting(f"could not look: {error!r}")


def look(run):
    """What all checks look at: new log files, the function's lines, messages of the topics."""
    for name, function in (("log files", read_log_files), ("lines", read_lines), ("messages", read_messages)):
        try:
            function(run)
            run.troubles.pop(name, None)
        except Exception as error:  # perhaps it works the next time
            run.troubles[name] = str(error)


def read_log_files(run):
    if not run.log_bucket:
        return
    prefix = run.parameters.get("LogFilePrefix", "")
    prefix += "/" if prefix else ""
    now = datetime.datetime.now(UTC)
    for folder in logfiles.folders(prefix, run.account, run.region, now):
        for found in run.aws.pages("s3", "list_objects_v2", "Contents", Bucket=run.log_bucket, Prefix=folder):
            key, delivered = found["Key"], found["LastModified"].timestamp()
            if key in run.files or delivered < run.started - 60:
                continue
            if logfiles.is_ours(key):  # one of them is cut on purpose
                run.files[key] = logfiles.File(key, delivered, True, [])
                continue
            body = run.aws("s3").get_object(Bucket=run.log_bucket, Key=key)["Body"].read()
            try:
                run.files[key] = logfiles.parse(key, delivered, body)
            except (ValueError, OSError, EOFError, KeyError, zlib.error) as error:
                run.files[key] = logfiles.File(key, delivered, False, [])
                run.notes.setdefault("unreadable", []).append(f"{key}: {error!r}")


def read_lines(run):
    group = run.outputs.get("LogGroupName") or run.physical("ProcessorLogGroup")
    if not group:
        return
    found = run.aws.pages("logs", "filter_log_events", "events", logGroupName=group, startTime=int(run.started * 1000),
                          filterPattern="{ $.Schema = 1 }")
    found = [e for e in found if '"Schema"' in e["message"]]  # a model of AWS may not filter
    lines = [json.loads(e["message"]) | {"_raw": e["message"], "_at": e["timestamp"] / 1000} for e in found]
    run.lines = [line for line in lines if line.get("Schema") == 1]


def read_messages(run):
    url = run.notes.get("queue")
    while url:
        got = run.aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        for m in got:
            run.messages.append(json.loads(m["Body"]))
            run.aws("sqs").delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])
        if not got:
            return
