"""What is remembered, the tick that judges it, and the message that comes of it."""

import json
import time

from .on_alarms import state
from .on_lines import since, sums
from .verdict import check, failed, passed, waiting, wrong_so_far

TICKS = 5  # so many must have come before the heartbeat, or the lack of a second message, is believed


@check
def table(run):
    """The table is paid for by the request, forgets by itself, and has no key that costs."""
    name = run.physical("StateTable")
    if not name:
        return failed("the stack has no table StateTable")
    dynamodb = run.aws("dynamodb")
    found = dynamodb.describe_table(TableName=name)["Table"]
    billing = found.get("BillingModeSummary", {}).get("BillingMode")
    keys = {k["KeyType"]: k["AttributeName"] for k in found["KeySchema"]}
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    told = f"{billing}, keys {keys}, time to live {ttl}, point-in-time recovery {recovery}, {found.get('SSEDescription', 'no key of KMS')}"
    if billing != "PAY_PER_REQUEST" or keys != {"HASH": "pk", "RANGE": "sk"} or recovery == "ENABLED" or "SSEDescription" in found:
        return failed(told)
    if ttl.get("AttributeName") != "expires" or ttl.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
        return failed(told)
    return passed(told)


@check
def schedule(run):
    """EventBridge Scheduler keeps the tick as it was asked for, its keyword too."""
    name = run.physical("Tick")
    if not name:
        return failed("the stack has no schedule Tick")
    found = run.aws("scheduler").get_schedule(Name=name, GroupName=run.physical("TickGroup"))
    target = found["Target"]
    asked = json.loads(target.get("Input", "{}"))
    told = f"{found['State']}, {found['ScheduleExpression']}, {target.get('Input')}, {target.get('RetryPolicy')}"
    right = found["State"] == "ENABLED" and asked == {"bucketwatch": "tick", "time": "<aws.scheduler.scheduled-time>"}
    return passed(told) if right and target.get("RetryPolicy", {}).get("MaximumRetryAttempts") == 0 else failed(told)


def ticks(run):
    """When ticks ended well, in their order."""
    return sorted(l["_at"] for l in run.lines_of("Health") if l.get("Ticks"))


@check
def heartbeat(run):
    """A tick comes every minute, is understood, ends well, and is a metric."""
    came = ticks(run)
    bad = [l for l in run.lines_of("Health") if l.get("TicksFailed")]
    if bad:
        return wrong_so_far(f"{len(came)} ticks ended well, and {len(bad)} did not: the log of the function says why")
    if len(came) < TICKS:
        return wrong_so_far(f"{len(came)} of {TICKS} ticks")
    got = sums(run, run.namespace, {"ticks": ("Ticks", {"FunctionName": run.physical("ProcessorFunction")})}, since(run))["ticks"]
    if got < TICKS:
        return wrong_so_far(f"{len(came)} ticks in the log, {got:.0f} in the metric")
    gaps = [b - a for a, b in zip(came, came[1:])]
    return passed(f"{len(came)} ticks, {min(gaps):.0f} to {max(gaps):.0f} s apart")


@check
def heartbeat_alarm(run):
    """AlertsLate is red only until the first ticks, although two of its three metrics never had data."""
    if not run.physical("AlertsLate"):
        return failed("the stack has no alarm AlertsLate")
    if len(ticks(run)) < TICKS:
        return waiting("ticks have hardly begun")
    now = state(run, "AlertsLate")
    return passed("OK") if now == "OK" else wrong_so_far(f"{now}, after {len(ticks(run))} ticks")


@check
def one_message(run):
    """The function tells of the late file's deletes in one message, and later ticks send no other."""
    put = run.at.get("late file")
    if not put:
        return waiting(run.troubles.get("late file", "no late file"))
    sent = [m["Subject"] for m in run.messages if "verify-aws-nobody" in m.get("Message", "") and m.get("Subject", "").startswith("[")]
    if len(sent) > 1:
        return failed(f"{len(sent)} messages for one incident: {'; '.join(sent)}")
    if not sent:
        return wrong_so_far(f"no message {time.time() - put:.0f} s after the late file")
    run.notes.setdefault("message seen", time.time())
    later = [at for at in ticks(run) if at > run.notes["message seen"]]
    if len(later) < TICKS:
        return waiting(f"{sent[0]}; {len(later)} of {TICKS} ticks since, one of which may send another")
    return passed(f"{sent[0]}; none in {len(later)} further ticks")
