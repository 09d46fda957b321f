"""Deployments that AWS would refuse must fail here too, or the others prove nothing; and a failed creation leaves
nothing behind.

Each takes the template that sam deploy uploads, with one fault.
"""

import json

import pytest
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from conftest import REPOSITORY


@pytest.fixture(scope="module")
def packaged(shell, built, account):
    shell("sam package --resolve-s3 --output-template-file ../packaged.yaml")
    return (built.parent / "packaged.yaml").read_text()


@pytest.fixture
def create(account):
    cloudformation = account.client("cloudformation")
    yield lambda body, **more: cloudformation.create_stack(StackName="faulty", TemplateBody=body, **more)["StackId"]
    cloudformation.delete_stack(StackName="faulty")


def of(document, name):
    return document["Resources"][name]["Properties"]


def statements(document):
    return of(document, "ProcessorRole")["Policies"][0]["PolicyDocument"]["Statement"]


def without_action(document, action):
    for statement in statements(document):
        actions = statement.get("Action")
        if actions == action:
            statement["Action"] = "sts:GetCallerIdentity"
        elif isinstance(actions, list) and action in actions:
            actions.remove(action)


FAULTS = {
    "role may not send to the dead-letter queue": (lambda d: without_action(d, "sqs:SendMessage"), "SendMessage"),
    "role may not read the retry queue": (lambda d: without_action(d, "sqs:ReceiveMessage"), "ReceiveMessage"),
    "bucket may not invoke": (
        lambda d: of(d, "LogBucketInvokesProcessor").update(Principal="sns.amazonaws.com"),
        "destination configurations",
    ),
    "another account's bucket may invoke": (
        lambda d: of(d, "LogBucketInvokesProcessor").update(SourceAccount="444455556666"),
        "destination configurations",
    ),
    "bucket's name in the permission differs": (
        lambda d: of(d, "LogBucketInvokesProcessor").update(SourceArn="arn:aws:s3:::x"),
        "destination configurations",
    ),
    "bucket policy names another trail": (
        lambda d: of(d, "Trail").update(TrailName="another"),
        "Incorrect S3 bucket policy",
    ),
    "digests may not be written": (
        lambda d: of(d, "LogBucketPolicy")["PolicyDocument"]["Statement"][2].update(
            Resource={"Fn::Sub": "${LogBucket.Arn}/AWSLogs/${AWS::AccountId}/CloudTrail/*"}
        ),
        "Incorrect S3 bucket policy",
    ),
    "multi-Region trail without global events": (
        lambda d: of(d, "Trail").update(IncludeGlobalServiceEvents=False),
        "global service events",
    ),
    "message is visible before the function ends": (
        lambda d: of(d, "RetryQueue").update(VisibilityTimeout=60),
        "visibility timeout",
    ),
    "the table's key is not defined": (
        lambda d: of(d, "StateTable").update(AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}]),
        "ValidationException",
    ),
    "unknown way to bill the table": (lambda d: of(d, "StateTable").update(BillingMode="FREE"), "ValidationException"),
    "unknown property of the table": (lambda d: of(d, "StateTable").update(Backups=True), "Backups"),
    "unknown property of its time to live": (
        lambda d: of(d, "StateTable")["TimeToLiveSpecification"].update(Days=1),
        "Days",
    ),
    "reserved variable": (
        lambda d: of(d, "ProcessorFunction")["Environment"]["Variables"].update(AWS_REGION="x"),
        "Reserved keys",
    ),
    "unknown property": (lambda d: of(d, "DeadLetterQueue").update(Colour="red"), "Colour"),
    "unknown attribute": (
        lambda d: of(d, "ProcessorFunction")["DeadLetterQueue"].update(
            TargetArn={"Fn::GetAtt": ["DeadLetterQueue", "ARN"]}
        ),
        "ARN",
    ),
}


