"""The deployment itself, and patterns that CloudFormation and EventBridge accept."""

import json
import re

from . import stack
from .verdict import check, failed, passed


@check
def deployed(run):
    """CloudFormation makes everything that the templates ask for."""
    status = stack.look(run)
    kinds = {kind for kind, _ in run.resources.values()}
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return failed(f"the stack is {status}")
    return passed(f"{status}: {len(run.resources)} resources of {len(kinds)} types, the nested stacks' among them")


@check
def log_bucket_name(run):
    """The log bucket's name ends with the part of the stack's id that is new each time."""
    if not run.may_write_log_files:
        return passed("an existing log bucket")
    arn = run.aws("cloudformation").describe_stacks(StackName=run.stack)["Stacks"][0]["StackId"]
    part = arn.rsplit("/", 1)[-1].split("-")[0]
    want = f"bucketwatch-{run.account}-{run.region}-{part}"
    return passed(want) if run.log_bucket == want else failed(f"{run.log_bucket}, not {want}")


KEYS = {  # file -> does the rule of an existing log bucket take it?
    "AWSLogs/{a}/CloudTrail/{r}/2026/11/20/{a}_CloudTrail_{r}_20261120T1035Z_abcdefghij012345.json.gz": True,
    "AWSLogs/o-abc123/{a}/CloudTrail/{r}/2026/11/20/{a}_CloudTrail_{r}_20261120T1035Z_abcdefghij012345.json.gz": True,
    "AWSLogs/{a}/CloudTrail-Digest/{r}/2026/11/20/{a}_CloudTrail-Digest_{r}_x_20261120T100000Z.json.gz": True,
    "AWSLogs/{a}/CloudTrail-Insight/{r}/2026/11/20/{a}_CloudTrail-Insight_{r}_20261120T1035Z_abc.json.gz": False,
    "AWSLogs/{a}/elasticloadbalancing/{r}/2026/11/20/x.log.gz": False,
    "photos/7.jpg": False,
}


def key_patterns(template):
    """The wildcard patterns of LogFilesRule in existing-log-bucket.yaml, without a prefix."""
    rule = template.split("\n  LogFilesRule:\n", 1)[1].split("\n  LogFilesRuleInvokesProcessor:", 1)[0]
    return re.findall(r"\$\{\w+\}(AWSLogs/[^\s\"']+)", rule)


@check
def event_pattern(run):
    """EventBridge's wildcards take log files and digests, of an organization too, and nothing else."""
    patterns = key_patterns((stack.ROOT / "existing-log-bucket.yaml").read_text())
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": ["logs"]}, "object": {"key": [{"wildcard": p} for p in patterns]}},
    }
    for key, want in KEYS.items():
        key = key.format(a=run.account, r=run.region)
        event = {
            "id": "1", "account": run.account, "source": "aws.s3", "time": "2026-11-20T10:35:00Z", "region": run.region,
            "resources": [], "detail-type": "Object Created", "detail": {"bucket": {"name": "logs"}, "object": {"key": key}},
        }
        got = run.aws("events").test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"]
        if got != want:
            return failed(f"{key} is {'taken' if got else 'left out'}")
    return passed(f"{len(KEYS)} keys held against {', '.join(patterns)}")
