"""Which events a trail records: advanced event selectors.

AWS's behaviour: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html: an event
is recorded when one selector's fields all match; of a field's operators the positive ones are an "or", and a negative
one excludes.
Ours: who asks gives the event's fields; nothing here makes records of its own.
"""

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
