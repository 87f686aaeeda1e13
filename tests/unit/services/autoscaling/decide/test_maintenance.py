"""How unhealthy members are replaced, and zones rebalanced, under a maintenance policy."""

from typing import Any

import pytest

from sandbox.services.autoscaling.actions import LaunchInstances, MoveMember, RequestReplacement
from sandbox.services.autoscaling.decide import capacity
from sandbox.services.autoscaling.lifecycle_model import Move
from sandbox.services.autoscaling.model import Group, Health, HealthFailure, MaintenancePolicy, Member, PendingReplacement, Process, Purpose
from tests.support import rule
from tests.support.services.groups import DELAYS, LONG_UNEVEN, NOW, actions, group, member, pending, seconds


def failing(instance_id: str, failure: HealthFailure = HealthFailure.ELB) -> Member:
    return member(instance_id, health=Health.UNHEALTHY, failure=failure)


def under(low: int, high: int, *members: Member, **more: Any) -> Group:
    return group(*members, maintenance=MaintenancePolicy(min_healthy=low, max_healthy=high), **more)


def outcome(observed: Group) -> tuple[int, int, int]:
    """How many are launched, taken out, and replaced once they are out."""
    found = actions(observed)
    launched = sum(a.count for a in found if isinstance(a, LaunchInstances) and a.purpose is Purpose.REPLACEMENT)
    out = sum(isinstance(a, MoveMember) and a.move is Move.TAKE_OUT for a in found)
    return launched, out, sum(isinstance(a, RequestReplacement) for a in found)


GOOD = [member(f"i-{n}") for n in range(5)]
BAD = [failing("i-bad-1"), failing("i-bad-2")]
WAITING = PendingReplacement(at=NOW, unhealthy=True)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(under(100, 110, *GOOD, BAD[0]), (1, 0, 0), id="launch first"),
        pytest.param(under(100, 110, *GOOD, *BAD), (1, 0, 0), id="never above the maximum"),
        pytest.param(under(100, 200, *GOOD, *BAD), (2, 0, 0), id="all at a time when the maximum permits it"),
        pytest.param(under(100, 110, *GOOD, BAD[0], pending("i-new"), desired_capacity=6), (0, 0, 0), id="the new one is starting"),
        pytest.param(under(100, 110, *GOOD, member("i-new"), BAD[0], desired_capacity=6), (0, 1, 0), id="it is ready: the bad one leaves"),
        pytest.param(under(80, 100, *GOOD, *BAD), (0, 1, 1), id="terminate and launch, one at a time"),
        pytest.param(under(90, 100, *GOOD, *BAD), (1, 0, 0), id="90 % of seven are seven: launch first"),
        pytest.param(under(50, 100, *GOOD, *BAD), (0, 2, 2), id="as many as the minimum permits"),
        pytest.param(under(80, 100, *GOOD, pending("i-new"), BAD[0]), (0, 0, 0), id="the one that replaces another is starting"),
        pytest.param(
            under(80, 100, *GOOD, BAD[0], desired_capacity=7, pending_replacements=(WAITING,)),
            (0, 0, 0),
            id="a replacement is to be launched",
        ),
        pytest.param(under(100, 110, *[failing(f"i-{n}") for n in range(3)]), (1, 0, 0), id="launch first although none serves"),
        pytest.param(under(0, 100, *[failing(f"i-{n}") for n in range(3)]), (0, 3, 3), id="the minimum may be 0"),
        pytest.param(
            under(100, 110, *GOOD, BAD[0], suspended=frozenset({Process.REPLACE_UNHEALTHY})), (0, 0, 0), id="ReplaceUnhealthy is suspended"
        ),
        pytest.param(under(100, 110, *GOOD, BAD[0], suspended=frozenset({Process.LAUNCH})), (0, 0, 0), id="Launch is suspended"),
    ],
)
@rule("ASG-105")
def test_a_policy_bounds_the_replacement_of_unhealthy_members(observed: Group, expected: tuple[int, int, int]) -> None:
    assert outcome(observed) == expected


@rule("ASG-105")
def test_an_instance_that_does_not_run_is_terminated_and_replaced_at_once() -> None:
    gone = failing("i-gone", HealthFailure.NOT_RUNNING)
    assert outcome(under(100, 110, *GOOD, gone)) == (0, 1, 1)


@rule("ASG-105")
def test_the_surplus_of_a_replacement_is_not_scaled_in() -> None:
    young = member("i-new", in_service_since=NOW - seconds(1))
    observed = under(100, 110, *GOOD, young, BAD[0], desired_capacity=6, default_instance_warmup=seconds(60))
    assert outcome(observed) == (0, 0, 0)


@pytest.mark.parametrize(("high", "moved"), [(100, 1), (110, 1), (150, 3)])
@rule("ASG-105")
def test_a_policy_bounds_the_rebalance(high: int, moved: int) -> None:
    """Six in one of two zones: three have to move. Without a policy it would be 10 % of the group's maximum."""
    observed = under(90, high, *[member(f"i-{n}") for n in range(6)])
    found = capacity.rebalance(observed, LONG_UNEVEN, NOW, DELAYS).actions
    assert sum(a.count for a in found if isinstance(a, LaunchInstances)) == moved
