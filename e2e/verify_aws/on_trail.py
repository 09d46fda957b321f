"""What CloudTrail recorded of what was done."""

import calendar
import time

from .logfiles import KEY
from .run import bucket_of
from .verdict import check, failed, not_seen, passed, waiting, wrong_so_far

CALL, PER_KEY = "AwsApiCall", "AwsServiceEvent"


def of(records, event_name, event_type):
    return [r for r in records if r.get("eventName") == event_name and r.get("eventType") == event_type]


def key_of(record):
    """The key as the project's code reads it: requestParameters.key, else the object's ARN."""
    key = (record.get("requestParameters") or {}).get("key")
    if key:
        return key
    for resource in record.get("resources") or []:
        if resource.get("type") == "AWS::S3::Object" and resource.get("ARN"):
            return resource["ARN"].split(":::", 1)[-1].partition("/")[2]
    return ""


def element(record, member, name):
    return (record.get(member) or {}).get(name)


def call(run, kind, bucket=None):
    """(deed, its record) of the first turn that CloudTrail recorded, else of none."""
    records = {r.get("requestID"): r for r in run.records(bucket or run.bucket) if r.get("eventType") == CALL}
    for deed in run.deeds:
        if deed.kind == kind and deed.request_id in records:
            return deed, records[deed.request_id]
    return None, None


@check
def log_file_delivery(run):
    """Names, order and delay of log files; records twice."""
    theirs = [f for f in run.files.values() if not f.ours]
    if run.notes.get("unreadable"):
        return failed(f"a log file of CloudTrail that cannot be read: {run.notes['unreadable'][0]}")
    odd = [f.key for f in theirs if not KEY.fullmatch(f.key)]
    if odd:
        return failed(f"a key of another layout: {odd[0]}")
    ids = [r.get("eventID") for f in theirs for r in f.records]
    _, record = call(run, "bulk")
    if not record:
        return waiting(f"{len(theirs)} log files, none with the test's records yet")
    seen = [(f.delivered - epoch(r["eventTime"])) for f in theirs for r in f.records if bucket_of(r) == run.bucket]
    return passed(f"{len(theirs)} log files, keys as expected; the test's records came {min(seen):.0f} to {max(seen):.0f} s after "
                  f"the requests; {len(ids) - len(set(ids))} of {len(ids)} records came twice")


def epoch(event_time):
    return calendar.timegm(time.strptime(event_time, "%Y-%m-%dT%H:%M:%SZ"))


@check
def digests(run):
    """Digest files every hour, announced to the function like log files."""
    seen = [l for l in run.lines_of("Health") if l.get("DigestFiles")]
    if seen:
        return passed(f"{len(seen)} digest files reached the function, the first {seen[0]['LogFile'].rsplit('/', 1)[-1]}")
    return waiting("no digest file in this time; they come once an hour")


@check
def delete_marker(run):
    """A delete without a version id says that it made a delete marker."""
    _, record = call(run, "delete-marker")
    if not record:
        return waiting("the delete is not recorded yet")
    value = element(record, "responseElements", "x-amz-delete-marker")
    if str(value).lower() == "true" and not element(record, "requestParameters", "versionId"):
        return passed(f"responseElements.x-amz-delete-marker is {value!r}")
    return failed(f"responseElements is {record.get('responseElements')}")


@check
def permanent_delete(run):
    """A delete with a version id carries it."""
    _, record = call(run, "permanent")
    if not record:
        return waiting("the delete is not recorded yet")
    version = element(record, "requestParameters", "versionId")
    return passed("requestParameters.versionId is there") if version else failed(f"no versionId: {record.get('requestParameters')}")


@check
def delete_marker_removed(run):
    """Removing a delete marker has both: the object is back, and must not count as deleted."""
    _, record = call(run, "marker-removed")
    if not record:
        return waiting("the removal is not recorded yet")
    version = element(record, "requestParameters", "versionId")
    marker = element(record, "responseElements", "x-amz-delete-marker")
    if version and str(marker).lower() == "true":
        return passed("versionId and x-amz-delete-marker true, as the project takes it")
    return failed(f"versionId {version!r}, responseElements {record.get('responseElements')}: counts as a deleted object")


@check
def denied_delete(run):
    """A refused delete is recorded, with its error code and its caller."""
    _, record = call(run, "denied")
    if not record:
        return waiting("the refused delete is not recorded yet")
    if record.get("errorCode") == "AccessDenied" and key_of(record):
        return passed("errorCode AccessDenied, with the key")
    return failed(f"errorCode {record.get('errorCode')!r}, key {key_of(record)!r}")


@check
def other_callers(run):
    """Requests without credentials, and with a wrong signature."""
    _, anonymous = call(run, "anonymous")
    forged = [r for r in run.records(run.bucket) if r.get("eventSource") == "s3-authn-errors.amazonaws.com"]
    told = []
    if anonymous:
        identity = anonymous.get("userIdentity") or {}
        told.append(f"anonymous: type {identity.get('type')}, accountId {identity.get('accountId')}")
        if str(identity.get("accountId", "")).lower() not in ("anonymous", "anonymous_principal"):
            return failed(f"an unsigned request's userIdentity is {identity}")
    if forged:
        told.append(f"wrong signature: eventName {forged[0].get('eventName')}")
    return passed("; ".join(told)) if len(told) == 2 else waiting("; ".join(told) or "neither is recorded yet")


