"""May this principal do this? The language of IAM policies as far as this project's templates use it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html (a Deny wins, nothing
said is a no).
Ours: an operator that is not listed here is an error, so that no condition is passed over in silence.
"""

import re


def as_list(value):
    return value if isinstance(value, list) else [value]


def like(pattern, text):
    """* and ? as in policies: both match any character, slashes and colons too."""
    expression = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


OPERATORS = {
    "StringEquals": lambda want, got: want == got,
    "StringLike": like,
    "StringNotEquals": lambda want, got: want != got,
    "ArnEquals": like,  # AWS: ArnEquals and ArnLike behave alike
    "ArnLike": like,
    "Bool": lambda want, got: want.lower() == got.lower(),
}


def condition_holds(conditions, context):
    context = {key.lower(): value for key, value in context.items()}  # AWS: keys are not case sensitive
    for operator, keys in conditions.items():
        name, _, if_exists = operator.partition("IfExists")
        for key, wanted in keys.items():
            got = context.get(key.lower())
            if got is None:
                if operator.endswith("IfExists"):
                    continue
                return False
            test = OPERATORS[name]
            results = [test(str(w), got) for w in as_list(wanted)]
            # AWS: several values are an "or", and for a negated operator a "nor".
            if not (all(results) if "Not" in name else any(results)):
                return False
    return True


def principal_matches(principal, service):
    if principal == "*":
        return True
    return any(
        like(p, service) for kind, names in principal.items() for p in as_list(names) if kind == "Service" or p == "*"
    )


def allows(policies, action, resource, context=None, service=None):
    """Whether the policies (documents) allow it. service is the caller's name for resource policies, None for those of
    an identity."""
    allowed = False
    for document in policies:
        for statement in as_list(document["Statement"]):
            if unknown := set(statement) - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}:
                raise ValueError(f"the emulator does not know {unknown} in a policy")
            if service is not None and not principal_matches(statement["Principal"], service):
                continue
            if not any(like(a.lower(), action.lower()) for a in as_list(statement["Action"])):
                continue
            if not any(like(r, resource) for r in as_list(statement["Resource"])):
                continue
            if not condition_holds(statement.get("Condition", {}), context or {}):
                continue
            if statement["Effect"] == "Deny":
                return False
            allowed = True
    return allowed
