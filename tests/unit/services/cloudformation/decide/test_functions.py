"""The intrinsic functions: input is a value of a template, output what it is in an environment."""

from typing import Any

import pytest

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.decide.template import conditions, functions
from sandbox.services.cloudformation.decide.template.functions import Unknown
from sandbox.services.cloudformation.template_model import NO_VALUE, Environment
from tests.support import rule

ENV = Environment(
    parameters={"Size": "3", "Zones": ["a", "b"]},
    pseudo={"AWS::Region": "us-east-1", "AWS::StackName": "web"},
    mappings={"Images": {"us-east-1": {"Linux": "ami-1", "Ports": [80, 443]}}},
    conditions={"Yes": True, "No": False},
    references={"Net": "vpc-1"},
    attributes={"Net": {"CidrBlock": "10.0.0.0/16", "Endpoint.Address": "db.local"}},
    exports={"shared-vpc": "vpc-9"},
    zones={"us-east-1": ("us-east-1a", "us-east-1b")},
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Size"}, "3"),
        ({"Ref": "Zones"}, ["a", "b"]),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Net"}, "vpc-1"),
        ({"Fn::GetAtt": ["Net", "CidrBlock"]}, "10.0.0.0/16"),
        ({"Fn::GetAtt": "Net.Endpoint.Address"}, "db.local"),
        ({"Fn::Sub": "${AWS::StackName}-${Net}-${Net.CidrBlock}"}, "web-vpc-1-10.0.0.0/16"),
        ({"Fn::Sub": "${!Literal} ${Size}"}, "${Literal} 3"),
        ({"Fn::Sub": ["${a}/${Size}", {"a": {"Ref": "Net"}}]}, "vpc-1/3"),
        ({"Fn::Sub": "$ {Size} $5"}, "$ {Size} $5"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Size"}, 7, True]]}, "a-3-7-true"),
        ({"Fn::Join": [",", {"Ref": "Zones"}]}, "a,b"),
        ({"Fn::Select": [1, {"Ref": "Zones"}]}, "b"),
        ({"Fn::Select": ["0", {"Fn::GetAZs": ""}]}, "us-east-1a"),
        ({"Fn::Split": [".", "a.b.c"]}, ["a", "b", "c"]),
        ({"Fn::FindInMap": ["Images", {"Ref": "AWS::Region"}, "Linux"]}, "ami-1"),
        ({"Fn::FindInMap": ["Images", "us-east-1", "Ports"]}, [80, 443]),
        ({"Fn::Base64": "hello"}, "aGVsbG8="),
        ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, ["us-east-1a", "us-east-1b"]),
        ({"Fn::Cidr": ["10.0.0.0/16", 3, 8]}, ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]),
        ({"Fn::Cidr": ["10.0.0.0/16", "1"]}, ["10.0.0.0/24"]),
        ({"Fn::ImportValue": {"Fn::Sub": "shared-vpc"}}, "vpc-9"),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, 2]}, 2),
        ({"Fn::If": ["No", 1, {"Ref": "AWS::NoValue"}]}, NO_VALUE),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Ref": "AWS::NoValue"}]}, {"b": [1]}),
        ({"Ref": "Size", "other": 1}, {"Ref": "Size", "other": 1}),
    ],
)
def test_a_function_is_its_value(value: Any, expected: Any) -> None:
    assert functions.evaluate(value, ENV) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"Fn::FindInMap": ["Images", "eu-west-1", "Linux"]}, "Template error: Unable to get mapping for Images::eu-west-1::Linux"),
        ({"Fn::Select": [5, ["a"]]}, "Template error: Fn::Select cannot select nonexistent value at index 5"),
        ({"Fn::ImportValue": "none"}, "No export named none found."),
        ({"Fn::GetAtt": "Net"}, "Template error: every Fn::GetAtt object requires two non-empty parameters"),
        ({"Fn::GetAtt": ["Net", "Arn"]}, "Template error: resource Net does not support attribute type Arn in Fn::GetAtt"),
        ({"Fn::Join": "-"}, "Template error: every Fn::Join object requires two parameters"),
        ({"Fn::Sub": ["a", "b"]}, "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments."),
        ({"Fn::Equals": ["a", "a"]}, "Template error: Fn::Equals can be used in the Conditions and Rules blocks and in Fn::If only"),
        ({"Ref": ["Net"]}, "Template error: every Ref object must have a single String value."),
    ],
)
@rule("CFN-11")
def test_a_wrong_call_is_refused_in_awss_words(value: Any, text: str) -> None:
    with pytest.raises(ApiError) as caught:
        functions.evaluate(value, ENV)
    assert caught.value.code == "ValidationError" and caught.value.message.startswith(text)


@pytest.mark.parametrize(
    "value", [{"Ref": "Later"}, {"Fn::GetAtt": ["Later", "Arn"]}, {"Fn::Sub": "x ${Later} y"}, [{"a": {"Ref": "Later"}}]]
)
def test_a_resource_that_is_not_ready_is_named(value: Any) -> None:
    with pytest.raises(Unknown) as caught:
        functions.evaluate(value, ENV)
    assert caught.value.logical_id == "Later"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Fn::Equals": [{"Ref": "Size"}, 3]}, True),
        ({"Fn::Equals": ["a", "b"]}, False),
        ({"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}, True),
        ({"Fn::And": [{"Condition": "Other"}, {"Fn::Equals": [1, "1"]}]}, True),
        ({"Fn::Or": [{"Fn::Equals": [1, 2]}, {"Fn::Equals": [1, 3]}]}, False),
        ({"Condition": "Other"}, True),
    ],
)
def test_a_condition_is_true_or_false(condition: Any, expected: bool) -> None:
    found = conditions.evaluate_all({"It": condition, "Other": {"Fn::Equals": ["x", "x"]}}, ENV)
    assert found["It"] is expected


def test_conditions_in_a_circle_are_refused() -> None:
    with pytest.raises(ApiError, match="Circular dependencies for conditions"):
        conditions.evaluate_all({"A": {"Condition": "B"}, "B": {"Condition": "A"}}, ENV)


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::GetAtt": ["Net", {"Condition": "x"}]},
        {"Fn::GetAtt": [1, 2]},
        {"Fn::GetAZs": ["us-east-1"]},
        {"Fn::GetAZs": "eu-west-1"},
        {"Fn::Select": [{"Ref": "AWS::NoValue"}, ["a"]]},
        {"Fn::Cidr": ["10.0.0.0/24", "2"]},
        {"Fn::Cidr": [{"Ref": "Zones"}, 1]},
        {"Fn::FindInMap": ["Images", {"Ref": "Zones"}, "Linux"]},
        {"Fn::Split": ["", "a"]},
        {"Fn::Base64": ["a"]},
        {"Fn::If": [["Yes"], 1, 2]},
        {"Fn::ImportValue": ["a"]},
    ],
)
def test_a_value_of_the_wrong_type_is_refused(value: Any) -> None:
    with pytest.raises(ApiError, match=r"Template error|requires a string"):
        functions.evaluate(value, ENV)