@check
def per_key_records(run):
    """One DeleteObjects call is one AwsApiCall, and one AwsServiceEvent DeleteObject for each key."""
    deed, _ = call(run, "bulk")
    if not deed:
        return waiting("the DeleteObjects call is not recorded yet")
    perkey = of(run.records(run.bucket), "DeleteObject", PER_KEY)
    mine = [r for r in perkey if key_of(r) in deed.keys]
    if not perkey:
        return wrong_so_far("the call is recorded, and no record of an object")
    if len({key_of(r) for r in mine}) < len(deed.keys):
        return wrong_so_far(f"{len(mine)} of {len(deed.keys)} keys found; {len(perkey)} per-key records in all, "
                            f"the first with requestParameters {perkey[0].get('requestParameters')}")
    ties = sorted({"requestID" if r.get("requestID") == deed.request_id else "not requestID" for r in mine})
    who = sorted({str((r.get("userIdentity") or {}).get("type") or (r.get("userIdentity") or {}).get("invokedBy")) for r in mine})
    return passed(f"{len(mine)} records for {len(deed.keys)} keys; tied to the call by: {', '.join(ties)}; userIdentity: "
                  f"{', '.join(who)}; members: {', '.join(sorted(mine[0]))}")


@check
def per_key_versions(run):
    """Per-key records of a bulk delete by version id carry it, or PermanentDeletes misses them."""
    deed, _ = call(run, "bulk-versions")
    mine = [r for r in of(run.records(run.bucket), "DeleteObject", PER_KEY) if deed and key_of(r) in deed.keys]
    if not mine:
        return waiting("no per-key record of it yet")
    missing = [r for r in mine if not element(r, "requestParameters", "versionId")]
    if missing:
        return failed(f"no requestParameters.versionId, but {missing[0].get('requestParameters')}")
    return passed(f"requestParameters.versionId in {len(mine)} of {len(mine)}")


@check
def per_key_refused(run):
    """The key that S3 refused within a bulk delete must not look deleted."""
    deed, _ = call(run, "bulk-mixed")
    mine = [r for r in of(run.records(run.bucket), "DeleteObject", PER_KEY) if deed and key_of(r) in deed.keys]
    if not mine:
        return waiting("no per-key record of it yet")
    refused = [r for r in mine if key_of(r) in deed.denied]
    if not refused:
        return waiting("the refused key has no record so far: an attempt that nobody sees")
    if all(r.get("errorCode") for r in refused):
        return passed(f"the refused key's record has errorCode {refused[0]['errorCode']}")
    return failed("the refused key's record has no errorCode: it counts as deleted")


@check
def body_size(run):
    """The size of a bulk call's body tells the number of keys, where there are no per-key records."""
    deed, record = call(run, "bulk")
    if not record:
        return waiting("the DeleteObjects call is not recorded yet")
    size = element(record, "additionalEventData", "bytesTransferredIn")
    if not size:
        return failed(f"no bytesTransferredIn: {record.get('additionalEventData')}")
    estimate = int((size - 122) // (28 + sum(map(len, deed.keys)) / len(deed.keys)))
    text = f"{size:.0f} bytes, estimated {estimate} keys of {len(deed.keys)}"
    return passed(text) if abs(estimate - len(deed.keys)) <= 1 else failed(text)


@check
def timing(run):
    """httpStatusCode, startTime and endTime since 2026: the exact status, and latencies."""
    known = ("httpStatusCode", "startTime", "endTime", "turnAroundTime")
    records = [r for r in run.records(run.bucket) if r.get("eventType") == CALL]
    seen = sorted({name for r in records for name in known if name in (r.get("additionalEventData") or {})})
    if seen:
        return passed("additionalEventData has " + ", ".join(seen))
    return waiting(f"none of {', '.join(known)} in {len(records)} records: without them there are no latencies")


@check
def log_bucket_deletes(run):
    """Deletes in the log bucket are recorded by StartsWith on resources.ARN, DeleteObjects with its ARNPrefix too."""
    if "log bucket deletes" not in run.at:
        return waiting(run.troubles.get("log bucket deletes", "not done"))
    single, _ = call(run, "log-bucket-single", run.log_bucket)
    several, _ = call(run, "log-bucket-bulk", run.log_bucket)
    if single and several:
        return passed("DeleteObject and DeleteObjects are both recorded")
    if single:
        return wrong_so_far("DeleteObject is recorded, DeleteObjects is not: the selector does not match its ARNPrefix")
    return waiting("neither is recorded yet")


@check
def log_bucket_writes(run):
    """NotStartsWith keeps a trail from recording the writing of its own log files."""
    written = [r for r in run.records(run.log_bucket) if r.get("eventName") == "PutObject"]
    if written:
        return failed(f"the trail records writes into its own log bucket: {len(written)} PutObject")
    if not run.whole_account and run.own:
        return not_seen("the test's trail records one bucket only; --whole-account shows it")
    delivered = [f for f in run.files.values() if not f.ours]
    if len(delivered) < 4 or not call(run, "bulk")[1]:
        return waiting(f"{len(delivered)} log files so far")
    return passed(f"none of {len(delivered)} log files records the writing of another")
