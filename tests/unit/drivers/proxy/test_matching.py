"""The simulated proxy chooses the same rules as Envoy: its matching is compared with the expressions that are rendered for Envoy."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.drivers.proxy.base import Conditions
from sandbox.drivers.proxy.envoy.config import conditions
from sandbox.drivers.proxy.matching import Request, matches

PATTERN = st.text("aB*?\\=&:1.", max_size=6)
PAIRS = st.lists(st.tuples(st.none() | PATTERN, PATTERN), min_size=1, max_size=2).map(tuple)
AS_ENVOY_DOES = settings(max_examples=200, deadline=None, derandomize=True)


def expression_matches(regex: str, text: str) -> bool:
    """Python reads these expressions as RE2 does, and short texts leave it nothing to go back for."""
    return re.fullmatch(regex, text) is not None


@given(PATTERN, st.text("aAbB?*&=/", max_size=8))
@AS_ENVOY_DOES
def test_paths(pattern: str, path: str) -> None:
    expected = expression_matches(conditions.path_regex([pattern]), path.partition("?")[0])
    assert matches(Conditions(path_patterns=(pattern,)), Request(path=path)) is expected


@given(PATTERN, st.text("aAbB:1.*", max_size=8))
@AS_ENVOY_DOES
def test_hosts(pattern: str, host: str) -> None:
    expected = expression_matches(conditions.host_regex([pattern]), host)
    assert matches(Conditions(host_headers=(pattern,)), Request(host=host)) is expected


@given(PATTERN, st.text("aAbB?*\\", max_size=8))
@AS_ENVOY_DOES
def test_headers(pattern: str, value: str) -> None:
    expected = expression_matches(conditions.header_regex([pattern]), value)
    assert matches(Conditions(http_headers=(("X-Kind", (pattern,)),)), Request(headers={"x-kind": value})) is expected


@given(PAIRS, st.text("aAb1&=?*", max_size=10))
@AS_ENVOY_DOES
def test_queries(pairs: tuple[tuple[str | None, str], ...], path: str) -> None:
    expected = expression_matches(conditions.query_regex(pairs), path)
    assert matches(Conditions(query_strings=(pairs,)), Request(path=path)) is expected


@pytest.mark.parametrize(
    "wanted",
    [
        Conditions(path_patterns=("*a*a*a*a*ab",)),
        Conditions(host_headers=("*a*a*a*a*ab",)),
        Conditions(http_headers=(("X-Kind", ("?*a*a*a*ab",)),)),
        Conditions(query_strings=((("*a*a", "*a*a*ab"),),)),
        Conditions(query_strings=(((None, "*a*a*a*a*ab"),),)),
    ],
)
def test_the_most_wildcards_that_a_rule_may_have_cost_little(wanted: Conditions) -> None:
    a = "a" * 20_000
    assert not matches(wanted, Request(path=f"{a}?{a}={a}", host=a, headers={"X-Kind": a}))
