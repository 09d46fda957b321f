"""Alarms, what they send, and the dashboard."""

import datetime
import json

from .verdict import check, failed, passed, waiting, wrong_so_far

UTC = datetime.timezone.utc


def went_off(run, logical_id):
    """When the alarm first went to ALARM since the late file was put, or None."""
    name, since = run.physical(logical_id), run.at.get("late file")
    if not since:
        return None
    history = run.aws("cloudwatch").describe_alarm_history(
        AlarmName=name, HistoryItemType="StateUpdate", StartDate=datetime.datetime.fromtimestamp(since, UTC),
        EndDate=datetime.datetime.now(UTC), ScanBy="TimestampAscending").get("AlarmHistoryItems", [])
    times = [i["Timestamp"].timestamp() for i in history if "to ALARM" in i.get("HistorySummary", "")]
    return min(times) if times else None


def state(run, logical_id):
    found = run.aws("cloudwatch").describe_alarms(AlarmNames=[run.physical(logical_id)])["MetricAlarms"]
    return found[0]["StateValue"] if found else "absent"


def from_late_file(run, logical_id):
    if not run.physical(logical_id):
        return failed(f"the stack has no alarm {logical_id}")
    if "late file" not in run.at:
        return waiting(run.troubles.get("late file", "no late file"))
    at = went_off(run, logical_id)
    if not at:
        return wrong_so_far(f"{state(run, logical_id)}; the late file was put and the alarm has not gone off")
    real = run.at.get("log bucket deletes")
    if real and at > real:
        return failed(f"went off {at - run.at['late file']:.0f} s after the late file, but only after real deletes were made")
    return passed(f"went off {at - run.at['late file']:.0f} s after the late file, whose deletes were an hour old")


@check
def alarm_of_late_deletes(run):
    """The plain alarm on the account's UnexpectedDeletes goes off for deletes an hour old."""
    return from_late_file(run, "UnexpectedDeletes")


@check
def alarm_by_bucket(run):
    """The Metrics Insights alarm goes off, and names the bucket."""
    verdict = from_late_file(run, "UnexpectedDeletesByBucket")
    if verdict.status != "PASS":
        return verdict
    contributors = run.aws("cloudwatch").describe_alarm_contributors(
        AlarmName=run.physical("UnexpectedDeletesByBucket")).get("AlarmContributors", [])
    buckets = [v for c in contributors for v in c.get("ContributorAttributes", {}).values()]
    if run.log_bucket in buckets:
        return passed(f"{verdict.text}; contributors: {', '.join(buckets)}")
    return wrong_so_far(f"{verdict.text}; but its contributors are {buckets or 'none, or none any more'}")


@check
def messages(run):
    """The topics let through what the function and the alarms publish: FilesFailed tells of the broken file."""
    test = [m for m in run.messages if m.get("Subject", "").startswith("TEST ")]
    alarms = [m for m in run.messages if '"AlarmName"' in m.get("Message", "")]
    told = f"{len(test)} test alerts, {len(alarms)} alarm messages arrived"
    if "test alert" in run.troubles:
        return failed(f"the test alert failed: {run.troubles['test alert']}")
    if test and alarms:
        names = sorted({json.loads(m["Message"])["AlarmName"] for m in alarms})
        return passed(f"{told}: {', '.join(names)}")
    failed_file = "dead letter" in run.notes
    return wrong_so_far(told) if ("test alert" in run.at and not test) or failed_file else waiting(told)


@check
def dashboard(run):
    """CloudWatch finds no fault with the dashboard, and keeps its variable."""
    cloudwatch, name = run.aws("cloudwatch"), run.physical("Dashboard")
    body = cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
    answer = cloudwatch.put_dashboard(DashboardName=run.name, DashboardBody=body)  # only this call tells what it finds
    cloudwatch.delete_dashboards(DashboardNames=[run.name])
    told = [f"{m.get('DataPath')}: {m.get('Message')}" for m in answer.get("DashboardValidationMessages", [])]
    if told:
        return failed(f"{len(told)} messages, the first: {told[0]}")
    variables = json.loads(body).get("variables", [])
    kinds = [f"{v.get('id')} ({v.get('type')})" for v in variables]
    if not any(v.get("type") == "pattern" for v in variables):
        return failed(f"no pattern variable: {kinds}")
    return passed(f"no message; variables {', '.join(kinds)}. Whether choosing a bucket changes the widgets only you can see: "
                  f"{run.outputs.get('DashboardUrl', name)}")
