"""Takes out of records what identifies an account or people, so that a reader can give them away.

The same value becomes the same made-up one throughout, since what ties records to each other is what one wants to see.
"""

import json
import re

ACCOUNT = re.compile(r"(?<![0-9A-Za-z])[0-9]{12}(?![0-9A-Za-z])")
ACCESS_ID = re.compile(r"\b(A(?:KIA|SIA|ROA|IDA|GPA|IPA|NPA|NVA|SCA|PKA|BIA|CCA))[A-Z0-9]{8,}\b")
# Of an ARN of IAM or STS: what stands behind the kind of principal.
PRINCIPAL = re.compile(r"(arn:[a-z-]+:(?:iam|sts)::[^:]*:(?:user|role|assumed-role|federated-user)/)([^\s\"',]+)")
MEMBERS = {  # whose whole value goes
    "sourceIPAddress": "address",
    "userName": "name",
    "sessionName": "name",
    "x-amz-id-2": "host",
    "Host": "host",
    "host": "host",
    "vpcEndpointId": "endpoint",
    "vpcEndpointAccountId": "account",
    "onBehalfOf": "person",
    "credentialId": "credential",
}
ACCOUNTS = ["111122223333", "444455556666", "777788889999"]


class Mask:
    def __init__(self):
        self.known = {}

    def __call__(self, value):
        """A copy of a record, or of a list of them, without what identifies."""
        self._names(value)
        return self._walk(value, "")

    def text(self, s):
        s = PRINCIPAL.sub(lambda m: m[1] + self._each(m[2]), s)
        s = ACCESS_ID.sub(lambda m: self._stand_in("id", m[0], m[1] + "EXAMPLE{:04d}"), s)
        s = ACCOUNT.sub(lambda m: self._account(m[0]), s)
        for kind, name in sorted(self.known, key=lambda k: -len(k[1])):
            # Names found elsewhere in the records, such as the session's in a principalId.
            if kind in ("name", "address") and len(name) > 2:
                s = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", self.known[kind, name], s)
        return s

    def _names(self, value):
        if isinstance(value, dict):
            for name, v in value.items():
                if name in ("userName", "sessionName", "sourceIPAddress") and isinstance(v, str) and "amazonaws" not in v:
                    self._stand_in(MEMBERS[name], v)
                self._names(v)
        elif isinstance(value, list):
            for v in value:
                self._names(v)
        elif isinstance(value, str):
            for m in PRINCIPAL.finditer(value):
                self._each(m[2])

    def _walk(self, value, name):
        if isinstance(value, dict):
            return {k: self._walk(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self._walk(v, name) for v in value]
        if not isinstance(value, str):
            return value
        if name in MEMBERS and value and not value.endswith((".amazonaws.com", ".amazonaws.com.cn", "AWS Internal")):
            return self._stand_in(MEMBERS[name], value)
        return self.text(value)

    def _each(self, path):
        return "/".join(self._stand_in("name", part) for part in path.split("/"))

    def _account(self, number):
        if number in ACCOUNTS:
            return number
        n = sum(kind == "account" for kind, _ in self.known)
        return self.known.setdefault(("account", number), ACCOUNTS[n] if n < len(ACCOUNTS) else f"{n:012d}")

    def _stand_in(self, kind, value, form=None):
        if value in self.known.values():
            return value
        if (kind, value) not in self.known:
            n = 1 + sum(k == kind for k, _ in self.known)
            form = form or {"address": "192.0.2.{}"}.get(kind, kind + "-{}")
            self.known[kind, value] = form.format(n)
        return self.known[kind, value]


def dumps(records):
    return json.dumps(Mask()(records), indent=2, sort_keys=True) + "\n"
