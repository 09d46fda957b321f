"""A role's requests are held against it, as IAM would: what its policies don't allow is refused.

Every function gets an access key of its own from here, and so does a test that acts as a role; a request signed with one
is a request of that role. All other callers (SAM, the AWS command line, the tests) are the account's administrator and
may do everything: that is ours.

Here is also where a test lets a service refuse the function's requests for a while.
"""

import contextlib
import functools
import io
import json
import re
import uuid
from urllib.parse import parse_qs, unquote

import botocore.loaders
from moto.iam.models import iam_backends

from . import cbor
from .policy import allows, like

ROLE_OF_KEY = {}  # access key: (account, role's ARN)


def key_for(account, role_arn):
    key = "ASIA" + uuid.uuid4().hex[:16].upper()
    ROLE_OF_KEY[key] = (account, role_arn)
    return key


def role_allows(account, role_arn, action, resource):
    role = iam_backends[account]["aws"].get_role(role_arn.rpartition("/")[2])
    if role.managed_policies:
        raise ValueError("the emulator does not know managed policies")
    return allows([json.loads(p) for p in role.policies.values()], action, resource)


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
        self.asked = []  # (role, action), for tests to look at

    def __call__(self, environ, start_response):
        credential = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if credential and credential[1] in ROLE_OF_KEY:
            account, role = ROLE_OF_KEY[credential[1]]
            region, service = credential[2], credential[3]
            action, resources = what_is_asked(environ, service, f"{region}:{account}")
            self.asked.append((role, action))
            for resource in resources:
                if not role_allows(account, role, action, resource):
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


# How services speak, as far as somebody asks them here.
JSON, REST = ("cloudtrail", "events", "logs", "sqs"), ("lambda", "scheduler")
DENIED = {service: "AccessDeniedException" for service in (*JSON, *REST, "dynamodb", "monitoring")}
DENIED["sns"] = "AuthorizationError"


def refusal(start_response, service, code, words):
    """An error in the service's own form."""
    if service == "dynamodb":
        status, kind = "400 Bad Request", "application/x-amz-json-1.0"
        body = json.dumps({"__type": code, "message": words})
    elif service == "sns":
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error>"
        status, kind, body = "403 Forbidden", "text/xml", f"<ErrorResponse>{error}</ErrorResponse>"
    elif service in JSON:
        status, kind = "400 Bad Request", "application/x-amz-json-1.1"
        body = json.dumps({"__type": code, "message": words})
    elif service in REST:
        status, kind, body = "403 Forbidden", "application/json", json.dumps({"__type": code, "message": words})
    elif service == "monitoring":
        return cbor.answer(start_response, "400 Bad Request", cbor.error(code, words))
    elif service == "cloudformation":
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
        if method in ("GET", "HEAD") and path.strip("/").count("/"):
            action = "s3:GetObject"
        else:
            action = "s3:" + of_bucket(method, path, environ.get("QUERY_STRING", ""))
        return action, ["arn:aws:s3:::" + path.lstrip("/")]
    if service == "sns":
        form = parse_qs(body_of(environ).decode())
        return "sns:" + form["Action"][0], form.get("TopicArn", ["*"])
    if service == "dynamodb":
        _, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        request = json.loads(body_of(environ))
        tables = [request["TableName"]] if "TableName" in request else list(request.get("RequestItems", [])) or ["*"]
        return f"dynamodb:{operation}", [f"arn:aws:dynamodb:{here}:table/{t}" for t in tables]
    if service in (*JSON, *REST, "cloudformation", "monitoring"):
        return f"{PREFIX.get(service, service)}:{operation_of(environ, service, method, path)}", ["*"]
    return f"{service}:{method} {path}", ["*"]


PREFIX = {"monitoring": "cloudwatch"}  # of actions, where it isn't the name that requests are signed for


def of_bucket(method, path, query):
    """IAM's name of a request to a bucket, as far as somebody has asked for it here."""
    asked = parse_qs(query, keep_blank_values=True)
    if method == "GET" and path == "/":
        return "ListAllMyBuckets"
    if method == "GET" and "notification" in asked:
        return "GetBucketNotification"
    if method == "HEAD" or method == "GET" and "list-type" in asked:
        return "ListBucket"
    return method


def operation_of(environ, service, method, path):
    """The API's operation, however the service's protocol says it."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return target.rpartition(".")[2]
    if asked := re.fullmatch(r"/service/\w+/operation/(\w+)", path):
        return asked[1]
    if service in REST:
        return next((o for o, m, uri in routes(service) if m == method and uri.fullmatch(path)), f"{method} {path}")
    return parse_qs(body_of(environ).decode()).get("Action", [f"{method} {path}"])[0]


@functools.cache
def routes(service):
    """(operation, method, path) of a service, as botocore knows them."""
    model = botocore.loaders.create_loader().load_service_model(service, "service-2")
    found = []
    for name, operation in model["operations"].items():
        uri = operation["http"]["requestUri"].partition("?")[0]
        pattern = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"({[^}]*})", uri))
        found.append((name, operation["http"]["method"], re.compile(pattern.rstrip("/") + "/?")))
    return found


def body_of(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
