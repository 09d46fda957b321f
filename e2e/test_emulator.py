"""The emulator's own rules, where a mistake would let a wrong template pass."""

import pytest

from emulator import policy
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
