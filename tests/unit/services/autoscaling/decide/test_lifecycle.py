"""Transitions of members and of target group attachments, from the observed state of their group."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.core.control import Action
from sandbox.services.autoscaling.actions import (
    CloseActivity,
    DeregisterTargets,
    MoveAttachment,
    MoveMember,
    RecordZoneFailure,
    RegisterTargets,
    TerminateInstance,
    UpdateActivity,
)
from sandbox.services.autoscaling.activity_model import ActivityKind, StatusCode
from sandbox.services.autoscaling.lifecycle_model import AttachmentMove, AttachmentState, LifecycleState, Move
from sandbox.services.autoscaling.model import Member, Process
from tests.support import rule
from tests.support.services.groups import (
    DRAINING_ACTIVITY,
    NOW,
    TG,
    actions,
    activity,
    attachment,
    decided,
    group,
    leaving,
    member,
    pending,
    seconds,
)

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
        (leaving("i-1", targets={TG: "draining"}, activity=DRAINING_ACTIVITY), []),
        (
            leaving("i-1", activity=DRAINING_ACTIVITY),
            [
                MoveMember(instance_id="i-1", move=Move.PROCEED),
                UpdateActivity(
                    activity_id=DRAINING_ACTIVITY.id,
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
