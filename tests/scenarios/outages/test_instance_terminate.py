"""S01: the replacement receives traffic where the group knows the target group, and only there."""

import pytest

from tests.support import rule
from tests.support.outage import outcome

ATTACHED = ("aws-default", "tuned", "static-stable")


@pytest.mark.parametrize("profile", ATTACHED)
@rule("TUT-50")
def test_an_attached_group_replaces_the_instance_and_clients_notice_nothing(profile: str) -> None:
    found = outcome("instance_terminate", profile)
    assert found.verdict == "SUCCEEDED"
    assert found.criterion("Requests lost").measured == "0 requests"
    assert found.left == ()


@rule("TUT-34")
def test_the_negative_control_fails_because_the_replacement_gets_no_request() -> None:
    found = outcome("instance_terminate", control=True)
    assert found.verdict == "FAILED"
    assert found.control[0]
    assert found.criterion("The replacement answers").measured.endswith(": 0 responses")
    assert found.left == ()


def test_the_tutorials_survivors_are_asked_for_more_than_they_can_serve() -> None:
    """105 requests per second on two instances of 50: every later request waits longer, until all clients give up."""
    found = outcome("instance_terminate", control=True)
    assert found.report.availability is not None and found.report.availability < 20
    assert [advice.command.split()[2] for advice in found.report.advice] == ["attach-load-balancer-target-groups"]


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, second = outcome("S01", seed=7), outcome("instance_terminate", seed=7)
    assert first is not second
    assert _timeless(first.report) == _timeless(second.report)


def _timeless(report: object) -> object:
    from dataclasses import replace

    from sandbox.report.model import Report

    assert isinstance(report, Report)
    return replace(report, real_duration=0.0)
