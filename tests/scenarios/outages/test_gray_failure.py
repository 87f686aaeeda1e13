"""S03: what the load balancer measures of each target names what health checks do not see."""

import pytest

from scenarios.kit.running.differential import Measured, smoothed, suspect
from tests.support import rule
from tests.support.outage import outcome


@pytest.mark.parametrize("profile", ["static-stable", "tuned", "aws-default"])
def test_the_causes_are_named_and_what_is_then_done_heals(profile: str) -> None:
    found = outcome("gray_failure", profile)
    assert found.verdict == "SUCCEEDED"
    assert found.criterion("The causes were named").measured == "slow: instance; loses: instance; zone: zone"
    assert found.left == ()


@rule("TG-12")
def test_the_negative_control_watches_health_checks_only_and_finds_nothing() -> None:
    found = outcome("gray_failure", control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert found.criterion("No health check noticed").passed


def test_the_tutorials_replacement_receives_no_request() -> None:
    found = outcome("gray_failure", "tutorial")
    assert found.verdict == "FAILED"
    assert "attach-load-balancer-target-groups" in found.report.advice[0].command


USUAL = {"a": ("i-1", "i-2"), "b": ("i-3", "i-4"), "c": ("i-5",)}


@pytest.mark.parametrize(
    ("slow", "failing", "named"),
    [
        ((), (), None),
        (("i-1",), (), "i-1"),
        ((), ("i-4",), "i-4"),
        (("i-3", "i-4"), (), "b"),
        (("i-3",), ("i-4",), "b"),
        (("i-1", "i-3"), (), None),
        (("i-5",), (), "i-5"),
    ],
)
def test_one_bad_target_is_an_instance_and_all_of_a_zone_are_the_zone(
    slow: tuple[str, ...], failing: tuple[str, ...], named: str | None
) -> None:
    measured = [
        Measured(instance_id=i, zone=zone, median_ms=200.0 if i in slow else 10.0, errors=5.0 if i in failing else 0.0)
        for zone, instances in USUAL.items()
        for i in instances
    ]
    assert suspect(measured) == named


def test_a_target_without_a_response_that_was_measured_is_judged_by_its_errors() -> None:
    measured = [Measured(instance_id=f"i-{n}", zone="a", median_ms=10.0, errors=0.0) for n in range(3)]
    assert suspect([*measured, Measured(instance_id="i-9", zone="b", median_ms=None, errors=100.0)]) == "i-9"
    assert suspect([]) is None


def test_errors_are_averaged_over_looks_because_few_requests_may_have_none() -> None:
    looks = [[Measured(instance_id="i-1", zone="a", median_ms=10.0, errors=errors)] for errors in (9.0, 0.0, 0.0)]
    assert smoothed(looks) == [Measured(instance_id="i-1", zone="a", median_ms=10.0, errors=3.0)]
