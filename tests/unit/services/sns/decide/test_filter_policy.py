"""Filter policies as tables: which messages pass (SNS-12)."""

import json
from typing import Any

import pytest

from sandbox.services.sns.decide.filter_policy import ATTRIBUTES, BODY, accepts
from sandbox.services.sns.model import Attributes
from tests.support import rule

COLOUR: Attributes = (("colour", "String", "Red"),)
COLOURS: Attributes = (("colour", "String.Array", '["red", "green", 7, true, null]'),)
PRICE: Attributes = (("price", "Number", "100.5"),)


@rule("SNS-12")
@pytest.mark.parametrize(
    ("policy", "attributes", "passes"),
    [
        ({}, (), True),
        ({"colour": ["Red"]}, COLOUR, True),
        ({"colour": ["red"]}, COLOUR, False),  # case-sensitive
        ({"colour": ["blue", "Red"]}, COLOUR, True),
        ({"colour": ["Red"]}, (), False),
        ({"colour": ["Red"], "price": [100.5]}, COLOUR, False),  # all keys
        ({"colour": ["Red"], "price": [100.5]}, COLOUR + PRICE, True),
        ({"colour": ["green"]}, COLOURS, True),
        ({"colour": ["blue"]}, COLOURS, False),
        ({"colour": [7]}, COLOURS, True),
        ({"colour": [True]}, COLOURS, True),
        ({"colour": [1]}, COLOURS, False),  # true is not a number
        ({"colour": [None]}, COLOURS, True),
        ({"price": [100.5]}, PRICE, True),
        ({"price": ["100.5"]}, PRICE, False),
        ({"price": [{"numeric": [">", 100]}]}, PRICE, True),
        ({"price": [{"numeric": [">", 0, "<=", 100]}]}, PRICE, False),
        ({"price": [{"numeric": ["=", 100.5]}]}, PRICE, True),
        ({"colour": [{"numeric": ["=", 1]}]}, COLOUR, False),
        ({"colour": [{"prefix": "Re"}]}, COLOUR, True),
        ({"colour": [{"suffix": "ed"}]}, COLOUR, True),
        ({"colour": [{"suffix": "Re"}]}, COLOUR, False),
        ({"colour": [{"equals-ignore-case": "rED"}]}, COLOUR, True),
        ({"colour": [{"wildcard": "R*d"}]}, COLOUR, True),
        ({"colour": [{"wildcard": "R.d"}]}, COLOUR, False),
        ({"long": [{"wildcard": "*a*a*a*a*ab"}, {"wildcard": "*a" * 100 + "b"}]}, (("long", "String", "a" * 250),), False),
        ({"long": [{"anything-but": {"wildcard": "*a" * 100 + "b"}}]}, (("long", "String", "a" * 250),), True),
        ({"colour": [{"anything-but": "Red"}]}, COLOUR, False),
        ({"colour": [{"anything-but": ["blue", "green"]}]}, COLOUR, True),
        ({"colour": [{"anything-but": ["blue"]}]}, (), False),  # the attribute must exist
        ({"colour": [{"anything-but": ["red"]}]}, COLOURS, True),  # one value of the array differs
        ({"colour": [{"anything-but": {"prefix": "Re"}}]}, COLOUR, False),
        ({"colour": [{"anything-but": {"suffix": "en"}}]}, COLOUR, True),
        ({"price": [{"anything-but": 100.5}]}, PRICE, False),
        ({"colour": [{"exists": True}]}, COLOUR, True),
        ({"colour": [{"exists": True}]}, PRICE, False),
        ({"colour": [{"exists": False}]}, PRICE, True),
        ({"colour": ["blue", {"exists": False}]}, PRICE, True),
        ({"colour": [{"exists": False}]}, COLOUR, False),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, (("ip", "String", "10.0.0.255"),), True),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, (("ip", "String", "10.0.1.1"),), False),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, (("ip", "String", "no address"),), False),
        ({"$or": [{"colour": ["blue"]}, {"price": [{"numeric": [">", 100]}]}]}, PRICE, True),
        ({"$or": [{"colour": ["blue"]}, {"price": [{"numeric": [">", 200]}]}]}, PRICE, False),
        ({"data": [{"exists": True}]}, (("data", "Binary", "AAAA"),), False),  # binary attributes are ignored
        ({"colour": ["not json"]}, (("colour", "String.Array", "not json"),), True),
    ],
)
def test_by_attributes(policy: dict[str, Any], attributes: Attributes, passes: bool) -> None:
    assert accepts(policy, ATTRIBUTES, attributes, "any text") is passes


