"""S02: health checks find an application that dies or hangs, and the group replaces it; only clients find the one that lies."""

import pytest

from tests.support import rule
from tests.support.outage import outcome


@rule("ASG-44")
def test_with_elb_health_checks_each_is_found_and_replaced() -> None:
    found = outcome("app_failures", "tuned")
    assert found.verdict == "SUCCEEDED"
    assert found.left == ()


@rule("ASG-40")
def test_the_negative_control_with_ec2_health_checks_replaces_nothing() -> None:
    found = outcome("app_failures", control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert found.criterion("Time until each of the two is replaced").measured == "did not happen"
    assert "--health-check-type ELB" in found.report.advice[0].command


@pytest.mark.parametrize("profile", ["tutorial", "aws-default"])
def test_awss_defaults_replace_nothing(profile: str) -> None:
    found = outcome("app_failures", profile)
    assert found.verdict == "FAILED"
    assert not found.criterion("Time until each of the two is replaced").passed


def test_checks_stay_green_while_clients_get_errors() -> None:
    """So it is the operator, not the group, who replaces the third."""
    report = outcome("app_failures", "tuned").report
    operators = [mark.text for mark in report.marks if mark.kind.value == "operator"]
    assert len(operators) == 1 and operators[0].startswith("An operator replaces i-")
    assert not [cause for cause in report.causes if cause.at > operators_at(report) and "is unhealthy" in cause.text]


def operators_at(report: object) -> float:
    from sandbox.report.model import Report

    assert isinstance(report, Report)
    return next(mark.at for mark in report.marks if mark.kind.value == "operator")
