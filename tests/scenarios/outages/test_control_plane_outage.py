"""S07: without its control plane, a service with capacity to spare goes on, and nothing that works is taken away."""

import pytest

from sandbox.report.model import MarkKind
from tests.support.outage import outcome


@pytest.mark.parametrize("profile", ["tuned", "aws-default"])
def test_the_data_plane_goes_on_and_the_fleet_is_whole_when_launches_work_again(profile: str) -> None:
    found = outcome("control_plane_outage", profile)
    assert found.verdict == "SUCCEEDED"
    assert found.left == ()


def test_the_negative_control_has_no_capacity_to_spare() -> None:
    found = outcome("control_plane_outage", control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert found.criterion("Availability until an instance dies").passed
    assert "--min-size 4" in found.report.advice[0].command


def test_each_reason_why_nothing_is_launched_is_a_mark_of_the_report() -> None:
    report = outcome("control_plane_outage", "tuned").report
    marks = " · ".join(mark.text for mark in report.marks if mark.kind is MarkKind.FAULT)
    wanted = ("answer every call with an error", "instance-crash", "no-capacity", "EC2 limits calls", "launches-without-network")
    assert [part for part in wanted if part not in marks] == []
