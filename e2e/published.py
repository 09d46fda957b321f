"""What CloudWatch holds after an hour of log files, beside the truth."""

from moto.cloudwatch.models import cloudwatch_backends

ESSENTIAL = {
    "AllRequests",
    "GetRequests",
    "PutRequests",
    "DeleteRequests",
    "DeletedObjects",
    "DeniedDeletes",
    "4xxErrors",
    "5xxErrors",
}


def metrics(account, namespace):
    """{(name, dimensions): (sum, number of values)}, dimensions as a tuple of (name, value).

    Read where moto keeps it: its GetMetricStatistics without dimensions adds up the metrics with dimensions, which
    AWS's doesn't.
    """
    found = {}
    for point in list(cloudwatch_backends[account.id][account.region].metric_data):
        if point.namespace == namespace:
            key = point.name, tuple((d.name, d.value) for d in point.dimensions)
            total, n = found.get(key, (0, 0))
            found[key] = total + point.value, n + 1
    return found


def by_bucket(found):
    """{bucket: {metric: sum}} of those with the one dimension BucketName."""
    out = {}
    for (name, dimensions), (total, _) in found.items():
        if [d for d, _ in dimensions] == ["BucketName"]:
            out.setdefault(dimensions[0][1], {})[name] = total
    return out


def of_function(found, function):
    return {
        name: total for (name, dimensions), (total, _) in found.items() if dimensions == (("FunctionName", function),)
    }
