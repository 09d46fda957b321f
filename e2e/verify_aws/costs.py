"""What a run will do and what that costs: prices of us-east-1, each with its arithmetic. An estimate, not a bill."""

HOURS_IN_A_MONTH = 730
HOURS = 2  # metrics, alarms and rules are billed by the hour that has begun


def rows(whole_account=False, own=True):
    """(what, how much of it, price of one in dollars, unit)"""
    stack = [
        ("log lines", 0.01, 0.50, "GB taken in"),
        ("CloudWatch metrics (8 x 3 buckets, 15 of the function, 11 of anomalies)", 50 * HOURS, 0.30 / HOURS_IN_A_MONTH,
         "metric and hour ($0.30 a month)"),
        ("7 alarms on 19 metrics", 19 * HOURS, 0.10 / HOURS_IN_A_MONTH, "metric and hour ($0.10 a month)"),
        ("alarm by Metrics Insights on 3 metrics", 3 * HOURS, 0.10 / HOURS_IN_A_MONTH, "metric and hour ($0.10 a month)"),
        ("Contributor Insights rules", 2 * HOURS, 0.50 / HOURS_IN_A_MONTH, "rule and hour ($0.50 a month)"),
        ("dashboards", 2 * HOURS, 3.00 / HOURS_IN_A_MONTH, "dashboard and hour ($3.00 a month)"),
        ("Lambda invocations of 256 MB, 1 s", 60, 0.0000035, "invocation"),
        ("ticks: Scheduler, and Lambda for 0.1 s", 60, 0.0000016, "tick"),
        ("write and read units of the table", 5_000, 0.625 / 1_000_000, "unit ($0.625 a million; reads cost a fifth)"),
    ] if own else []
    return [
        ("CloudTrail data events of the test", 150, 0.10 / 100_000, "event ($0.10 per 100,000)"),
        *stack,
        ("metrics asked for with GetMetricData", 60 * 40, 0.01 / 1_000, "metric ($0.01 per 1,000)"),
        ("requests to S3, SQS, SNS, X-Ray", 3_000, 0.005 / 1_000, "request ($0.005 per 1,000)"),
        ("Logs Insights queries", 0.01, 0.005, "GB scanned"),
    ]


def total(**options):
    return sum(amount * price for _, amount, price, _ in rows(**options))


def text(run, minutes, keep=False):
    """The announcement: what will be done, what it costs, what is left."""
    region, own = run.region, run.own
    lines = [f"Account {run.account}, Region {region}. This run is called {run.name}. It will", ""]
    if own:
        recorded = "the requests to the test bucket, and deletes in its own log bucket, alone"
        if run.whole_account:
            recorded = "EVERY request to EVERY bucket of this Region and all management events that write"
        lines += [f"  - build this project and deploy it as the stack {run.name},",
                  f"    with metrics in the namespace {run.namespace}; its trail records",
                  f"    {recorded};"]
    else:
        lines += [f"  - look at the stack {run.stack}, whose ALARMS WILL GO OFF and whose subscribers will get mail: tell them;"]
    lines += [f"  - make the bucket and the queue {run.name}, and subscribe the queue to the stack's topics;",
              "  - upload and delete some thirty small objects there, one by one, in bulk, by version, and where it is forbidden;"]
    if run.may_write_log_files:
        lines += ["  - put two log files of its own making into the log bucket, one an hour late, one cut in the middle, and",
                  "    delete three small objects there, which is an anomaly and sets off the alarms;"]
    lines += [f"  - wait for CloudTrail, looking every half minute, for up to {minutes} minutes;"]
    if keep:
        lines += ["  - leave everything as it is (--keep), and it goes on costing."]
    else:
        lines += ["  - remove what it made. What cannot be removed: metrics, kept by CloudWatch for 15 months, which cost",
                  "    nothing once no data comes."]
        if not own:
            lines += ["    What it put into the stack's log bucket stays, because deleting a log file is an anomaly."]
    lines += ["", f"Estimate, in dollars of us-east-1, as if billed for {HOURS} hours:", ""]
    for what, amount, price, unit in rows(run.whole_account, own):
        lines.append(f"  {amount:>8,.6g} x ${price:.7f} = ${amount * price:.4f}  {what}; per {unit}")
    lines += [f"  {'':>8}                about ${total(whole_account=run.whole_account, own=own):.2f} together"]
    if own and run.whole_account:
        lines += ["",
                  "  and for what all buckets of this Region are asked meanwhile $0.10 per 100,000 requests, for each management",
                  "  event that another trail records too $2.00 per 100,000, and $0.30 a month per metric, by the hour: for a",
                  "  bucket with 1,000 requests a second 3,000 s x 1,000 x $0.10 / 100,000 = $3.00."]
    return "\n".join(lines)
