"""The function's requests are held against its role, as IAM would: what its policies don't allow is refused.

Every function gets an access key of its own from here; a request signed with one is a request of its role. All other
callers (SAM, the AWS command line, the tests) are the account's administrator and may do everything: that is ours.

Here is also where a test lets a service refuse the function's requests for a while.
"""

import contextlib
import io
import json
import re
import uuid
from urllib.parse import parse_qs, unquote

from moto.iam.models import iam_backends

from .policy import allows, as_list, like

ROLE_OF_KEY = {}  # access key: (account, role's ARN)
# What services and the function have asked of roles since the account was started, by the role's name.
ALLOWED = {}  # the actions that its policies name
USED = {}  # those of them that were asked for, and allowed
REFUSED = []  # (role, action, resource) of a function's own requests


def key_for(account, role_arn):
    key = "ASIA" + uuid.uuid4().hex[:16].upper()
    ROLE_OF_KEY[key] = (account, role_arn)
    return key


def role_allows(account, role_arn, action, resource):
    role = iam_backends[account]["aws"].get_role(role_arn.rpartition("/")[2])
    if role.managed_policies:
        raise ValueError("the emulator does not know managed policies")
    return allows([json.loads(p) for p in role.policies.values()], action, resource)


def ask(account, role_arn, action, resource):
    """role_allows, for a call that is really made: it is noted. Tests that only want to know call role_allows."""
    name = role_arn.rpartition("/")[2]
    documents = iam_backends[account]["aws"].get_role(name).policies.values()
    statements = [s for d in documents for s in as_list(json.loads(d)["Statement"]) if s["Effect"] == "Allow"]
    ALLOWED.setdefault(name, set()).update(a for s in statements for a in as_list(s["Action"]))
    if not role_allows(account, role_arn, action, resource):
        return False
    USED.setdefault(name, set()).add(action)
    return True


def may_assume(account, role_arn, service, source_arn):
    """Whether the role's trust policy lets the service assume it, on behalf of that resource of this account."""
    role = iam_backends[account]["aws"].get_role(role_arn.rpartition("/")[2])
    document = json.loads(role.assume_role_policy_document)
    statements = [{**s, "Resource": "*"} for s in document["Statement"]]  # a trust policy names no resource
    context = {"aws:SourceAccount": account, "aws:SourceArn": source_arn}
    return allows([{"Statement": statements}], "sts:AssumeRole", role_arn, context, service)


class Refuse:
    """WSGI in front of moto."""

    def __init__(self, application):
        self.application = application
        self.trouble = {}  # pattern of actions: the error's code

    def __call__(self, environ, start_response):
        credential = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if credential and credential[1] in ROLE_OF_KEY:
            account, role = ROLE_OF_KEY[credential[1]]
            region, service = credential[2], credential[3]
            action, resources = what_is_asked(environ, service, f"{region}:{account}")
            for resource in resources:
                if not ask(account, role, action, resource):
                    REFUSED.append((role, action, resource))
                    words = f"{role} is not authorized to perform: {action} on resource: {resource}"
                    return refusal(start_response, service, DENIED.get(service, "AccessDenied"), words)
            for pattern, code in list(self.trouble.items()):
                if like(pattern.lower(), action.lower()):
                    return refusal(start_response, service, code, f"{action} is in trouble, as the test asks for")
        return self.application(environ, start_response)

    @contextlib.contextmanager
    def refusing(self, pattern, code):
        """While this lasts the function's requests for such actions are answered with an error of this code."""
        self.trouble[pattern] = code
        try:
            yield
        finally:
            del self.trouble[pattern]


DENIED = {"dynamodb": "AccessDeniedException", "sns": "AuthorizationError"}


def refusal(start_response, service, code, words):
    """An error in the service's own form."""
    if service == "dynamodb":
        status, kind = "400 Bad Request", "application/x-amz-json-1.0"
        body = json.dumps({"__type": code, "message": words})
    elif service == "sns":
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error>"
        status, kind, body = "403 Forbidden", "text/xml", f"<ErrorResponse>{error}</ErrorResponse>"
    else:
        status, kind = "403 Forbidden", "application/xml"
        body = f"<Error><Code>{code}</Code><Message>{words}</Message></Error>"
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body.encode())))])
    return [body.encode()]


def what_is_asked(environ, service, here):
    """The IAM action of a request, and the resources. What isn't known has a name that no policy allows.

    here is REGION:ACCOUNT.
    """
    method, path = environ["REQUEST_METHOD"], unquote(environ["PATH_INFO"])
    if service == "s3":
        # Ours: path-style addresses only, which SDKs use by themselves for an IP address. HEAD of an object is a
        # GetObject to IAM.
        action = "s3:GetObject" if method in ("GET", "HEAD") and path.strip("/").count("/") else f"s3:{method}"
        return action, ["arn:aws:s3:::" + path.lstrip("/")]
    if service == "sns":
        form = parse_qs(body_of(environ).decode())
        return "sns:" + form["Action"][0], form.get("TopicArn", ["*"])
    if service == "dynamodb":
        _, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        request = json.loads(body_of(environ))
        tables = [request["TableName"]] if "TableName" in request else list(request.get("RequestItems", [])) or ["*"]
        return f"dynamodb:{operation}", [f"arn:aws:dynamodb:{here}:table/{t}" for t in tables]
    return f"{service}:{method} {path}", ["*"]


def body_of(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
