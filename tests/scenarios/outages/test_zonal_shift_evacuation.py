"""S12: a zonal shift takes the traffic out of a bad zone, the others carry it, and its return is not noticed."""

import pytest

from tests.support import rule
from tests.support.outage import outcome

TRAFFIC = "Requests that still go to the zone"
ERRORS = "Availability from then"


@rule("ARC-4")
@pytest.mark.parametrize("by", ["operator", "autoshift"])
def test_the_traffic_leaves_the_zone_and_comes_back(by: str) -> None:
    found = outcome("zonal_shift_evacuation", "tuned", by=by)
    assert found.verdict == "SUCCEEDED"
    assert found.left == ()
    assert found.criterion(TRAFFIC).measured == "0 %"


def test_a_second_zone_is_refused_and_the_run_shows_it() -> None:
    found = outcome("zonal_shift_evacuation", "tuned", by="operator")
    assert "An error occurred (ConflictException) when calling the StartZonalShift operation" in found.output
    assert [mark.text for mark in found.report.marks if mark.kind.value == "operator"] == [
        "An operator shifts the group away from us-east-1a",
        "An operator shifts the load balancer away from us-east-1a",
    ]


def test_the_negative_control_leaves_the_wrong_zone() -> None:
    found = outcome("zonal_shift_evacuation", control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert not found.criterion(ERRORS).passed and not found.criterion(TRAFFIC).passed
    assert "describe-availability-zones" in found.report.advice[0].command


def test_a_layout_that_cannot_lose_a_zone_shifts_nothing() -> None:
    found = outcome("zonal_shift_evacuation", "tutorial")
    assert found.verdict == "CAPACITY_CHECK_FAILED"
    assert "start-zonal-shift" not in found.output
