"""What a group decides: rest, replacement, deletion, the causes of its events, and what holds for every observed state."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.autoscaling.actions import (
    ClearHandledRequests,
    LaunchInstances,
    MoveMember,
    OpenActivity,
    RemoveGroup,
    RequestReplacement,
)
from sandbox.services.autoscaling.activity_model import ActivityKind, StatusCode
from sandbox.services.autoscaling.lifecycle_model import TRANSITIONS, LifecycleState, Move
from sandbox.services.autoscaling.model import Group, Health, HealthFailure, Member, PendingReplacement, Purpose
from tests.support import rule
from tests.support.services.groups import (
    DELAYS,
    DRAINING_ACTIVITY,
    JUST_CHECKED,
    LONG_UNEVEN,
    NOW,
    TG,
    T,
    actions,
    attachment,
    change,
    decided,
    group,
    leaving,
    member,
    pending,
    seconds,
    taken_out,
    zone,
)

# ---- at rest -----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-48")
def test_a_group_at_rest_looks_again_at_the_next_health_check() -> None:
    decision = decided(group(member("i-1", "a"), member("i-2", "b")))
    assert ((), DELAYS.health_check) == (decision.actions, decision.look_again)


@rule("ASG-58")
def test_a_member_in_a_transition_is_looked_at_again_soon() -> None:
    assert DELAYS.transition == decided(group(pending("i-1"))).look_again


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
            leaving("i-1", targets={TG: "draining"}, activity=DRAINING_ACTIVITY),
            member("i-2", "b"),
            desired_capacity=2,
            pending_replacements=pending,
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


# ---- deletion ----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-9")
def test_a_force_deleted_group_terminates_everything_without_draining_and_is_then_gone() -> None:
    members = [member("i-1"), member("i-2", lifecycle=LifecycleState.STANDBY), pending("i-3")]
    assert taken_out(group(*members, deleting=NOW)) == ["i-1", "i-2", "i-3"]
    draining = leaving("i-1", targets={TG: "draining"})
    assert [MoveMember(instance_id="i-1", move=Move.PROCEED)] == actions(group(draining, attachments=(attachment(),), deleting=NOW))
    assert [RemoveGroup()] == actions(group(deleting=NOW))


def test_a_deleted_group_that_waits_for_ec2_is_not_looked_at_all_the_time() -> None:
    stopping = member("i-1", lifecycle=LifecycleState.TERMINATING_PROCEED, instance_state="shutting-down")
    long_ago = replace(JUST_CHECKED, checked_at=NOW - 2 * DELAYS.health_check)
    assert ((), DELAYS.transition) == ((found := decided(group(stopping, deleting=NOW), long_ago)).actions, found.look_again)


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
