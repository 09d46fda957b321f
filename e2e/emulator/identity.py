"""The function's requests are held against its role, as IAM would: what its policies don't allow is refused.

Every function gets an access key of its own from here; a request signed with one is a request of its role. All other
callers (SAM, the AWS command line, the tests) are the account's administrator and may do everything: that is ours.
"""

import io
import json
import re
import uuid
from urllib.parse import parse_qs, unquote

from moto.iam.models import iam_backends

from .policy import allows

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


class Refuse:
    """WSGI in front of moto."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        credential = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if credential and credential[1] in ROLE_OF_KEY:
            account, role = ROLE_OF_KEY[credential[1]]
            action, resource = what_is_asked(environ, credential[3])
            if not role_allows(account, role, action, resource):
                words = f"{role} is not authorized to perform: {action} on resource: {resource}"
                body = f"<Error><Code>AccessDenied</Code><Message>{words}</Message></Error>"
                start_response(
                    "403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
                )
                return [body.encode()]
        return self.application(environ, start_response)


def what_is_asked(environ, service):
    """The IAM action and resource of a request. What isn't known here has a name that no policy allows."""
    method, path = environ["REQUEST_METHOD"], unquote(environ["PATH_INFO"])
    if service == "s3":
        # Ours: path-style addresses only, which SDKs use by themselves for an IP address. HEAD of an object is a
        # GetObject to IAM.
        action = "s3:GetObject" if method in ("GET", "HEAD") and path.strip("/").count("/") else f"s3:{method}"
        return action, "arn:aws:s3:::" + path.lstrip("/")
    if service == "sns":
        form = parse_qs(body_of(environ).decode())
        return "sns:" + form["Action"][0], form.get("TopicArn", ["*"])[0]
    return f"{service}:{method} {path}", "*"


def body_of(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
