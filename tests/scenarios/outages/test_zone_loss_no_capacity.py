"""S06: a layout that can lose a zone needs no launch; the tutorial's does, and gets none."""

from tests.support import rule
from tests.support.outage import outcome


@rule("ASG-114")
def test_a_layout_that_can_lose_a_zone_needs_no_launch() -> None:
    found = outcome("zone_loss_no_capacity", "static-stable")
    assert (found.verdict, found.left) == ("SUCCEEDED", ())
    assert found.criterion("Availability while no launch").measured == "100 %"


@rule("ASG-60", "ASG-26")
def test_launches_fail_meanwhile_and_succeed_when_there_is_capacity_again() -> None:
    found = outcome("zone_loss_no_capacity", "static-stable")
    assert "InsufficientInstanceCapacity" in found.criterion("Launches failed").measured
    in_service = next(steps for steps in found.report.capacity if steps.name == "in service")
    values = [value for _, value in in_service.points]
    assert 6 in values  # those of the lost zone were taken out, and nothing replaced them
    assert values[-1] == 9


def test_the_negative_control_needs_launches_and_is_told_what_to_run() -> None:
    found = outcome("zone_loss_no_capacity", control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert found.report.advice[0].change == "Run 6 instances over 3 zones before anything fails."


@rule("ASG-26")
def test_a_group_that_keeps_to_its_zones_is_not_whole_without_the_lost_one() -> None:
    found = outcome("zone_loss_no_capacity", "static-stable", distribution="balanced-only", power_off="stopped")
    assert found.verdict == "FAILED"
    assert not found.criterion("Time from capacity").passed
    assert found.criterion("Availability while no launch").passed
