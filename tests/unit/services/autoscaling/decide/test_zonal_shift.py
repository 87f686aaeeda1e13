"""A group during a zonal shift away from one of its zones, and after it."""

import pytest

from sandbox.services.autoscaling.decide import capacity, health, placement
from sandbox.services.autoscaling.model import Group, Health, HealthFailure, Member, Memory, Process
from tests.support import rule
from tests.support.services.groups import DELAYS, NOW, decided, group, launches, member, taken_out, zone

AWAY = frozenset({"a"})
THREE = (zone("a"), zone("b"), zone("c"))


def shifted(*members: Member, ignores: bool = True, **more: object) -> Group:
    return group(*members, zones=THREE, shifted_zones=AWAY, ignores_unhealthy=ignores, **more)


def stopped(instance_id: str, in_zone: str = "a", state: str = "stopped") -> Member:
    return member(instance_id, in_zone, instance_state=state)


def unhealthy(instance_id: str, in_zone: str, failure: HealthFailure = HealthFailure.NOT_RUNNING, state: str = "stopped") -> Member:
    return member(instance_id, in_zone, health=Health.UNHEALTHY, failure=failure, instance_state=state)


def launched_in(observed: Group) -> list[str]:
    return sorted(launch.zone for launch in launches(observed) for _ in range(launch.count))


@pytest.mark.parametrize("balanced_only", [False, True])
@rule("ASG-112")
def test_launches_go_to_the_other_zones_only(balanced_only: bool) -> None:
    assert launched_in(shifted(desired_capacity=4, balanced_only=balanced_only)) == ["b", "b", "c", "c"]


@rule("ASG-112")
def test_a_zone_that_is_left_and_one_without_capacity_leave_the_third() -> None:
    zones = (zone("a"), zone("b", failures=1, failed_at=NOW), zone("c"))
    observed = group(desired_capacity=2, zones=zones, shifted_zones=AWAY)
    assert launched_in(observed) == ["c", "c"]


@rule("ASG-113")
def test_healthy_instances_stay_in_the_zone_that_is_left() -> None:
    observed = shifted(*(member(f"i-{n}", "a") for n in range(4)), member("i-b", "b"), member("i-c", "c"))
    assert placement.rebalancing(observed, NOW, DELAYS) == ()
    assert not capacity.uneven(observed, NOW, DELAYS)
    assert decided(observed).actions == ()


@rule("ASG-113")
def test_the_other_zones_stay_balanced_among_each_other() -> None:
    observed = shifted(*(member(f"i-{n}", "b") for n in range(3)), member("i-a", "a"))
    assert placement.rebalancing(observed, NOW, DELAYS) == ("c",)


@rule("ASG-113")
def test_when_the_shift_is_over_the_zones_are_balanced_again() -> None:
    after = group(*(member(f"i-{n}", "bbcc"[n]) for n in range(4)), zones=THREE)
    assert placement.rebalancing(after, NOW, DELAYS) == ("a",)


@rule("ASG-112")
def test_ignore_unhealthy_neither_marks_nor_replaces_in_the_zone_that_is_left() -> None:
    observed = shifted(stopped("i-a", "a"), stopped("i-b", "b"))
    assert [mark.instance_id for mark in health.marks(observed, Memory(), NOW, DELAYS)] == ["i-b"]
    observed = shifted(unhealthy("i-a", "a"), unhealthy("i-b", "b"))
    assert [each.instance_id for each in health.to_replace(observed, NOW)] == ["i-b"]


@rule("ASG-112")
def test_replace_unhealthy_replaces_in_every_zone_with_instances_elsewhere() -> None:
    observed = shifted(unhealthy("i-a", "a"), member("i-b", "b"), member("i-c", "c"), ignores=False)
    assert [each.instance_id for each in health.to_replace(observed, NOW)] == ["i-a"]
    assert launched_in(shifted(member("i-b", "b"), member("i-c", "c"), desired_capacity=3, ignores=False)) in (["b"], ["c"])


def test_an_instance_that_is_terminated_cannot_come_back_and_is_replaced() -> None:
    observed = shifted(unhealthy("i-a", "a", state="terminated"))
    assert [each.instance_id for each in health.to_replace(observed, NOW)] == ["i-a"]


def test_unhealthy_instances_of_the_zone_are_replaced_when_the_shift_is_over() -> None:
    observed = group(unhealthy("i-a", "a"), zones=THREE, ignores_unhealthy=True)
    assert [each.instance_id for each in health.to_replace(observed, NOW)] == ["i-a"]


def test_with_launch_suspended_replacing_shrinks_the_fleet() -> None:
    observed = group(unhealthy("i-a", "a"), member("i-b", "b"), suspended=frozenset({Process.LAUNCH}))
    assert taken_out(observed) == ["i-a"]
    after = group(member("i-b", "b"), desired_capacity=2, suspended=frozenset({Process.LAUNCH}))
    assert launched_in(after) == []
