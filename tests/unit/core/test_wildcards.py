"""Wildcard patterns: what they match, compared with the plainest matcher there is; and that no pattern costs more than reading it."""

import sys
from collections.abc import Callable
from functools import cache
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core import wildcards
from sandbox.core.wildcards import ASTERISK_ONLY, EC2_FILTER, EVENT_PATTERN, POLICY, RULE_CONDITION, QuestionMark, Syntax, matches

SYNTAXES = (EC2_FILTER, RULE_CONDITION, POLICY, EVENT_PATTERN, ASTERISK_ONLY)


@pytest.mark.parametrize(
    ("pattern", "text", "syntax", "expected"),
    [
        ("", "", ASTERISK_ONLY, True),
        ("", "a", ASTERISK_ONLY, False),
        ("*", "", ASTERISK_ONLY, True),
        ("*", "line\nline", ASTERISK_ONLY, True),
        ("web-*", "web-", ASTERISK_ONLY, True),
        ("web-*", "web", ASTERISK_ONLY, False),
        ("web-*", "Web-1", ASTERISK_ONLY, False),
        ("*-web", "a-web-web", ASTERISK_ONLY, True),
        ("ab*ba", "aba", ASTERISK_ONLY, False),  # the ends may not overlap
        ("*ab*ab*", "abab", ASTERISK_ONLY, True),
        ("*ab*ab*", "abb", ASTERISK_ONLY, False),
        ("[a-z].+", "[a-z].+", ASTERISK_ONLY, True),  # nothing of a regular expression is special
        ("[a-z]", "b", EC2_FILTER, False),
        ("a?c", "a?c", ASTERISK_ONLY, True),
        ("a?c", "abc", ASTERISK_ONLY, False),
        ("a?c", "abc", EC2_FILTER, True),
        ("a?c", "ac", EC2_FILTER, True),  # EC2: no character or one
        ("a?c", "abbc", EC2_FILTER, False),
        ("a?c", "abc", RULE_CONDITION, True),
        ("a?c", "ac", RULE_CONDITION, False),  # a load balancer: exactly one
        (r"\*amazon\?\\", r"*amazon?" + "\\", EC2_FILTER, True),  # the example of EC2's documentation
        (r"\*amazon\?\\", "xamazon?\\", EC2_FILTER, False),
        (r"\a", r"\a", EC2_FILTER, True),
        ("a\\", "a\\", EC2_FILTER, True),
        (r"\*", r"\x", POLICY, True),  # no escapes there
        (r"\*?", "*?", EVENT_PATTERN, True),
    ],
)
def test_what_is_special(pattern: str, text: str, syntax: Syntax, expected: bool) -> None:
    assert matches(pattern, text, syntax) is expected


def plainly(pattern: str, text: str, syntax: Syntax) -> bool:
    """By trying each way."""
    escapes = ("\\*", "\\?", "\\\\") if syntax.backslash else ()

    @cache
    def from_here(p: int, t: int) -> bool:
        if p == len(pattern):
            return t == len(text)
        if pattern[p : p + 2] in escapes:
            return text[t : t + 1] == pattern[p + 1] and from_here(p + 2, t + 1)
        if pattern[p] == "*":
            return any(from_here(p + 1, later) for later in range(t, len(text) + 1))
        if pattern[p] == "?" and syntax.question_mark is not QuestionMark.ITSELF:
            without = syntax.question_mark is QuestionMark.AT_MOST_ONE and from_here(p + 1, t)
            return without or (t < len(text) and from_here(p + 1, t + 1))
        return text[t : t + 1] == pattern[p] and from_here(p + 1, t + 1)

    return from_here(0, 0)


@given(st.text("ab*?\\", max_size=8), st.text("ab*?\\", max_size=8), st.sampled_from(SYNTAXES))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_it_matches_what_the_plainest_matcher_matches(pattern: str, text: str, syntax: Syntax) -> None:
    assert matches(pattern, text, syntax) is plainly(pattern, text, syntax)


def lines_run(call: Callable[[], object]) -> int:
    """How many lines of wildcards.py the call runs: work that no clock has to measure."""
    count = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename != wildcards.__file__:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("part", ["*a", "?*a", "?a*", "*?", "?", "a?", "*a*b"])
def test_no_pattern_costs_more_than_reading_it_and_the_text(part: str, syntax: Syntax) -> None:
    for length in (250, 1000):
        pattern, text = part * (length // len(part)) + "b", "a" * length
        assert lines_run(lambda pattern=pattern, text=text: matches(pattern, text, syntax)) < 20 * (len(pattern) + len(text))  # type: ignore[misc]


def test_nothing_in_it_is_a_regular_expression() -> None:
    """Whose work the count of lines would not see."""
    assert not {"re", "fnmatch"} & set(vars(wildcards))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_long_text_and_a_long_pattern_return(syntax: Syntax) -> None:
    assert matches("*a" * 1000 + "*b*", "a" * 262_144, syntax) is False
    assert matches("a" * 100_000 + "?*", "a", syntax) is False
