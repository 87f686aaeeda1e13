"""How a group grows, shrinks and rebalances, from its observed state."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.services.autoscaling.actions import (
    ClearHandledRequests,
    LaunchInstances,
)
from sandbox.services.autoscaling.decide.groups import decide
from sandbox.services.autoscaling.model import Group, PendingReplacement, Process, Purpose
from tests.support import rule
from tests.support.services.groups import (
    DELAYS,
    LONG_UNEVEN,
    NOW,
    T,
    actions,
    change,
    decided,
    group,
    launches,
    member,
    pending,
    seconds,
    taken_out,
    zone,
)

# ---- scale out ---------------------------------------------------------------------------------------------------------------------------


@rule("ASG-25", "ASG-57", "ASG-120")
def test_missing_instances_are_launched_evenly_five_seconds_after_the_change() -> None:
    wanted = group(desired_capacity=3, changes=(change(ago=5),))
    cause = (
        f"Somebody changed it.  At {T} an instance was started in response to a difference between desired and actual capacity,"
        " increasing the capacity from 0 to 3."
    )
    assert [
        LaunchInstances(zone="a", subnet_id="subnet-a", count=2, cause=cause, purpose=Purpose.DIFFERENCE),
        LaunchInstances(zone="b", subnet_id="subnet-b", count=1, cause=cause, purpose=Purpose.DIFFERENCE),
        ClearHandledRequests(changes=1, replacements=0),
    ] == actions(wanted)
    early = decided(group(desired_capacity=3, changes=(change(ago=4),)))
    assert ((), seconds(1)) == (early.actions, early.look_again)


@rule("ASG-57")
def test_a_retry_names_no_change_of_desired() -> None:
    assert launches(group(member("i-1"), desired_capacity=2))[0].cause.startswith(f"At {T} an instance was started")


@rule("ASG-26", "ASG-61")
def test_after_failures_in_every_zone_the_group_waits_for_the_first_retry() -> None:
    zones = (zone("a", failures=2, failed_at=NOW), zone("b", failures=1, failed_at=NOW - seconds(4)))
    waiting = decided(group(desired_capacity=1, zones=zones))
    assert ((), seconds(6)) == (waiting.actions, waiting.look_again)


@pytest.mark.parametrize("observed", [group(desired_capacity=2), group(desired_capacity=2, changes=(change(),))])
@rule("ASG-52")
def test_nothing_is_launched_while_launch_is_suspended(observed: Group) -> None:
    assert actions(replace(observed, suspended=frozenset({Process.LAUNCH}))) == []


@rule("ASG-69")
def test_the_replacement_of_an_instance_that_a_user_terminated_has_the_cause_difference() -> None:
    pending = (PendingReplacement(at=NOW - seconds(1), unhealthy=False),)
    launch = launches(group(member("i-1"), desired_capacity=2, pending_replacements=pending))[0]
    assert Purpose.DIFFERENCE is launch.purpose
    assert launch.cause.endswith("increasing the capacity from 1 to 2.")


@rule("ASG-4")
def test_a_change_that_was_reverted_needs_no_action() -> None:
    assert [ClearHandledRequests(changes=2, replacements=0)] == actions(group(member("i-1"), changes=(change(), change())))


# ---- scale in ----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-57", "ASG-65", "ASG-120")
def test_surplus_members_are_taken_out_three_seconds_after_the_change() -> None:
    members = [member("i-1", "a", tie_breaker=0.2), member("i-2", "a", tie_breaker=0.1), member("i-3", "b")]
    shrunk = group(*members, desired_capacity=2, changes=(change(ago=3),))
    opened = actions(shrunk)[0]
    assert (
        f"Somebody changed it.  At {T} an instance was taken out of service in response to a difference between desired and actual"
        f" capacity, shrinking the capacity from 3 to 2.  At {T} instance i-2 was selected for termination."
    ) == opened.cause
    assert taken_out(shrunk) == ["i-2"]
    assert actions(group(*members, desired_capacity=2, changes=(change(ago=2),))) == []


@rule("ASG-62")
def test_with_only_protected_members_nothing_is_terminated() -> None:
    protected = [member(f"i-{n}", protected=True) for n in range(3)]
    refusal, handled = actions(group(*protected, desired_capacity=1, changes=(change(),)))
    assert refusal.description == "Could not scale to desired capacity because all remaining instances are protected from scale-in."
    assert ClearHandledRequests(changes=1, replacements=0) == handled
    assert actions(group(*protected, desired_capacity=1)) == [], "only one activity"


@rule("ASG-52")
def test_no_member_is_taken_out_while_terminate_is_suspended() -> None:
    assert taken_out(group(member("i-1"), desired_capacity=0, suspended=frozenset({Process.TERMINATE}))) == []


# ---- rebalance ---------------------------------------------------------------------------------------------------------------------------


def lying(zones: str, **more: Any) -> Group:
    return group(*(member(f"i-{n}", z, **more) for n, z in enumerate(zones)))


@rule("ASG-27", "ASG-28")
def test_an_uneven_group_launches_first_beyond_its_maximum() -> None:
    uneven = replace(lying("aaaab"), max_size=5)
    assert actions(uneven, replace(LONG_UNEVEN, uneven_since=NOW - DELAYS.rebalance + seconds(1))) == []
    assert [
        LaunchInstances(
            zone="b",
            subnet_id="subnet-b",
            count=1,
            cause=f"At {T} instances were launched to balance instances in zones b with other zones resulting in more than desired number"
            f" of instances in the group.  At {T} availability zones a b had 4 1 instances respectively."
            " An instance was launched to aid in balancing the group's zones.",
            purpose=Purpose.REBALANCE,
        )
    ] == actions(uneven, LONG_UNEVEN)


@rule("ASG-27")
def test_a_rebalance_terminates_after_its_instances_are_in_service() -> None:
    rebalancing = group(*lying("aaa").members, pending("i-9", "b", purpose=Purpose.REBALANCE), desired_capacity=3)
    assert taken_out(rebalancing) == []
    done = group(*lying("aaa").members, member("i-9", "b", purpose=Purpose.REBALANCE), desired_capacity=3)
    assert taken_out(done) == ["i-0"]


@pytest.mark.parametrize(
    ("observed", "why"),
    [
        (replace(lying("aab")), "it is balanced"),
        (replace(lying("aaa"), suspended=frozenset({Process.AZ_REBALANCE})), "AZRebalance is suspended"),
        (replace(lying("aaa"), suspended=frozenset({Process.LAUNCH})), "Launch is suspended"),
        (lying("aaa", protected=True), "every instance is protected"),
        (group(*lying("aaa").members, pending("i-9", "a")), "an instance is on its way"),
        (replace(lying("aaa"), zones=(zone("a"), zone("b", failures=1, failed_at=NOW))), "launches fail in the empty zone (ASG-26)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@rule("ASG-27")
def test_is_not_rebalanced(observed: Group, why: str) -> None:
    assert launches(observed, LONG_UNEVEN) == []


@rule("ASG-30")
def test_a_zone_that_recovered_is_balanced_again() -> None:
    recovered = replace(lying("aaa"), zones=(zone("a"), zone("b", failures=1, failed_at=NOW - DELAYS.first_retry)))
    assert [launch.zone for launch in launches(recovered, LONG_UNEVEN)] == ["b"]


@rule("ASG-27")
def test_an_uneven_group_remembers_since_when() -> None:
    first = decided(lying("aaa")).memory
    assert first.uneven_since == NOW
    assert decide(lying("aaa"), first, NOW + seconds(9), DELAYS).memory.uneven_since == NOW
    assert decide(lying("aab"), first, NOW + seconds(9), DELAYS).memory.uneven_since is None
