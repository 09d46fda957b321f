"""Which events a trail records: advanced event selectors.

AWS's behaviour: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html: an event
is recorded when one selector's fields all match; of a field's operators the positive ones are an "or", and a negative
one excludes.
Ours: who asks gives the event's fields; nothing here makes records of its own.

And what moto leaves out of CloudTrail's API: a trail may be called by its ARN, selectors replace all that were there
(API_PutEventSelectors.html), and ListTrails lists those of all Regions
(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTrails.html).
"""

import functools

from moto.cloudtrail.models import CloudTrailBackend, cloudtrail_backends

POSITIVE = {"Equals": str.__eq__, "StartsWith": str.startswith, "EndsWith": str.endswith}
NEGATIVE = {"NotEquals": str.__eq__, "NotStartsWith": str.startswith, "NotEndsWith": str.endswith}


def records(selectors, event):
    """event has the selectors' fields: eventCategory, resources.type, resources.ARN, eventName, readOnly."""
    return any(all(matches(f, event.get(f["Field"])) for f in s["FieldSelectors"]) for s in selectors)


def matches(selector, value):
    if value is None:
        return False
    operators = {k: v for k, v in selector.items() if k != "Field"}
    if unknown := set(operators) - set(POSITIVE) - set(NEGATIVE):
        raise ValueError(f"the emulator does not know {unknown}")
    wanted = [test(value, w) for op, test in POSITIVE.items() for w in operators.get(op, [])]
    refused = [test(value, w) for op, test in NEGATIVE.items() for w in operators.get(op, [])]
    return (any(wanted) if wanted else True) and not any(refused)


def install():
    def by_arn_too(method):
        @functools.wraps(method)
        def call(backend, *arguments, **more):
            def short(value):
                return value.rpartition("/")[2] if isinstance(value, str) and ":trail/" in value else value

            return method(backend, *map(short, arguments), **{k: short(v) for k, v in more.items()})

        return call

    for name in (
        "start_logging",
        "stop_logging",
        "delete_trail",
        "update_trail",
        "get_event_selectors",
        "put_event_selectors",
    ):
        setattr(CloudTrailBackend, name, by_arn_too(getattr(CloudTrailBackend, name)))
    put = CloudTrailBackend.put_event_selectors

    def put_event_selectors(backend, trail_name, event_selectors, advanced_event_selectors):
        """AWS: a trail has basic or advanced selectors; those that are put replace all. Moto keeps both."""
        found = backend.get_trail(trail_name.rpartition("/")[2])
        found.event_selectors, found.advanced_event_selectors = [], []
        return put(backend, trail_name, event_selectors, advanced_event_selectors)

    CloudTrailBackend.put_event_selectors = put_event_selectors
    CloudTrailBackend.list_trails = lambda backend: [
        trail for region in cloudtrail_backends[backend.account_id].values() for trail in region.trails.values()
    ]
