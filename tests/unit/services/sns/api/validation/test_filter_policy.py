"""Which filter policies SNS accepts, and its error messages for the others (SNS-12)."""

from typing import Any

import pytest

from sandbox.services.sns.api.validation.filter_policy import BadFilter, check, check_scope, parsed
from sandbox.services.sns.decide.filter_policy import ATTRIBUTES, BODY
from tests.support import rule


@rule("SNS-12")
@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ({"key": [["value"]]}, "Match value must be String, number, true, false, or null"),
        ({"key": [{"wrong-operator": True}]}, "Unrecognized match type wrong-operator"),
        ({"key": [{"suffix": "value", "prefix": "value2"}]}, "Only one key allowed in match expression"),
        ({"key": [{"suffix": 100}]}, "suffix match pattern must be a string"),
        ({"key": {"suffix": "value"}}, '"suffix" must be an object or an array'),
        ({"key": "value"}, '"key" must be an object or an array'),
        ({"key": {"inner": ["v"]}}, "Filter policy scope MessageAttributes does not support nested filter policy"),
        ({"key": []}, "Empty arrays are not allowed"),
        ({"key": [{"exists": "no"}]}, "exists match pattern must be either true or false."),
        ({"key": [{"numeric": []}]}, "Invalid member in numeric match: ]"),
        ({"key": [{"numeric": ["operator"]}]}, "Unrecognized numeric range operator: operator"),
        ({"key": [{"numeric": [1, "<="]}]}, "Invalid member in numeric match: 1"),
        ({"key": [{"numeric": ["=", "000"]}]}, "Value of equals must be numeric"),
        ({"key": [{"numeric": [">="]}]}, "Value of >= must be numeric"),
        ({"key": [{"numeric": ["<", 100, ">", 10]}]}, "Too many elements in numeric expression"),
        ({"key": [{"numeric": [">=", 1, ">", 2]}]}, "Bad numeric range operator: >"),
        ({"key": [{"numeric": [">", 3, "<", 1]}]}, "Bottom must be less than top"),
        ({"key": [{"numeric": [">", 20, "<="]}]}, "Value of <= must be numeric"),
        ({"key": [{"numeric": [">", 20, 30]}]}, "Bad value in numeric range: 30"),
        ({"key": [{"numeric": [">", 20, "<", 30, "<", 50]}]}, "Too many terms in numeric range expression"),
        ({str(n): ["a"] for n in range(6)}, "Filter policy can not have more than 5 keys"),
        ({"a": list("x" * 31), "b": list("y" * 5)}, "Filter policy is too complex"),
        ({"key": [{"cidr": "10.0.0"}]}, "Malformed CIDR, one '/' required"),
        ({"key": [{"cidr": "bad-filter/32"}]}, "Nonstandard IP address: bad-filter"),
        ({"key": [{"cidr": "10.0.0.0/bad"}]}, "Malformed CIDR, mask bits must be an integer"),
        ({"key": [{"cidr": ["10.0.0.0/8"]}]}, "prefix match pattern must be a string"),
        ({"$or": [{"key": ["v"]}]}, "Unrecognized match type key"),  # one alternative is none: `$or` is a name
        ({"$or": [{"a": ["v"]}, {"prefix": "v"}]}, "Unrecognized match type a"),
        ({"key": [{"anything-but": []}]}, "Inside anything but list, start|null|boolean is not supported."),
    ],
)
def test_an_invalid_policy_is_refused_with_snss_text(policy: dict[str, Any], text: str) -> None:
    with pytest.raises(BadFilter) as caught:
        check(policy, ATTRIBUTES)
    assert str(caught.value) == text


def test_the_limit_of_combinations() -> None:
    check({"a": list("x" * 30), "b": list("y" * 5)}, ATTRIBUTES)
    with pytest.raises(BadFilter, match="too complex"):  # depth counts
        check({"a": {"b": list("x" * 30)}, "c": list("y" * 3)}, BODY)


SOURCES = {"source": ["aws.cloudwatch", "aws.events", "aws.test"]}


def nested_or(metrics: int, spaces: int) -> dict[str, Any]:
    ids = [{"metricId": [1, 2, 3, 4]}, {"spaceId": list(range(spaces))}]
    return {**SOURCES, "$or": [{"metricName": list("x" * metrics)}, {"metricType": list("abcd"), "$or": ids}]}


@rule("SNS-42")
def test_the_alternatives_of_an_or_add_up() -> None:
    check(nested_or(6, 7), ATTRIBUTES)  # 3 * 6 + 3 * 4 * 4 + 3 * 4 * 7 = 150
    with pytest.raises(BadFilter, match="too complex"):
        check(nested_or(7, 7), ATTRIBUTES)  # 153
    detail = {"scope": ["a", "b"], "$or": [{"source": ["a"]}, {"type": ["a", "b", "c"]}]}
    check({"metricName": ["x"] * 4, "detail": detail}, BODY)  # 4 * (2 * 2) * (2 * 1 + 2 * 3) = 128
    with pytest.raises(BadFilter, match="too complex"):
        check({"metricName": ["x"] * 5, "detail": detail}, BODY)  # 160


def test_a_deep_policy_is_too_complex_and_no_internal_error() -> None:
    for depth in (151, 400, 100_000):
        with pytest.raises(BadFilter):
            parsed('{"a":' * depth + '["v"]' + "}" * depth, BODY)


def test_anything_but_a_json_object_is_refused() -> None:
    with pytest.raises(BadFilter, match="failed to parse JSON"):
        parsed("{invalid", ATTRIBUTES)
    with pytest.raises(BadFilter, match="must be a JSON object"):
        parsed("[]", ATTRIBUTES)
    with pytest.raises(BadFilter, match="Please use either MessageBody or MessageAttributes"):
        check_scope("Header")
