"""The emulator's own rules, where a mistake would let a wrong template pass."""

import io
import json

import pytest
from botocore.exceptions import ClientError

from emulator import identity, policy
from emulator.intrinsics import Resolver, Unresolved
from emulator.template import Invalid, Template

ALLOW = {"Effect": "Allow", "Principal": {"Service": "s.amazonaws.com"}, "Action": "q:Send*", "Resource": "arn:q/*"}


def allows(*statements, action="q:SendMessage", resource="arn:q/1", context=None, service="s.amazonaws.com"):
    return policy.allows([{"Statement": list(statements)}], action, resource, context, service)


def test_policy_allows():
    assert allows(ALLOW)
    assert allows({**ALLOW, "Action": ["x:Y", "Q:sendmessage"]}), "actions are not case sensitive"
    assert allows({**ALLOW, "Principal": "*"})
    assert allows(
        {**ALLOW, "Condition": {"StringEquals": {"AWS:SourceAccount": ["2", "1"]}}}, context={"aws:SourceAccount": "1"}
    )
    assert allows(
        {**ALLOW, "Condition": {"ArnLike": {"aws:SourceArn": "arn:*:b"}}}, context={"aws:SourceArn": "arn:a:b"}
    )
    assert allows({**ALLOW, "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "1"}}})


def test_policy_refuses():
    assert not allows()
    assert not allows(ALLOW, action="q:Receive")
    assert not allows(ALLOW, resource="arn:p/1")
    assert not allows(ALLOW, service="t.amazonaws.com")
    assert not allows(ALLOW, {**ALLOW, "Effect": "Deny"})
    assert not allows(
        {**ALLOW, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}, context={"aws:SourceAccount": "2"}
    )
    assert not allows({**ALLOW, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}), (
        "a key that is not there is no match"
    )
    assert not allows({**ALLOW, "Condition": {"StringEquals": {"a": "1", "b": "1"}}}, context={"a": "1", "b": "2"}), (
        "all keys must match"
    )
    assert not allows({**ALLOW, "Condition": {"StringNotEquals": {"a": ["1", "2"]}}}, context={"a": "2"})


def test_unknown_parts_of_a_policy_are_errors():
    with pytest.raises(KeyError):
        allows({**ALLOW, "Condition": {"DateLessThan": {"a": "1"}}}, context={"a": "1"})
    with pytest.raises(ValueError):
        allows({**ALLOW, "NotResource": "x"})


resolve = Resolver(
    {"A": "a", "List": ["x", "y"]}.__getitem__,
    lambda name, attribute: f"{name}.{attribute}",
    {"Yes": {"Fn::Equals": ["1", "1"]}},
)
RESOLVED = {
    "Sub": ({"Fn::Sub": "${A}-${B.C}-${!D}"}, "a-B.C-${D}"),
    "Sub with values of its own": ({"Fn::Sub": ["${A}${E}", {"E": {"Ref": "A"}}]}, "aa"),
    "Join of Split": ({"Fn::Join": ["+", {"Fn::Split": [",", "p,q"]}]}, "p+q"),
    "Select": ({"Fn::Select": ["1", {"Ref": "List"}]}, "y"),
    "If": ({"Fn::If": ["Yes", 1, 2]}, 1),
    "no value in an object": ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
    "no value in a list": ([1, {"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, 2]}], [1]),
}


@pytest.mark.parametrize(("node", "want"), RESOLVED.values(), ids=RESOLVED)
def test_intrinsics(node, want):
    assert resolve(node) == want


@pytest.mark.parametrize(
    "node", [{"Fn::Transform": {}}, {"Fn::If": ["No", 1, 2]}], ids=["unknown function", "unknown condition"]
)
def test_what_cannot_be_resolved_is_an_error(node):
    with pytest.raises(Unresolved):
        resolve(node)


def template(**more):
    return Template(str({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, **more}).replace("'", '"'), {}, {})


def test_template_without_a_needed_parameter_is_refused():
    with pytest.raises(Invalid, match="must have values"):
        template(Parameters={"P": {"Type": "String"}})


def test_order_follows_references():
    body = {
        "A": {"Type": "T", "Properties": {"x": {"Ref": "B"}}},
        "B": {"Type": "T", "DependsOn": "C"},
        "C": {"Type": "T"},
    }
    assert template(Resources=body).order == ["C", "B", "A"]


# ---- The table: what the function's store asks DynamoDB for ----


@pytest.fixture
def table(account):
    dynamodb = account.client("dynamodb")
    keys = {"pk": "HASH", "sk": "RANGE"}
    dynamodb.create_table(
        TableName="remembered",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
        KeySchema=[{"AttributeName": k, "KeyType": kind} for k, kind in keys.items()],
    )
    yield dynamodb
    dynamodb.delete_table(TableName="remembered")


def item(sort, version=None):
    version = {"version": {"N": str(version)}} if version else {}
    return {"pk": {"S": "p"}, "sk": {"S": sort}, "data": {"B": b"\0\xff"}} | version


def stored(table, sort):
    key = {"pk": {"S": "p"}, "sk": {"S": sort}}
    return table.get_item(TableName="remembered", Key=key, ConsistentRead=True).get("Item")


def if_version(version):
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": {"N": str(version)}},
    }


def test_table_does_what_the_store_asks_for(table):
    name = {"TableName": "remembered"}
    absent = {
        "ConditionExpression": "attribute_not_exists(#version)",
        "ExpressionAttributeNames": {"#version": "version"},
    }
    table.put_item(**name, Item=item("a", 1), **absent)
    with pytest.raises(ClientError, match="ConditionalCheckFailedException") as refusal:
        table.put_item(**name, Item=item("a", 9), **absent, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert refusal.value.response["Item"] == item("a", 1), "what is there, without another read"
    table.put_item(**name, Item=item("a", 2), **if_version(1))
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        table.put_item(**name, Item=item("a", 3), **if_version(1))
    assert stored(table, "a") == item("a", 2)

    key = {"pk": {"S": "p"}, "sk": {"S": "a"}}
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        table.delete_item(**name, Key=key, **if_version(1))
    table.delete_item(**name, Key=key, **if_version(2))
    assert stored(table, "a") is None

    sorts = ["b", "c#1", "c#2", "C", "\u00e9", "d"]
    written = table.batch_write_item(RequestItems={"remembered": [{"PutRequest": {"Item": item(s)}} for s in sorts]})
    assert not written["UnprocessedItems"]
    between = "pk = :pk AND sk BETWEEN :from AND :until"
    values = {":pk": {"S": "p"}, ":from": {"S": "c"}, ":until": {"S": "d"}}
    found = table.query(
        **name, ConsistentRead=True, KeyConditionExpression=between, ExpressionAttributeValues=values
    )
    assert [i["sk"]["S"] for i in found["Items"]] == ["c#1", "c#2", "d"]
    all_of_it = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "p"}}}
    found = table.query(**name, **all_of_it)["Items"]
    assert [i["sk"]["S"] for i in found] == sorted(sorts, key=str.encode), "in the order of their bytes"


# ---- The function's requests ----


def of_function(service, operation="", **request):
    """A request, as WSGI has it, signed with a function's key."""
    body = json.dumps(request).encode()
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=ASIATEST/20261120/eu-central-1/{service}/aws4_request, x",
        "HTTP_X_AMZ_TARGET": f"DynamoDB_20120810.{operation}",
        "wsgi.input": io.BytesIO(body),
    }


def test_requests_to_a_table_are_known_by_its_arn():
    def of(operation, **request):
        environ = of_function("dynamodb", operation, **request)
        return identity.what_is_asked(environ, "dynamodb", "eu-central-1:111122223333")

    arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/"
    assert of("PutItem", TableName="t") == ("dynamodb:PutItem", [arn + "t"])
    assert of("BatchWriteItem", RequestItems={"t": [], "u": []}) == ("dynamodb:BatchWriteItem", [arn + "t", arn + "u"])
    assert of("ListTables") == ("dynamodb:ListTables", [arn + "*"]), "no policy for one table allows it"


def test_what_is_not_known_is_no_action_of_any_policy():
    assert identity.what_is_asked(of_function("kms"), "kms", "r:a") == ("kms:POST /", ["*"])


def test_trouble_is_of_the_actions_named_and_ends(monkeypatch):
    monkeypatch.setitem(identity.ROLE_OF_KEY, "ASIATEST", ("111122223333", "arn:aws:iam::111122223333:role/x"))
    monkeypatch.setattr(identity, "ask", lambda *_: True)
    refuse, statuses = identity.Refuse(lambda environ, start_response: [b"moto"]), []

    def ask():
        request = of_function("dynamodb", "GetItem", TableName="t")
        return b"".join(refuse(request, lambda status, headers: statuses.append(status)))

    with refuse.refusing("dynamodb:*", "ThrottlingException"):
        assert json.loads(ask())["__type"] == "ThrottlingException"
    with refuse.refusing("sns:Publish", "AuthorizationError"):
        assert ask() == b"moto"
    assert ask() == b"moto"
    assert statuses == ["400 Bad Request"]
