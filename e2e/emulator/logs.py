"""CloudWatch: a function's output becomes log events, and embedded metrics in them become metrics. Saved queries too.

AWS's behaviour: the role must allow the writing, or nothing is written (and nobody told). Embedded metrics:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html; the
STANDARD class alone extracts them; what breaks the rules gives AWS/Logs EMFParsingErrors or EMFValidationErrors.
Ours: extraction is at once and exactly once; a point of any age is taken.
"""

import datetime
import json
import uuid

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.exceptions import JsonRESTError
from moto.logs.models import logs_backends
from moto.logs.responses import LogsResponse

from . import identity


def deliver(fn, group_name, output):
    lines = [line for line in output.splitlines() if line]
    backend = logs_backends[fn.account_id][fn.region]
    group = backend.groups.get(group_name)
    if not lines or group is None:
        return
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        stream_arn = f"{group.arn}:log-stream:x" if not group.arn.endswith(":*") else group.arn[:-1] + "log-stream:x"
        if not identity.ask(fn.account_id, fn.role, action, stream_arn):
            return
    now = datetime.datetime.now(datetime.timezone.utc)
    stream = f"{now:%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
    backend.create_log_stream(group_name, stream)
    backend.put_log_events(
        group_name, stream, [{"timestamp": int(now.timestamp() * 1000), "message": line} for line in lines]
    )
    if getattr(group, "log_group_class", None) in (None, "STANDARD"):
        for line in lines:
            extract(fn, group_name, line)


def extract(fn, group_name, line):
    try:
        document = json.loads(line)
    except ValueError:
        return
    if not isinstance(document, dict) or "_aws" not in document:
        return
    cloudwatch = cloudwatch_backends[fn.account_id][fn.region]
    try:
        for namespace, data in metrics(document):
            cloudwatch.put_metric_data(namespace, data)
    except Wrong as error:
        point = {"Value": 1, "Unit": "Count", "Dimensions": [{"Name": "LogGroupName", "Value": group_name}]}
        cloudwatch.put_metric_data("AWS/Logs", [{"MetricName": error.metric, **point}])


class Wrong(Exception):
    def __init__(self, metric):
        self.metric = metric


def metrics(document):
    """(namespace, data) for each directive and dimension set."""
    aws = document["_aws"]
    if (
        not isinstance(aws, dict)
        or not isinstance(aws.get("Timestamp"), int)
        or not isinstance(aws.get("CloudWatchMetrics"), list)
    ):
        raise Wrong("EMFParsingErrors")
    at = datetime.datetime.fromtimestamp(aws["Timestamp"] / 1000, datetime.timezone.utc).replace(tzinfo=None)
    for directive in aws["CloudWatchMetrics"]:
        if len(directive["Metrics"]) > 100 or any(len(s) > 30 for s in directive["Dimensions"]):
            raise Wrong("EMFValidationErrors")
        for names in directive["Dimensions"]:
            dimensions = [{"Name": n, "Value": dimension(document, n)} for n in names]
            for metric in directive["Metrics"]:
                values = document.get(metric["Name"])
                if values is None:
                    continue
                values = values if isinstance(values, list) else [values]
                if len(values) > 100 or not all(
                    isinstance(v, (int, float)) and not isinstance(v, bool) for v in values
                ):
                    raise Wrong("EMFValidationErrors")
                point = {
                    "MetricName": metric["Name"],
                    "Unit": metric.get("Unit", "None"),
                    "Dimensions": dimensions,
                    "Timestamp": at,
                }
                yield directive["Namespace"], [{**point, "Values": values}]


def dimension(document, name):
    value = document.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= 1024 or not value.isascii():
        raise Wrong("EMFValidationErrors")
    return value


def install():
    """Moto does not know saved queries."""

    def definitions(response):
        backend = response.logs_backend
        if not hasattr(backend, "query_definitions"):
            backend.query_definitions = {}
        return backend.query_definitions

    def put_query_definition(response):
        id_ = response._get_param("queryDefinitionId") or str(uuid.uuid4())
        definitions(response)[id_] = {
            "queryDefinitionId": id_,
            "name": response._get_param("name"),
            "queryString": response._get_param("queryString"),
            "logGroupNames": response._get_param("logGroupNames") or [],
        }
        return json.dumps({"queryDefinitionId": id_})

    def describe_query_definitions(response):
        return json.dumps({"queryDefinitions": list(definitions(response).values())})

    def delete_query_definition(response):
        if definitions(response).pop(response._get_param("queryDefinitionId"), None) is None:
            raise JsonRESTError("ResourceNotFoundException", "The specified query definition does not exist.")
        return json.dumps({"success": True})

    LogsResponse.put_query_definition = put_query_definition
    LogsResponse.describe_query_definitions = describe_query_definitions
    LogsResponse.delete_query_definition = delete_query_definition
