"""AWS's own tables of missing-data treatment, and what holds for all series."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.cloudwatch.decide.evaluation import evaluate
from sandbox.services.cloudwatch.model import Finding
from tests.support import rule
from tests.support.services.alarms import metric_alarm, points

OK, ALARM, INSUFFICIENT, KEEP = Finding.WITHIN, Finding.BREACHING, Finding.NO_DATA, None
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
MARKS = st.lists(st.sampled_from("0X-"), min_size=5, max_size=5).map(" ".join)


def finding(text: str, m: int, treatment: str | None, n: int = 3) -> Finding | None:
    alarm = metric_alarm(evaluation_periods=n, datapoints_to_alarm=m, treat_missing_data=treatment)
    return evaluate(alarm, points(text)).finding


@rule("CW-25", "CW-26", "CW-27")
@pytest.mark.parametrize(
    ("text", "short", "expected"),
    [
        ("0 - X - X", 0, (OK, OK, OK, OK)),
        ("0 - - - -", 2, (OK, OK, OK, OK)),
        ("- - - - -", 3, (INSUFFICIENT, KEEP, ALARM, OK)),
        ("0 X X - X", 0, (ALARM, ALARM, ALARM, ALARM)),
        ("- - X - -", 2, (ALARM, KEEP, ALARM, OK)),
    ],
)
def test_three_out_of_three(text: str, short: int, expected: tuple[Finding | None, ...]) -> None:
    assert tuple(finding(text, 3, treatment) for treatment in TREATMENTS) == expected
    assert evaluate(metric_alarm(evaluation_periods=3, treat_missing_data="breaching"), points(text)).filled == short


@rule("CW-25", "CW-26", "CW-28")
@pytest.mark.parametrize(
    ("text", "short", "expected"),
    [
        ("0 - X - X", 0, (ALARM, ALARM, ALARM, ALARM)),
        ("0 0 X 0 X", 0, (ALARM, ALARM, ALARM, ALARM)),
        ("0 - X - -", 1, (OK, OK, ALARM, OK)),
        ("- - - - 0", 2, (OK, OK, ALARM, OK)),
        ("- - - X -", 2, (ALARM, KEEP, ALARM, OK)),
    ],
)
def test_two_out_of_three(text: str, short: int, expected: tuple[Finding | None, ...]) -> None:
    assert tuple(finding(text, 2, treatment) for treatment in TREATMENTS) == expected
    alarm = metric_alarm(evaluation_periods=3, datapoints_to_alarm=2, treat_missing_data="notBreaching")
    assert evaluate(alarm, points(text)).filled == short


@rule("CW-26")
@pytest.mark.parametrize("text", ["- - - - X", "- - - X -"])
def test_a_young_breach_does_not_yet_alarm(text: str) -> None:
    assert finding(text, 3, "missing") is KEEP


@rule("CW-29")
def test_when_the_last_point_has_left_the_range() -> None:
    assert tuple(finding("- - - - -", 3, treatment) for treatment in TREATMENTS) == (INSUFFICIENT, KEEP, ALARM, OK)


@rule("CW-17")
@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [
        ("GreaterThanOrEqualToThreshold", OK, ALARM, ALARM),
        ("GreaterThanThreshold", OK, OK, ALARM),
        ("LessThanThreshold", ALARM, OK, OK),
        ("LessThanOrEqualToThreshold", ALARM, ALARM, OK),
    ],
)
def test_comparison_operators(comparison: str, below: Finding, equal: Finding, above: Finding) -> None:
    alarm = metric_alarm(comparison_operator=comparison, threshold=70.0)
    assert tuple(evaluate(alarm, points("0", ok=value)).finding for value in (69.9, 70.0, 70.1)) == (below, equal, above)


@rule("CW-17")
def test_a_percentile_of_few_samples_keeps_the_state_when_asked_to() -> None:
    alarm = metric_alarm(statistic="p99", extended=True, evaluate_low_sample_count_percentile="ignore")
    assert evaluate(alarm, points("X")).finding is KEEP
    assert evaluate(metric_alarm(statistic="p99", extended=True), points("X")).finding is ALARM


@rule("CW-25", "CW-26")
@given(st.lists(st.sampled_from("0X-"), min_size=7, max_size=7), st.integers(1, 5), st.integers(1, 5), st.sampled_from(TREATMENTS))
def test_with_n_real_points_only_the_count_of_breaches_matters(marks: list[str], m: int, n: int, treatment: str) -> None:
    real = [mark for mark in marks if mark != "-"]
    if len(real) < n or m > n:
        return
    expected = ALARM if real[-n:].count("X") >= m else OK
    assert finding(" ".join(marks), m, treatment, n) is expected


@rule("CW-26")
@given(MARKS, st.integers(1, 3), st.sampled_from(TREATMENTS))
def test_a_further_breach_never_ends_an_alarm(text: str, m: int, treatment: str) -> None:
    worse = text.replace("0", "X")
    if finding(text, m, treatment) is ALARM:
        assert finding(worse, m, treatment) is ALARM


@rule("CW-26")
@given(MARKS, st.integers(1, 3))
def test_breaching_alarms_whenever_not_breaching_does(text: str, m: int) -> None:
    if finding(text, m, "notBreaching") is ALARM:
        assert finding(text, m, "breaching") is ALARM


@rule("CW-17")
@given(MARKS, st.integers(1, 3))
def test_unset_means_missing(text: str, m: int) -> None:
    assert finding(text, m, None) is finding(text, m, "missing")
