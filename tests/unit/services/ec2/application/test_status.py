"""The application status of an instance, from its checks."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.services.ec2.application.decide.status import metrics, status_of
from sandbox.services.ec2.application.model import (
    Aggregation,
    AppliedCheck,
    CheckResult,
    CheckSettings,
    CheckState,
    Overall,
    Protocol,
    Suppression,
)
from tests.support import rule

NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
PASSED, FAILED = CheckState.PASSED, CheckState.FAILED
INITIALIZING, INSUFFICIENT = CheckState.INITIALIZING, CheckState.INSUFFICIENT_DATA


def check(state: CheckState | None, *, ago: int = 60, excluded: bool = False) -> AppliedCheck:
    """`ago`: seconds since its state began. `state` None: the loop has not seen it yet."""
    aggregation = Aggregation.EXCLUDED if excluded else Aggregation.INCLUDED
    result = CheckResult(state=state, since=NOW - timedelta(seconds=ago), probed_at=NOW) if state else None
    settings = CheckSettings(protocol=Protocol.HTTP, port=80, aggregation=aggregation)
    return AppliedCheck(check_id=f"asc-{state.value if state else 'new'}", settings=settings, updated_at=NOW, result=result)


@rule("EC2-84")
@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ((), Overall.NOT_APPLICABLE),
        ((check(PASSED), check(PASSED)), Overall.OK),
        ((check(PASSED), check(None)), Overall.INITIALIZING),
        ((check(PASSED), check(INSUFFICIENT)), Overall.INSUFFICIENT_DATA),
        ((check(INSUFFICIENT), check(INITIALIZING)), Overall.INITIALIZING),
        ((check(INITIALIZING), check(FAILED), check(PASSED)), Overall.IMPAIRED),
        ((check(PASSED), check(FAILED, excluded=True)), Overall.OK),
        ((check(FAILED, excluded=True),), Overall.NOT_APPLICABLE),
    ],
)
def test_the_worst_of_the_included_checks_counts(checks: tuple[AppliedCheck, ...], expected: Overall) -> None:
    assert status_of(checks, None, NOW).status is expected


@rule("EC2-84", "EC2-85")
def test_while_suppressed_no_result_counts() -> None:
    suppression = Suppression(since=NOW - timedelta(seconds=5), until=NOW + timedelta(seconds=5))
    found = status_of((check(FAILED),), suppression, NOW)
    assert (found.status, found.since, found.resumes_at) == (Overall.SUPPRESSED, suppression.since, suppression.until)
    assert found.summary() == {"Status": "not-applicable"}
    after = status_of((check(FAILED),), suppression, NOW + timedelta(seconds=5))
    assert (after.status, after.since, after.resumes_at) == (Overall.IMPAIRED, suppression.until, None)


@rule("EC2-84")
@pytest.mark.parametrize(
    ("checks", "ago"),
    [
        ((check(FAILED, ago=10), check(FAILED, ago=30), check(PASSED, ago=90)), 30),
        ((check(PASSED, ago=10), check(PASSED, ago=30)), 10),
        ((), None),
    ],
)
def test_a_status_began_when_the_first_check_failed_or_the_last_one_passed(checks: tuple[AppliedCheck, ...], ago: int | None) -> None:
    assert status_of(checks, None, NOW).since == (NOW - timedelta(seconds=ago) if ago else None)


@rule("EC2-87")
def test_metrics_are_of_what_is_known() -> None:
    found = status_of((check(PASSED), check(FAILED, excluded=True), check(INITIALIZING, excluded=True)), None, NOW)
    assert dict(metrics(found)) == {
        "StatusCheckFailed_Application": 0.0,
        "StatusCheckFailed_Application_asc-passed": 0.0,
        "StatusCheckFailed_Application_asc-failed": 1.0,
    }
    assert dict(metrics(status_of((check(FAILED),), None, NOW)))["StatusCheckFailed_Application"] == 1.0
    assert dict(metrics(status_of((check(None),), None, NOW))) == {}
