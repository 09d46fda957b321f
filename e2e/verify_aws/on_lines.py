"""What the function wrote, and what CloudWatch made of it."""

import collections
import datetime
import json
import time

from .actions import LATE_READS
from .on_trail import CALL, PER_KEY, call, key_of, of
from .verdict import check, failed, passed, waiting, wrong_so_far

UTC = datetime.timezone.utc


def sums(run, namespace, metrics, start):
    """Sums by minute since start, of {id: (name, {dimension: value})}, as {id: total}."""
    queries = [
        {
            "Id": "q" + str(n),
            "MetricStat": {
                "Metric": {
                    "Namespace": namespace,
                    "MetricName": name,
                    "Dimensions": [{"Name": d, "Value": v} for d, v in dimensions.items()],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for n, (name, dimensions) in enumerate(metrics.values())
    ]
    end = datetime.datetime.now(UTC) + datetime.timedelta(minutes=1)
    total = collections.Counter()
    arguments = {"MetricDataQueries": queries, "StartTime": start, "EndTime": end}
    while True:
        answer = run.aws("cloudwatch").get_metric_data(**arguments)
        for result in answer["MetricDataResults"]:
            total[result["Id"]] += sum(result["Values"])
        if not answer.get("NextToken"):
            return {key: total["q" + str(n)] for n, key in enumerate(metrics)}
        arguments["NextToken"] = answer["NextToken"]


def published(lines):
    """The metrics of the lines' directives, summed: {name: total}."""
    total = collections.Counter()
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                value = line[metric["Name"]]
                total[metric["Name"]] += sum(value) if isinstance(value, list) else value
    return total


@check
def lines_unchanged(run):
    """With the JSON log format, a JSON line of the function stands in the log group as it was written."""
    if not run.lines:
        return waiting("no line of the function in the log group")
    types = collections.Counter(l["Type"] for l in run.lines)
    bad = [l for l in run.lines if "_aws" in l and not l["_raw"].startswith('{"_aws":')]
    if bad:
        return failed(f"a metric line was changed on its way: {bad[0]['_raw'][:80]}")
    if not types["Health"] or not (types["Caller"] or types["Delete"]):
        return waiting(f"lines so far: {dict(types)}")
    return passed(f"{dict(types)}: from standard output and standard error, filtered by their members")


@check
def counts(run):
    """Requests to the test bucket in the metrics' lines are those in CloudTrail's log files."""
    records = [r for r in run.records(run.bucket) if r.get("eventType") == CALL and r.get("eventSource") == "s3.amazonaws.com"]
    want = len(records)
    got = sum(l.get("AllRequests", 0) for l in run.lines_of("Bucket", run.bucket))
    if not want or not call(run, "bulk")[1]:
        return waiting("the test's requests are not all recorded yet")
    if got == want:
        return passed(f"{got} requests, by this script's own count of the log files too")
    return wrong_so_far(f"the lines say {got} requests, the log files {want} records")


@check
def deletes_listed(run):
    """Each object deleted has a Delete line that names who did it."""
    perkey = of(run.records(run.bucket), "DeleteObject", PER_KEY)
    want = {key_of(r) for r in perkey if not r.get("errorCode")}
    if not want:
        return waiting("no per-key record yet")
    lines = {l["Key"]: l for l in run.lines_of("Delete", run.bucket)}
    missing = sorted(want - set(lines))
    if missing:
        return wrong_so_far(f"{len(missing)} of {len(want)} keys have no Delete line, the first is {missing[0]}")
    nobody = [k for k in want if lines[k]["Principal"] in ("UNATTRIBUTED", "s3.amazonaws.com", "")]
    if nobody:
        return failed(f"{len(nobody)} of {len(want)} deletes are told without who did it")
    return passed(f"{len(want)} keys of bulk deletes, by {' and '.join(sorted({lines[k]['Principal'] for k in want}))}")


@check
def metrics_extracted(run):
    """CloudWatch extracts from the lines what their directives say."""
    lines = run.lines_of("Bucket", run.bucket)
    want = published(lines)
    if not want:
        return waiting("no line with metrics of the test bucket yet")
    got = sums(run, run.namespace, {n: (n, {"BucketName": run.bucket}) for n in want}, since(run))
    less = {n: (got[n], want[n]) for n in want if got[n] < want[n]}
    more = {n: (got[n], want[n]) for n in want if got[n] > want[n]}
    if less:
        name, (g, w) = next(iter(less.items()))
        return wrong_so_far(f"{name} is {g:.0f} in CloudWatch and {w} in the lines")
    twice = f"; {len(more)} of them are more: extracted twice, as AWS says may be" if more else ""
    return passed(f"{len(want)} metrics agree with the lines ({', '.join(sorted(want))}){twice}")


def since(run):
    return datetime.datetime.fromtimestamp(run.started, UTC) - datetime.timedelta(hours=2)


@check
def late_counts(run):
    """Counts an hour late stand at their own minute."""
    minute = run.notes.get("late minute")
    if not minute:
        return waiting(run.troubles.get("late file", "no late file"))
    before = minute - datetime.timedelta(minutes=1)
    got = sums(run, run.namespace, {"a": ("AllRequests", {"BucketName": run.pretended})}, before)["a"]
    if got < LATE_READS:
        return wrong_so_far(f"{got:.0f} of {LATE_READS} requests are in CloudWatch")
    return passed(f"{got:.0f} requests at {minute:%H:%M} UTC, one hour back")


@check
def dimension_sets(run):
    """A line of two directives, one with an empty dimension set, gives all its metrics."""
    anomalies = [l for l in run.lines_of("Anomaly") if l.get("UnexpectedDeletes")]
    if not anomalies:
        return waiting(run.troubles.get("late file", "no anomaly with deletes yet"))
    bucket, name = anomalies[0]["BucketName"], anomalies[0]["Anomaly"]
    got = sums(run, run.namespace, {
        "[BucketName, Anomaly]": ("Anomalies", {"BucketName": bucket, "Anomaly": name}),
        "[BucketName]": ("UnexpectedDeletes", {"BucketName": bucket}),
        "[]": ("UnexpectedDeletes", {}),
    }, since(run))
    missing = [k for k, v in got.items() if not v]
    if missing:
        return wrong_so_far(f"nothing with the dimensions {' and '.join(missing)}")
    return passed(", ".join(f"{k}: {v:.0f}" for k, v in got.items()))


@check
def no_metric_errors(run):
    """CloudWatch counts no line that it could not read."""
    group = run.outputs.get("LogGroupName")
    if len(run.lines) < 3 or time.time() - run.lines[0]["_at"] < 600:
        return waiting("the first line is not ten minutes old")
    names = ("EMFParsingErrors", "EMFValidationErrors")
    got = sums(run, "AWS/Logs", {n: (n, {"LogGroupName": group}) for n in names}, since(run))
    return failed(f"{got}") if any(got.values()) else passed("EMFParsingErrors and EMFValidationErrors are 0 or absent")


@check
def top_callers(run):
    """Contributor Insights sums the requests of each caller from Caller lines."""
    return ranking(run, "TopCallers", "Caller")


@check
def top_deleters(run):
    """The same for objects deleted."""
    return ranking(run, "TopDeleters", "Caller")


def ranking(run, logical_id, line_type):
    rule = run.physical(logical_id).rsplit("insight-rule/", 1)[-1]
    if not rule:
        return failed(f"the stack has no rule {logical_id}")
    lines = [l for l in run.lines_of(line_type) if l["BucketName"] in (run.bucket, run.log_bucket)]
    if logical_id == "TopDeleters":
        lines = [l for l in lines if l.get("DeletedObjects")]
    if not lines:
        return waiting(f"no {line_type} line to count yet")
    now = datetime.datetime.now(UTC).replace(second=0, microsecond=0)
    report = run.aws("cloudwatch").get_insight_rule_report(
        RuleName=rule, StartTime=now - datetime.timedelta(hours=1), EndTime=now, Period=60, MaxContributorCount=10)
    if not report.get("Contributors"):
        return wrong_so_far(f"{len(lines)} {line_type} lines, and the rule has no contributor")
    top = report["Contributors"][0]
    return passed(f"{len(report['Contributors'])} contributors by {', '.join(report['KeyLabels'])}; the first "
                  f"{' '.join(top['Keys'])} with {top['ApproximateAggregateValue']:.0f}")


@check
def saved_queries(run):
    """Each saved query runs, and those about deletes find some."""
    if not run.lines_of("Delete") or time.time() - run.lines_of("Delete")[0]["_at"] < 120:
        return waiting("no Delete line that is two minutes old")
    ids = {physical: logical for logical, (kind, physical) in run.resources.items() if kind == "AWS::Logs::QueryDefinition"}
    saved = [q for q in described_queries(run) if q["queryDefinitionId"] in ids]
    if len(saved) < len(ids) or not ids:
        return failed(f"{len(saved)} of {len(ids)} saved queries are there")
    told = []
    for query in saved:
        rows = run_query(run, query)
        if rows is None:
            return wrong_so_far(f"{query['name']} did not complete")
        told.append(f"{ids[query['queryDefinitionId']]} {len(rows)} rows")
    return passed("; ".join(told))


def described_queries(run):
    arguments = {}
    while True:
        page = run.aws("logs").describe_query_definitions(**arguments)
        yield from page.get("queryDefinitions", [])
        if not page.get("nextToken"):
            return
        arguments["nextToken"] = page["nextToken"]


def run_query(run, query, sleep=time.sleep):
    logs, now = run.aws("logs"), int(time.time())
    groups = query.get("logGroupNames") or [run.outputs.get("LogGroupName")]
    started = logs.start_query(logGroupNames=groups, startTime=now - 7200, endTime=now, queryString=query["queryString"])
    for _ in range(15):
        answer = logs.get_query_results(queryId=started["queryId"])
        if answer["status"] == "Complete":
            return answer["results"]
        if answer["status"] in ("Failed", "Cancelled", "Timeout"):
            return None
        sleep(1)
    return None


@check
def traces(run):
    """X-Ray shows each log file's steps below the invocation."""
    if not run.lines:
        return waiting("no invocation yet")
    xray, function = run.aws("xray"), run.physical("ProcessorFunction")
    now = datetime.datetime.now(UTC)
    summaries = xray.get_trace_summaries(StartTime=now - datetime.timedelta(hours=1), EndTime=now,
                                         FilterExpression=f'service("{function}")')["TraceSummaries"]
    if not summaries:
        return waiting("no trace yet; X-Ray takes one invocation a second and a twentieth of the others")
    names = set()
    ids = [s["Id"] for s in summaries[:5]]
    for trace in xray.batch_get_traces(TraceIds=ids)["Traces"]:
        for segment in trace["Segments"]:
            names |= set(subsegments(json.loads(segment["Document"])))
    missing = {"fetch", "read", "emit"} - names
    if missing:
        return wrong_so_far(f"{len(ids)} traces without the subsegments {', '.join(sorted(missing))}; they have "
                            f"{', '.join(sorted(names))}")
    return passed(f"{len(summaries)} traces, with fetch, read and emit")


def subsegments(segment):
    yield segment.get("name", "")
    for child in segment.get("subsegments", []):
        yield from subsegments(child)
