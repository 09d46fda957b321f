"""Which metrics a dashboard and an alarm look at: (namespace, name, ((dimension, value), …))."""

import json

# What AWS publishes by itself, with its one dimension. Nothing here makes these metrics.
OF_AWS = {
    ("AWS/Lambda", name): "FunctionName"
    for name in ("Invocations", "Errors", "Throttles", "DeadLetterErrors", "AsyncEventsDropped", "Duration")
} | {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): "QueueName",
    ("AWS/Logs", "EMFParsingErrors"): "LogGroupName",
    ("AWS/Logs", "EMFValidationErrors"): "LogGroupName",
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits"): "TableName",
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits"): "TableName",
    ("AWS/DynamoDB", "ReadThrottleEvents"): "TableName",
    ("AWS/DynamoDB", "WriteThrottleEvents"): "TableName",
}


def by_dashboard(body):
    """Of every widget; shorthand is written out:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"""
    found = set()
    for widget in json.loads(body)["widgets"]:
        before = []
        for row in widget["properties"].get("metrics", []):
            items = [i for i in row if not isinstance(i, dict)]
            if not items:
                continue  # an expression
            if items[0] == "...":
                items = before[: len(before) - len(items) + 1] + items[1:]
            items = [before[i] if item == "." else item for i, item in enumerate(items)]
            before = items
            found.add((items[0], items[1], tuple(zip(items[2::2], items[3::2], strict=True))))
    return found


def by_alarm(alarm):
    """Of an alarm as DescribeAlarms gives it."""
    metrics = [q["MetricStat"]["Metric"] for q in alarm.get("Metrics", []) if "MetricStat" in q]
    if alarm.get("MetricName"):
        metrics.append(alarm)
    return {
        (m["Namespace"], m["MetricName"], tuple((d["Name"], d["Value"]) for d in m.get("Dimensions", [])))
        for m in metrics
    }


def overlapping(body):
    """Pairs of titles of widgets that lie on one another, or beyond the 24 columns."""
    widgets = json.loads(body)["widgets"]
    wrong = [(w, w) for w in widgets if w["x"] + w["width"] > 24]
    for i, a in enumerate(widgets):
        for b in widgets[i + 1 :]:
            beside = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
            above = a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
            if not (beside or above):
                wrong.append((a, b))
    return [tuple(w["properties"].get("title", w["properties"].get("markdown")) for w in pair) for pair in wrong]
