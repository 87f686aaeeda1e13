"""Rules of composite alarms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.decide import composite
from sandbox.services.cloudwatch.model import StateValue
from tests.support import rule
from tests.support.services.alarms import ARN

STATES = {"a": StateValue.ALARM, "b": StateValue.OK, "c": StateValue.INSUFFICIENT_DATA, "d e": StateValue.ALARM}


@rule("CW-60")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ALARM(a)", True),
        ("ALARM(b)", False),
        ("OK(b)", True),
        ("INSUFFICIENT_DATA(c)", True),
        ('ALARM("d e")', True),
        ("ALARM('d e')", True),
        ("ALARM(d e)", True),
        (f'ALARM("{ARN}a")', True),
        (f"ALARM({ARN}b)", False),
        ("ALARM(gone)", False),
        ("TRUE", True),
        ("FALSE", False),
        ("NOT ALARM(b)", True),
        ("NOT NOT ALARM(b)", False),
        ("ALARM(a) AND ALARM(b)", False),
        ("ALARM(a) OR ALARM(b)", True),
        ("ALARM(a) OR ALARM(a) AND ALARM(b)", True),  # AND binds tighter
        ("(ALARM(a) OR ALARM(a)) AND ALARM(b)", False),
        ("NOT ALARM(a) AND ALARM(b) OR TRUE", True),
        ("AT_LEAST(2, ALARM, (a, b, 'd e'))", True),
        ("AT_LEAST(3, ALARM, (a, b, 'd e'))", False),
        ("AT_LEAST(2, NOT ALARM, (a, b, c))", True),
        ("AT_LEAST(50%, OK, (a, b))", True),
        ("AT_LEAST(51%, OK, (a, b))", False),
    ],
)
def test_what_rules_say(text: str, expected: bool) -> None:
    assert composite.is_true(composite.parse(text), STATES) is expected


@rule("CW-60")
@pytest.mark.parametrize(
    "text",
    ["", "ALARM", "ALARM(", "ALARM()", "ALARM(a))", "ALARM(a) ALARM(b)", "ALARM(a) AND", "AND", "NOT", "BROKEN(a)",
     "AT_LEAST(x, ALARM, (a))",
     "AT_LEAST(1, ALARM, ())", "ALARM(\"a)", "(" * 150 + "TRUE" + ")" * 150, "A" * 10_241, " OR ".join(f"ALARM(a{n})" for n in range(101))],
)  # fmt: skip
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        composite.parse(text)
    assert refused.value.code == "ValidationError"


@given(st.text(alphabet="ALRMOKTUE ()\"',abNDF_S2%", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        composite.is_true(composite.parse(text), STATES)
    except ApiError as refused:
        assert refused.code == "ValidationError"


def test_the_children_are_named_once_for_each_use() -> None:
    assert list(composite.children(composite.parse("ALARM(a) AND NOT (OK(b) OR AT_LEAST(1, OK, (c, a)))"))) == ["a", "b", "c", "a"]