@pytest.mark.parametrize(("fault", "words"), FAULTS.values(), ids=FAULTS)
def test_fails_and_leaves_nothing(account, packaged, create, fault, words):
    document = yaml_parse(packaged)
    fault(document)
    buckets = {b["Name"] for b in account.client("s3").list_buckets()["Buckets"]}
    groups = {g["logGroupName"] for g in account.client("logs").describe_log_groups()["logGroups"]}
    made = create(json.dumps(document), Capabilities=["CAPABILITY_IAM"])
    (stack,) = account.client("cloudformation").describe_stacks(StackName=made)["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert words in stack["StackStatusReason"]
    assert not account.stack(made).resources, "RetainExceptOnCreate: a failed creation keeps nothing"
    assert {b["Name"] for b in account.client("s3").list_buckets()["Buckets"]} == buckets
    assert {g["logGroupName"] for g in account.client("logs").describe_log_groups()["logGroups"]} == groups


NO_ROLE = "must allow AWS EventBridge Scheduler to assume the role"
SCHEDULE_FAULTS = {
    "Scheduler may not assume the schedule's role": (lambda d: trust(d).update(Principal={"Service": "x"}), NO_ROLE),
    "the schedule's role is for another account": (
        lambda d: trust(d)["Condition"]["StringEquals"].update({"aws:SourceAccount": "444455556666"}),
        NO_ROLE,
    ),
    "the schedule's role is for a schedule, not a group": (
        lambda d: trust(d)["Condition"]["StringEquals"].update(
            {"aws:SourceArn": {"Fn::Sub": "arn:aws:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${TickGroup}/*"}}
        ),
        NO_ROLE,
    ),
    "the schedule is in another group": (lambda d: of(d, "Tick").update(GroupName="default"), NO_ROLE),
    "every one minutes": (
        lambda d: of(d, "Tick").update(ScheduleExpression="rate(1 minutes)"),
        "Invalid Schedule Expression",
    ),
    "the tick is no JSON": (lambda d: of(d, "Tick")["Target"].update(Input="tick"), "must be JSON"),
    "unknown property of the schedule's target": (
        lambda d: of(d, "Tick")["Target"].update(DeadLetterQueue="x"),
        "DeadLetterQueue",
    ),
}


def trust(document):
    return of(document, "TickRole")["AssumeRolePolicyDocument"]["Statement"][0]


@pytest.mark.parametrize(("fault", "words"), SCHEDULE_FAULTS.values(), ids=SCHEDULE_FAULTS)
def test_schedule_fails(account, create, fault, words):
    """Of the nested stack, as a stack of its own."""
    document = yaml_parse((REPOSITORY / "schedule.yaml").read_text())
    fault(document)
    function = {"ParameterKey": "FunctionArn", "ParameterValue": "arn:aws:lambda:eu-central-1:111122223333:function:f"}
    made = create(json.dumps(document), Capabilities=["CAPABILITY_IAM"], Parameters=[function])
    (stack,) = account.client("cloudformation").describe_stacks(StackName=made)["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert words in stack["StackStatusReason"]
    assert not account.stack(made).resources


REFUSED_AT_ONCE = {
    "circular dependency": (
        lambda d: of(d, "ProcessorRole").update(Description={"Fn::GetAtt": ["ProcessorFunction", "Arn"]}),
        "Circular dependency",
    ),
    "unknown resource": (lambda d: of(d, "Trail").update(S3BucketName={"Ref": "Nowhere"}), "Nowhere"),
    "unknown type": (lambda d: d["Resources"]["Trail"].update(Type="AWS::CloudTrail::Path"), "AWS::CloudTrail::Path"),
    "unknown condition": (lambda d: d["Resources"]["Trail"].update(Condition="Never"), "Never"),
}


@pytest.mark.parametrize(("fault", "words"), REFUSED_AT_ONCE.values(), ids=REFUSED_AT_ONCE)
def test_is_refused_at_once(packaged, create, fault, words):
    document = yaml_parse(packaged)
    fault(document)
    with pytest.raises(ClientError, match=words):
        create(json.dumps(document), Capabilities=["CAPABILITY_IAM"])


def test_roles_need_the_capability(packaged, create):
    with pytest.raises(ClientError, match="CAPABILITY_IAM"):
        create(packaged)
