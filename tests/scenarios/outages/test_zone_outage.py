"""S04: a layout that can lose a zone loses only what detection takes; the tutorial's collapses under 210 %."""

import pytest

from tests.support import rule
from tests.support.outage import outcome


@rule("AZ-7")
def test_a_layout_that_can_lose_a_zone_loses_only_what_detection_takes() -> None:
    found = outcome("zone_outage", "static-stable")
    assert found.verdict == "SUCCEEDED"
    assert found.left == ()
    assert found.criterion("Requests beyond the survivors").measured == "0 requests"


def test_the_negative_control_is_the_tutorials_layout() -> None:
    found = outcome("zone_outage", control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert found.criterion("Launches that were needed").measured == "2"
    assert found.report.availability is not None and found.report.availability < 30


def test_the_advice_names_a_layout_and_its_command() -> None:
    advice = outcome("zone_outage", control=True).report.advice
    assert advice[0].change == "Run 6 instances over 3 zones."
    assert "210 %" in advice[0].because
    assert advice[0].command.startswith("aws autoscaling update-auto-scaling-group")


def test_the_real_times_are_captions_and_invented_values_say_so() -> None:
    report = outcome("zone_outage", "static-stable").report
    captions = [mark.text for mark in report.marks if mark.kind.value == "caption"]
    assert captions[0].startswith("T+0 (16:20 PDT)")
    assert [text.split(" ")[0] for text in captions] == ["T+0", "T+0h28", "T+1h05", "T+2h09", "T+3h46", "T+5h51", "T+21h30", "T+35h50"]
    assert [phase.name for phase in report.phases if phase.invented] == ["Heat", "Power off", "Returns"]
    assert any("invented" in mark.text for mark in report.marks)


def test_the_chain_of_causes_begins_with_the_zone() -> None:
    assert outcome("zone_outage", "static-stable").report.causes[0].text.endswith("loses its cooling")


@pytest.mark.parametrize("mode", ["stopped"])
def test_as_fis_does_it_the_group_replaces_at_once(mode: str) -> None:
    """Instances that are not running leave the load balancer without health checks, so less is lost."""
    found = outcome("zone_outage", "static-stable", power_off=mode)
    assert (found.verdict, found.left) == ("SUCCEEDED", ())
