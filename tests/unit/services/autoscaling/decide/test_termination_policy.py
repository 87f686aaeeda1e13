"""Which members a scale-in terminates."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.autoscaling.decide.termination_policy import choose
from sandbox.services.autoscaling.model import LaunchSource, Member
from tests.support import rule
from tests.support.services.groups import NOW, group, member, zone

DAY = timedelta(days=1)
OLD_LC = LaunchSource(name="lc-old", created_at=NOW - 9 * DAY)
NEW_LC = LaunchSource(name="lc-new", created_at=NOW - DAY)
V1 = LaunchSource(name="lt-1", version=1, created_at=NOW - 9 * DAY)
V2 = LaunchSource(name="lt-1", version=2, created_at=NOW - DAY)
OTHER_LT = LaunchSource(name="lt-0", version=7, created_at=NOW - DAY)


def born(instance_id: str, minutes: float, source: LaunchSource = NEW_LC, **more: object) -> Member:
    return member(instance_id, source=source, launched_at=NOW - timedelta(minutes=minutes), **more)


@pytest.mark.parametrize(
    ("policies", "members", "expected"),
    [
        ("OldestInstance", [born("i-1", 10), born("i-2", 30), born("i-3", 20)], "i-2"),
        ("NewestInstance", [born("i-1", 10), born("i-2", 30), born("i-3", 20)], "i-1"),
        ("OldestLaunchConfiguration", [born("i-1", 99, NEW_LC), born("i-2", 1, OLD_LC), born("i-3", 500, V1)], "i-2"),
        ("OldestLaunchTemplate", [born("i-1", 99, V1), born("i-2", 1, OTHER_LT), born("i-3", 500, OLD_LC)], "i-2"),
        ("OldestLaunchTemplate", [born("i-1", 1, V1), born("i-2", 99, V2)], "i-1"),
        ("ClosestToNextInstanceHour", [born("i-1", 10), born("i-2", 119), born("i-3", 50)], "i-2"),
        ("AllocationStrategy OldestInstance", [born("i-1", 10), born("i-2", 30)], "i-2"),
        ("OldestLaunchConfiguration NewestInstance", [born("i-1", 10), born("i-2", 5), born("i-3", 1, V1)], "i-2"),
        # ASG-66: configuration before template, the oldest of them, then the next billing hour, then the tie-breaker
        ("Default", [born("i-1", 10, V1), born("i-2", 10, NEW_LC), born("i-3", 10, OLD_LC)], "i-3"),
        ("Default", [born("i-1", 10, V2), born("i-2", 10, V1), born("i-3", 10, OTHER_LT)], "i-3"),
        ("Default", [born("i-1", 10, V2), born("i-2", 10, V1)], "i-2"),
        ("Default", [born("i-1", 10), born("i-2", 50)], "i-2"),
        ("Default", [born("i-1", 10, tie_breaker=0.7), born("i-2", 10, tie_breaker=0.3)], "i-2"),
    ],
)
@rule("ASG-66", "ASG-67")
def test_policies_choose_in_the_order_given(policies: str, members: list[Member], expected: str) -> None:
    chosen = choose(group(*members, termination_policies=tuple(policies.split()), source=V2), 1, NOW)
    assert [expected] == [m.instance_id for m in chosen]


@rule("ASG-65")
def test_the_fullest_zone_comes_before_the_policy() -> None:
    oldest = member("i-b", "b", launched_at=NOW - 9 * DAY)
    chosen = choose(group(member("i-a1", "a"), member("i-a2", "a"), oldest, termination_policies=("OldestInstance",)), 1, NOW)
    assert chosen[0].zone == "a"


@rule("ASG-65")
def test_zones_that_are_equally_full_compete() -> None:
    oldest = member("i-b", "b", launched_at=NOW - 9 * DAY)
    chosen = choose(group(member("i-a", "a"), oldest, termination_policies=("OldestInstance",)), 1, NOW)
    assert [oldest] == list(chosen)


@rule("ASG-27")
def test_a_zone_that_is_no_longer_enabled_is_emptied_first() -> None:
    stray = member("i-x", "x")
    assert [stray] == list(choose(group(member("i-1", "a"), member("i-2", "a"), stray), 1, NOW))


@rule("ASG-65", "ASG-68")
def test_a_full_zone_of_protected_members_is_skipped() -> None:
    protected = [member(f"i-{n}", "a", protected=True) for n in range(3)]
    free = member("i-b", "b")
    assert [free] == list(choose(group(*protected, free), 2, NOW))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=25), st.integers(0, 30))
@rule("ASG-65", "ASG-68")
def test_scale_in_never_terminates_protected_members_and_leaves_the_rest_even(drawn: list[tuple[str, bool]], count: int) -> None:
    members = [member(f"i-{n}", z, protected=protected) for n, (z, protected) in enumerate(drawn)]
    zones = (zone("a"), zone("b"), zone("c"))
    chosen = choose(group(*members, zones=zones), count, NOW)
    assert not any(m.protected for m in chosen)
    assert len(chosen) == min(count, sum(not m.protected for m in members))
    left = [m for m in members if m not in chosen]
    sizes = {z: sum(m.zone == z for m in left) for z in "abc"}
    taken_from = {m.zone for m in chosen}
    shrinkable = {m.zone for m in left if not m.protected}
    for z in taken_from:
        assert all(sizes[z] >= sizes[other] - 1 for other in shrinkable)