ALARM = {"AlarmName": "cpu-high", "NewStateValue": "ALARM", "Trigger": {"Threshold": 70.0, "Dimensions": [{"name": "G", "value": "a"}]}}


@rule("SNS-12")
@pytest.mark.parametrize(
    ("policy", "body", "passes"),
    [
        ({"NewStateValue": ["ALARM"]}, ALARM, True),
        ({"NewStateValue": ["OK"]}, ALARM, False),
        ({"Trigger": {"Threshold": [{"numeric": [">=", 70]}]}}, ALARM, True),
        ({"Trigger": {"Threshold": [{"numeric": [">", 70]}]}}, ALARM, False),
        ({"Trigger": {"Dimensions": {"value": ["a"]}}}, ALARM, True),
        ({"Trigger": {"Dimensions": {"value": ["b"]}}}, ALARM, False),
        ({"Trigger": {"Nothing": [{"exists": False}]}}, ALARM, True),
        ({"Nothing": {"deeper": ["a"]}}, ALARM, False),
        ({"$or": [{"NewStateValue": ["OK"]}, {"AlarmName": [{"prefix": "cpu"}]}]}, ALARM, True),
        ({"list": ["b"]}, {"list": ["a", ["b"]]}, True),
        ({"flag": [False]}, {"flag": False}, True),
        ({"flag": [None]}, {"flag": None}, True),
        ({"a": ["x"]}, [{"a": "x"}], False),  # not an object
        ({"long": [{"wildcard": "*a" * 100 + "b*"}]}, {"long": "a" * 250_000}, False),
    ],
)
def test_by_body(policy: dict[str, Any], body: object, passes: bool) -> None:
    assert accepts(policy, BODY, (), json.dumps(body)) is passes


@rule("SNS-42")
@pytest.mark.parametrize(
    ("policy", "body", "passes"),
    [
        ({"a.b": ["v"]}, {"a.b": "v"}, True),
        ({"a.b": ["v"]}, {"a": {"b": "v"}}, True),
        ({"a.b": ["v"]}, {"a": {"b": "w"}}, False),
        ({"a.b.c": ["v"]}, {"a": {"b": {"c": "v"}}}, True),
        ({"a.b.c": ["v"]}, {"a.b": {"c": "v"}}, True),
        ({"a.b.c": ["v"]}, {"a": {"b.c": "v"}}, True),
        ({"a": {"b": ["v"]}}, {"a.b": "v"}, True),
        ({"a": {"b.c": ["v"]}}, {"a": {"b": [{"c": "v"}]}}, True),
        ({"a.b": ["v"]}, {"a": {"b": "w"}, "a.b": "v"}, True),  # one of the two
        ({"a.b": ["v"]}, {"ab": "v", "a": "v", "b": "v"}, False),
        ({"a.b": [{"exists": False}]}, {"a": {"c": "v"}}, True),
        ({"a.b": [{"exists": False}]}, {"a": {"b": "v"}}, False),
        ({"a": {"b": [{"exists": False}]}}, {}, True),
        ({"a": [{"exists": True}]}, {"a": {"b": "v"}}, False),  # an object is no value
        ({"a": [{"exists": True}]}, {"a": []}, False),
        ({"a": {"x": [1], "y": [2]}}, {"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}, True),
        ({"a": {"x": [1], "y": [4]}}, {"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}, False),  # one object must match both
        ({"a": {"x": [1], "$or": [{"y": [4]}, {"y": [2]}]}}, {"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}, True),
        ({"$or": [{"prefix": "v"}, {"prefix": "w"}]}, {"$or": "value"}, True),  # rules of a value that is named $or
        ({"a": [10**9]}, {"a": float("inf")}, False),
        ({"a": [{"numeric": [">", 0]}]}, {"a": 10**400}, True),
    ],
)
def test_a_dot_in_a_path_is_nesting_or_a_part_of_a_name(policy: dict[str, Any], body: object, passes: bool) -> None:
    assert accepts(policy, BODY, (), json.dumps(body)) is passes


def test_a_body_that_nests_too_deep_is_refused() -> None:
    assert not accepts({"a": ["v"]}, BODY, (), '{"a":' * 100_000 + "1" + "}" * 100_000)


def test_a_body_that_is_not_json_passes_no_policy() -> None:
    assert not accepts({"a": [{"exists": False}]}, BODY, (), "plain text")
    assert accepts(None, BODY, (), "plain text")
