"""What is known only when all other end-to-end tests have run: this file's name is the last, and pytest goes by names."""

import pytest
from emulator import identity

# Nothing here makes these calls, so that it can't be seen that they are needed. internal/project says why they are.
UNSEEN = {
    "xray:PutTraceSegments": "the X-Ray daemon's, with the function's role; the emulator takes segments on the daemon's port",
    "xray:PutTelemetryRecords": "likewise",
    "kms:Decrypt": "S3's, with the caller's permission; moto's S3 encrypts nothing",
}


def test_aws_calls_are_what_the_roles_allow(account, request):
    """Every permission of the deployed roles was used by some call of this run, and no call lacked one but the one that
    asks for another's bucket."""
    files = {item.path.name for item in request.session.items}
    if request.config.option.keyword or not {"test_existing_log_bucket.py", "test_incident.py", "test_new_log_bucket.py"} <= files:
        pytest.skip("what a part of the tests calls says nothing about what is needed")
    account.settle()
    kinds = {}  # what is of a name is the same role, of one stack or another
    for name, allowed in identity.ALLOWED.items():
        if name in identity.OPERATORS:
            continue
        kind = "ProcessorRole" if "ProcessorRole" in name else "TickRole" if "TickRole" in name else name
        may, does = kinds.setdefault(kind, (set(), set()))
        may |= allowed
        does |= identity.USED.get(name, set())
    for kind, (may, does) in sorted(kinds.items()):
        print(f"{kind} calls: {', '.join(sorted(does))}")
    assert set(kinds) == {"ProcessorRole", "TickRole"}
    for kind, (may, does) in kinds.items():
        assert may - does - UNSEEN.keys() == set(), f"{kind} may do what nothing has ever done"
        assert does - may == set(), f"{kind} does what no statement names"
    refused = {
        (action, resource.split("/")[0])
        for role, action, resource in identity.REFUSED
        if role.rpartition("/")[2] not in identity.OPERATORS
    }
    assert refused == {("s3:GetObject", "arn:aws:s3:::somebody-elses")}
