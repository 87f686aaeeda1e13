"""Where instances are launched: evenly over the zones, except those whose launches fail."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.autoscaling.decide import placement
from sandbox.services.autoscaling.model import Subnet, Zone
from tests.support import rule
from tests.support.services.groups import DELAYS, NOW, group, member, seconds, zone


def zones_of(placements: tuple[placement.Placement, ...]) -> list[str]:
    return [p.zone for p in placements]


@pytest.mark.parametrize(
    ("present", "count", "expected"),
    [
        ({}, 3, ["a", "b", "c"]),
        ({"a": 1}, 1, ["b"]),
        ({"a": 2, "b": 0, "c": 1}, 3, ["b", "b", "c"]),
        ({"a": 1, "b": 1, "c": 1}, 2, ["a", "b"]),
    ],
)
@rule("ASG-25")
def test_each_launch_goes_to_the_zone_with_the_fewest_instances(present: dict[str, int], count: int, expected: list[str]) -> None:
    placements = placement.spread([zone("a"), zone("b"), zone("c")], present, count)
    assert expected == zones_of(placements)


@rule("ASG-25")
def test_within_a_zone_the_subnet_with_most_free_addresses_is_taken() -> None:
    small, large = Subnet(id="small", free_addresses=5), Subnet(id="large", free_addresses=7)
    placements = placement.spread([Zone(name="a", subnets=(small, large))], {}, 4)
    assert [p.subnet_id for p in placements] == ["large", "large", "small", "large"]


@rule("ASG-26")
def test_a_zone_whose_launch_failed_is_skipped_and_the_others_take_its_share() -> None:
    failing = group(desired_capacity=2, zones=(zone("a", failures=1, failed_at=NOW), zone("b")))
    assert zones_of(placement.placements(failing, 2, NOW, DELAYS)) == ["b", "b"]


@rule("ASG-26")
def test_balanced_only_leaves_the_failing_zone_s_share_for_its_retry() -> None:
    failing = group(desired_capacity=2, zones=(zone("a", failures=1, failed_at=NOW), zone("b")), balanced_only=True)
    assert zones_of(placement.placements(failing, 2, NOW, DELAYS)) == ["b"]
    assert zones_of(placement.placements(failing, 2, NOW + DELAYS.first_retry, DELAYS)) == ["a", "b"]


@pytest.mark.parametrize(("failures", "wait"), [(1, 10), (2, 20), (3, 40), (6, 320), (7, 600), (50, 600)])
@rule("ASG-61")
def test_the_wait_after_failures_grows(failures: int, wait: int) -> None:
    assert NOW + seconds(wait) == placement.retry_at(zone("a", failures=failures, failed_at=NOW), DELAYS)


@pytest.mark.parametrize(
    ("in_zones", "expected"),
    [
        ("aaab", ["b"]),
        ("aab", []),  # within 1 of each other is balanced
        ("aaaaab", ["b", "b"]),
        ("aax", ["b"]),  # zone x is no longer enabled
        ("", []),
    ],
)
@rule("ASG-27", "ASG-29")
def test_rebalancing_brings_the_zones_within_one(in_zones: str, expected: list[str]) -> None:
    uneven = group(*(member(f"i-{n}", z) for n, z in enumerate(in_zones)))
    assert expected == list(placement.rebalancing(uneven, NOW, DELAYS))


@rule("ASG-68")
def test_rebalancing_counts_protected_members_as_fixed() -> None:
    fixed = group(*(member(f"i-{n}", "a", protected=True) for n in range(4)))
    assert placement.rebalancing(fixed, NOW, DELAYS) == ()


@pytest.mark.parametrize(("max_size", "expected"), [(1, 1), (9, 1), (10, 1), (14, 1), (15, 2), (100, 10)])
@rule("ASG-28")
def test_a_rebalance_may_exceed_max_by_a_tenth_or_one(max_size: int, expected: int) -> None:
    assert expected == placement.allowance(max_size)


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3)), st.integers(0, 40))
@rule("ASG-25", "ASG-29")
def test_enough_launches_always_leave_the_zones_within_one(present: dict[str, int], count: int) -> None:
    zones = [zone(z) for z in "abcd"]
    total = {z: present.get(z, 0) for z in "abcd"}
    for target in placement.spread(zones, present, count):
        total[target.zone] += 1
    uneven_before = max(total[z] - present.get(z, 0) == 0 and present.get(z, 0) for z in "abcd")
    assert max(total.values()) - min(total.values()) <= 1 or max(total.values()) == uneven_before


@given(st.lists(st.sampled_from("abcx"), max_size=30))
@rule("ASG-27", "ASG-29")
def test_rebalancing_always_ends_balanced(in_zones: list[str]) -> None:
    zones = (zone("a"), zone("b"), zone("c"))
    uneven = group(*(member(f"i-{n}", z) for n, z in enumerate(in_zones)), zones=zones)
    moves = placement.rebalancing(uneven, NOW, DELAYS)
    after = placement.counts(uneven)
    for target in moves:
        enabled = [z for z in after if z in "abc"]
        source = "x" if after.get("x") else max(enabled, key=lambda z: after[z])
        after[source] -= 1
        after[target] += 1
    assert after.get("x", 0) == 0
    assert max(after[z] for z in "abc") - min(after[z] for z in "abc") <= 1


def test_a_moment_that_has_passed_is_due_now() -> None:
    assert timedelta(0) == placement.until_first([NOW - seconds(5), None, NOW + seconds(5)], NOW)
    assert placement.until_first([None], NOW) is None
