"""From the observed state of a group to its actions: each transition of a member, and each reason to grow, shrink or rebalance."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.control import Action, Decision
from sandbox.services.autoscaling.actions import (
    ClearHandledRequests,
    CloseActivity,
    DeregisterTargets,
    LaunchInstances,
    MoveAttachment,
    MoveMember,
    OpenActivity,
    RecordZoneFailure,
    RegisterTargets,
    RemoveGroup,
    RequestReplacement,
    TerminateInstance,
    UpdateActivity,
)
from sandbox.services.autoscaling.activity_model import ActivityKind, StatusCode
from sandbox.services.autoscaling.decide.groups import decide
from sandbox.services.autoscaling.lifecycle_model import TRANSITIONS, AttachmentMove, AttachmentState, LifecycleState, Move
from sandbox.services.autoscaling.model import Group, Health, HealthFailure, Member, Memory, PendingReplacement, Process, Purpose
from tests.support import rule
from tests.support.services.groups import (
    DELAYS,
    NOW,
    TG,
    T,
    activity,
    attachment,
    change,
    group,
    leaving,
    member,
    pending,
    seconds,
    zone,
)

JUST_CHECKED = Memory(checked_at=NOW)
LONG_UNEVEN = Memory(checked_at=NOW, uneven_since=NOW - DELAYS.rebalance)


def decided(observed: Group, memory: Memory = JUST_CHECKED) -> Decision[Memory]:
    return decide(observed, memory, NOW, DELAYS)


def actions(observed: Group, memory: Memory = JUST_CHECKED) -> list[Any]:
    return [bare(action) for action in decided(observed, memory).actions]


def bare(action: Any) -> Action:
    """Without its event and cause, which have tests of their own."""
    stripped: Action = replace(action, event=None, because=None)
    return stripped


def launches(observed: Group, memory: Memory = JUST_CHECKED) -> list[LaunchInstances]:
    return [s for s in actions(observed, memory) if isinstance(s, LaunchInstances)]


def taken_out(observed: Group, memory: Memory = JUST_CHECKED) -> list[str]:
    return [s.instance_id for s in actions(observed, memory) if isinstance(s, MoveMember) and s.move is Move.TAKE_OUT]


# ---- at rest -----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-48")
def test_a_group_at_rest_looks_again_at_the_next_health_check() -> None:
    decision = decided(group(member("i-1", "a"), member("i-2", "b")))
    assert ((), DELAYS.health_check) == (decision.actions, decision.look_again)


@rule("ASG-58")
def test_a_member_in_a_transition_is_looked_at_again_soon() -> None:
    assert DELAYS.transition == decided(group(pending("i-1"))).look_again


# ---- into service ------------------------------------------------------------------------------------------------------------------------


@rule("ASG-58", "ASG-79")
def test_a_running_member_is_registered_before_it_is_in_service() -> None:
    arrived = pending("i-1", instance_state="running")
    assert [
        RegisterTargets(target_group_arn=TG, instance_ids=("i-1",)),
        MoveMember(instance_id="i-1", move=Move.ENTER_SERVICE),
        CloseActivity(activity_id="activity of i-1", description="Launching a new EC2 instance: i-1"),
    ] == actions(group(arrived, attachments=(attachment(),)))


@rule("ASG-58")
def test_with_a_warmup_the_launch_activity_waits_for_it() -> None:
    arrived = group(pending("i-1", instance_state="running"), default_instance_warmup=seconds(60))
    update = actions(arrived)[-1]
    assert (update.status, update.progress) == (StatusCode.WAITING_FOR_INSTANCE_WARMUP, 66)
    waiting = activity("i-1", status=StatusCode.WAITING_FOR_INSTANCE_WARMUP)
    warming = member("i-1", activity=waiting, in_service_since=NOW - seconds(59))
    assert actions(group(warming, default_instance_warmup=seconds(60))) == []
    assert seconds(1) == decided(group(warming, default_instance_warmup=seconds(60))).look_again
    warm = group(replace(warming, in_service_since=NOW - seconds(60)), default_instance_warmup=seconds(60))
    assert [CloseActivity(activity_id=waiting.id, description=waiting.description)] == actions(warm)


@rule("ASG-84")
def test_nothing_is_registered_or_drained_while_add_to_load_balancer_is_suspended() -> None:
    suspended = {"suspended": frozenset({Process.ADD_TO_LOAD_BALANCER}), "attachments": (attachment(),)}
    arriving = actions(group(pending("i-1", instance_state="running"), **suspended))
    assert MoveMember(instance_id="i-1", move=Move.ENTER_SERVICE) == arriving[0]
    going = actions(group(leaving("i-2", targets={TG: "healthy"}), **suspended))
    assert MoveMember(instance_id="i-2", move=Move.PROCEED) == going[0]


@rule("ASG-60", "ASG-61")
def test_a_launch_that_fails_at_ec2_is_a_failed_activity_and_a_failure_of_its_zone() -> None:
    lost = pending("i-1", instance_state="terminated", launch_error="Client.InternalError: Client error on launch.")
    assert [
        MoveMember(instance_id="i-1", move=Move.FAIL),
        RecordZoneFailure(zone="a"),
        CloseActivity(
            activity_id="activity of i-1",
            description="Launching a new EC2 instance: i-1.  Status Reason: Client.InternalError: Client error on launch.",
            status=StatusCode.FAILED,
            status_message="Client.InternalError: Client error on launch.",
        ),
    ] == actions(group(lost))


# ---- out of service ----------------------------------------------------------------------------------------------------------------------

DRAINING = "Terminating EC2 instance: i-1 - Waiting For ELB Connection Draining."
WAITING = activity("i-1", ActivityKind.TERMINATE, StatusCode.WAITING_FOR_ELB_CONNECTION_DRAINING)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (leaving("i-1", targets={TG: "healthy"}), [DeregisterTargets(target_group_arn=TG, instance_ids=("i-1",))]),
        (
            leaving("i-1", targets={TG: "draining"}),
            [
                UpdateActivity(
                    activity_id="activity of i-1",
                    description=DRAINING,
                    status=StatusCode.WAITING_FOR_ELB_CONNECTION_DRAINING,
                    progress=50,
                )
            ],
        ),
        (leaving("i-1", targets={TG: "draining"}, activity=WAITING), []),
        (
            leaving("i-1", activity=WAITING),
            [
                MoveMember(instance_id="i-1", move=Move.PROCEED),
                UpdateActivity(
                    activity_id=WAITING.id,
                    description="Terminating EC2 instance: i-1",
                    status=StatusCode.IN_PROGRESS,
                    progress=50,
                ),
            ],
        ),
        (leaving("i-1", lifecycle=LifecycleState.TERMINATING_PROCEED), [TerminateInstance(instance_id="i-1")]),
        (leaving("i-1", lifecycle=LifecycleState.TERMINATING_PROCEED, instance_state="shutting-down"), []),
        (
            leaving("i-1", lifecycle=LifecycleState.TERMINATING_PROCEED, instance_state="terminated"),
            [
                MoveMember(instance_id="i-1", move=Move.LEAVE),
                CloseActivity(activity_id="activity of i-1", description="Terminating EC2 instance: i-1"),
            ],
        ),
    ],
    ids=["registered", "draining", "still draining", "drained", "to be terminated", "shutting down", "terminated"],
)
@rule("ASG-59", "ASG-80")
def test_a_terminating_member_is_drained_then_terminated_then_leaves(member: Member, expected: list[Action]) -> None:
    assert expected == actions(group(member, attachments=(attachment(),), desired_capacity=0))


@pytest.mark.parametrize("lifecycle", [LifecycleState.DETACHING, LifecycleState.ENTERING_STANDBY])
@rule("ASG-71", "ASG-73")
def test_a_member_that_is_detached_or_put_in_standby_is_drained_and_keeps_running(lifecycle: LifecycleState) -> None:
    going = leaving("i-1", lifecycle=lifecycle, activity=activity("i-1", ActivityKind.DETACH, StatusCode.IN_PROGRESS))
    assert [
        MoveMember(instance_id="i-1", move=Move.PROCEED),
        CloseActivity(activity_id="activity of i-1", description="Launching a new EC2 instance: i-1"),
    ] == actions(group(going))
    registered = replace(going, targets={TG: "healthy"})
    assert [DeregisterTargets(target_group_arn=TG, instance_ids=("i-1",))] == actions(group(registered, attachments=(attachment(),)))


# ---- attachments -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "passed", "target", "expected"),
    [
        (AttachmentState.ADDING, False, None, [RegisterTargets(target_group_arn=TG, instance_ids=("i-1",)), AttachmentMove.REGISTER]),
        (AttachmentState.ADDING, False, "initial", [AttachmentMove.REGISTER]),
        (AttachmentState.ADDED, False, "initial", []),
        (AttachmentState.ADDED, False, "healthy", [AttachmentMove.PASS]),
        (AttachmentState.IN_SERVICE, False, "unhealthy", []),
        (AttachmentState.IN_SERVICE, False, "healthy", [AttachmentMove.PASS]),
        (AttachmentState.IN_SERVICE, True, "healthy", []),
        (AttachmentState.REMOVING, True, "healthy", [DeregisterTargets(target_group_arn=TG, instance_ids=("i-1",))]),
        (AttachmentState.REMOVING, True, "draining", []),
        (AttachmentState.REMOVING, True, None, [AttachmentMove.DRAIN]),
    ],
)
@rule("ASG-82", "ASG-83")
def test_an_attachment_goes_from_adding_to_in_service_and_from_removing_to_removed(
    state: AttachmentState, passed: bool, target: str | None, expected: list[Any]
) -> None:
    observed = group(member("i-1", targets={TG: target} if target else {}), attachments=(attachment(state, passed),))
    wanted = [MoveAttachment(target_group_arn=TG, move=e) if isinstance(e, AttachmentMove) else e for e in expected]
    assert wanted == actions(observed)


# ---- replacement -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (HealthFailure.NOT_RUNNING, "an EC2 health check indicating it has been terminated or stopped."),
        (HealthFailure.STATUS_CHECK, "an EC2 instance status checks failure."),
        (HealthFailure.ELB, "an ELB system health check failure."),
        (HealthFailure.USER, "a user health-check."),
    ],
)
@rule("ASG-49", "ASG-59")
def test_an_unhealthy_member_is_taken_out_and_a_replacement_is_requested(failure: HealthFailure, sentence: str) -> None:
    sick = member("i-1", health=Health.UNHEALTHY, failure=failure, protected=True)
    assert [
        OpenActivity(
            kind=ActivityKind.TERMINATE,
            description="Terminating EC2 instance: i-1",
            cause=f"At {T} an instance was taken out of service in response to {sentence}",
            status=StatusCode.IN_PROGRESS,
            progress=0,
            instance_id="i-1",
        ),
        MoveMember(instance_id="i-1", move=Move.TAKE_OUT),
        RequestReplacement(instance_id="i-1"),
    ] == actions(group(sick, member("i-2")))


@rule("ASG-49")
def test_the_replacement_is_launched_a_second_later_without_waiting_for_draining() -> None:
    def draining(ago: float) -> Group:
        pending = (PendingReplacement(at=NOW - seconds(ago), unhealthy=True),)
        return group(
            leaving("i-1", targets={TG: "draining"}, activity=WAITING), member("i-2", "b"), desired_capacity=2, pending_replacements=pending
        )

    assert actions(draining(0.5)) == []
    assert [
        LaunchInstances(
            zone="a",
            subnet_id="subnet-a",
            count=1,
            cause=f"At {T} an instance was launched in response to an unhealthy instance needing to be replaced.",
            purpose=Purpose.REPLACEMENT,
        ),
        ClearHandledRequests(changes=0, replacements=1),
    ] == actions(draining(1))


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


# ---- deletion ----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-9")
def test_a_force_deleted_group_terminates_everything_without_draining_and_is_then_gone() -> None:
    members = [member("i-1"), member("i-2", lifecycle=LifecycleState.STANDBY), pending("i-3")]
    assert taken_out(group(*members, deleting=NOW)) == ["i-1", "i-2", "i-3"]
    draining = leaving("i-1", targets={TG: "draining"})
    assert [MoveMember(instance_id="i-1", move=Move.PROCEED)] == actions(group(draining, attachments=(attachment(),), deleting=NOW))
    assert [RemoveGroup()] == actions(group(deleting=NOW))


# ---- causes ------------------------------------------------------------------------------------------------------------------------------


@rule("ASG-93")
def test_each_event_names_its_cause() -> None:
    sick = member("i-1", health=Health.UNHEALTHY, failure=HealthFailure.USER, cause="e000007")
    opened = decided(group(sick, member("i-2"))).actions[0]
    assert isinstance(opened, OpenActivity)
    assert opened.event is not None
    assert (opened.event.cause, opened.event.resources) == ("e000007", ("web", "i-1"))
    launch = decided(group(desired_capacity=1, changes=(change(),))).actions[0]
    assert isinstance(launch, LaunchInstances)
    assert launch.event is not None
    assert launch.event.cause == "e000001"


# ---- whatever is observed ----------------------------------------------------------------------------------------------------------------

MEMBERS = st.lists(
    st.builds(
        member,
        instance_id=st.uuids().map(lambda u: f"i-{u.hex[:17]}"),
        zone=st.sampled_from("abcx"),
        lifecycle=st.sampled_from([LifecycleState.IN_SERVICE, LifecycleState.STANDBY, LifecycleState.PENDING, LifecycleState.TERMINATING]),
        instance_state=st.sampled_from(["pending", "running", "stopped", "terminated"]),
        health=st.just(Health.HEALTHY),
        protected=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda m: m.instance_id,
)


@given(MEMBERS, st.integers(0, 12), st.integers(0, 4), st.booleans())
@rule("ASG-2", "ASG-28", "ASG-68")
def test_a_group_never_grows_above_desired_but_to_rebalance_and_never_takes_out_protected_members(
    members: list[Member], desired: int, room: int, long_uneven: bool
) -> None:
    observed = group(*members, desired_capacity=desired, max_size=desired + room, zones=(zone("a"), zone("b"), zone("c")))
    decision = decided(observed, LONG_UNEVEN if long_uneven else JUST_CHECKED)
    launched = [a for a in decision.actions if isinstance(a, LaunchInstances)]
    size = len(observed.counted()) + sum(a.count for a in launched)
    if all(a.purpose is Purpose.REBALANCE for a in launched) and launched:
        assert size <= observed.max_size + max(1, round(observed.max_size / 10 + 1e-9))
    elif launched:
        assert size <= desired
    protected = {m.instance_id for m in members if m.protected}
    taken = {a.instance_id for a in decision.actions if isinstance(a, MoveMember) and a.move is Move.TAKE_OUT}
    assert not taken & protected
    assert decision.look_again is not None and decision.look_again >= timedelta(0)


@given(MEMBERS, st.integers(0, 12))
def test_every_move_is_in_the_table(members: list[Member], desired: int) -> None:
    observed = group(*members, desired_capacity=desired)
    state = {m.instance_id: m.lifecycle for m in members}
    for action in decided(observed).actions:
        if isinstance(action, MoveMember):
            state[action.instance_id] = TRANSITIONS[state[action.instance_id], action.move]
