"""Lifecycle hooks: when members wait for them, what ends the wait, what is sent and told."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.services.autoscaling.actions import (
    CloseActivity,
    EndLifecycleAction,
    MoveMember,
    NotifyLifecycleAction,
    OpenActivity,
    RegisterTargets,
    StartLifecycleActions,
    UpdateActivity,
)
from sandbox.services.autoscaling.activity_model import ActivityKind, StatusCode
from sandbox.services.autoscaling.decide import hooks
from sandbox.services.autoscaling.decide.notifications import GroupNames
from sandbox.services.autoscaling.hook_model import Hook, LifecycleAction, Result, Transition
from sandbox.services.autoscaling.lifecycle_model import LifecycleState, Move
from sandbox.services.autoscaling.model import Member
from tests.support import rule
from tests.support.services.groups import (
    NOW,
    TG,
    T,
    actions,
    activity,
    attachment,
    decided,
    group,
    launches,
    leaving,
    pending,
    seconds,
)

LAUNCH = Hook(name="boot", transition=Transition.LAUNCHING, heartbeat_timeout=seconds(60))
TERMINATE = Hook(name="drain", transition=Transition.TERMINATING, heartbeat_timeout=seconds(60))
BOTH = (LAUNCH, TERMINATE)


def action(hook: Hook = LAUNCH, ago: float = 10, **more: Any) -> LifecycleAction:
    began = NOW - seconds(ago)
    made: dict[str, Any] = {"token": f"token of {hook.name}", "hook": hook, "started": began, "heartbeat": began}
    return LifecycleAction(**(made | more))


def booting(*running: LifecycleAction) -> Member:
    return pending("i-1", lifecycle=LifecycleState.PENDING_WAIT, instance_state="running", lifecycle_actions=running)


def stopping(*running: LifecycleAction, **more: Any) -> Member:
    return leaving("i-1", lifecycle=LifecycleState.TERMINATING_WAIT, lifecycle_actions=running, **more)


def done(result: Result, reason: str = "Lifecycle Action Completed with ABANDON Result", hook: Hook = LAUNCH) -> LifecycleAction:
    return action(hook, result=result, reason=reason)


# ---- the beginning -----------------------------------------------------------------------------------------------------------------------


@rule("ASG-79", "ASG-58")
def test_a_launched_instance_waits_before_it_is_registered() -> None:
    launched = pending("i-1", instance_state="running")
    assert [
        MoveMember(instance_id="i-1", move=Move.WAIT),
        StartLifecycleActions(instance_id="i-1", transition=Transition.LAUNCHING),
        UpdateActivity(
            activity_id="activity of i-1",
            description="Launching a new EC2 instance: i-1",
            status=StatusCode.MID_LIFECYCLE_ACTION,
            progress=60,
        ),
    ] == actions(group(launched, hooks=BOTH, attachments=(attachment(),)))


@rule("ASG-79")
def test_after_its_hooks_an_instance_is_registered_and_enters_service() -> None:
    proceeding = pending("i-1", lifecycle=LifecycleState.PENDING_PROCEED, instance_state="running")
    found = actions(group(proceeding, hooks=BOTH, attachments=(attachment(),)))
    assert found[:2] == [
        RegisterTargets(target_group_arn=TG, instance_ids=("i-1",)),
        MoveMember(instance_id="i-1", move=Move.ENTER_SERVICE),
    ]


@rule("ASG-80", "ASG-59")
def test_a_terminating_instance_waits_when_it_has_drained_and_not_before() -> None:
    def observed(**more: Any) -> Any:
        return group(leaving("i-1", **more), hooks=BOTH, attachments=(attachment(),), desired_capacity=0)

    draining = activity("i-1", ActivityKind.TERMINATE, StatusCode.WAITING_FOR_ELB_CONNECTION_DRAINING)
    assert actions(observed(targets={TG: "draining"}, activity=draining)) == []
    assert [
        MoveMember(instance_id="i-1", move=Move.WAIT),
        StartLifecycleActions(instance_id="i-1", transition=Transition.TERMINATING),
        UpdateActivity(
            activity_id="activity of i-1",
            description="Terminating EC2 instance: i-1",
            status=StatusCode.MID_TERMINATING_LIFECYCLE_ACTION,
            progress=60,
        ),
    ] == actions(observed())


@rule("ASG-70")
@pytest.mark.parametrize(("state", "move"), [("shutting-down", Move.PROCEED), ("terminated", Move.PROCEED), ("stopped", Move.WAIT)])
def test_a_termination_at_ec2_bypasses_the_hooks(state: str, move: Move) -> None:
    found = actions(group(leaving("i-1", instance_state=state), hooks=BOTH, desired_capacity=0))
    assert [each.move for each in found if isinstance(each, MoveMember)] == [move]


@rule("ASG-91")
@pytest.mark.parametrize("kind", [ActivityKind.ATTACH, ActivityKind.EXIT_STANDBY])
def test_hooks_do_not_run_for_an_instance_that_was_attached_or_in_standby(kind: ActivityKind) -> None:
    arriving = pending("i-1", instance_state="running", activity=activity("i-1", kind))
    assert actions(group(arriving, hooks=BOTH))[0] == MoveMember(instance_id="i-1", move=Move.ENTER_SERVICE)


@rule("ASG-91")
@pytest.mark.parametrize("state", [LifecycleState.DETACHING, LifecycleState.ENTERING_STANDBY])
def test_hooks_do_not_run_for_an_instance_that_is_detached_or_enters_standby(state: LifecycleState) -> None:
    assert actions(group(leaving("i-1", lifecycle=state), hooks=BOTH))[0] == MoveMember(instance_id="i-1", move=Move.PROCEED)


@rule("ASG-9", "ASG-91")
def test_a_forced_deletion_runs_no_hooks_and_ends_those_that_run() -> None:
    waiting = stopping(action(TERMINATE))
    assert [MoveMember(instance_id="i-1", move=Move.COMPLETE)] == actions(group(waiting, hooks=BOTH, deleting=NOW))
    assert [MoveMember(instance_id="i-1", move=Move.PROCEED)] == actions(group(leaving("i-1"), hooks=BOTH, deleting=NOW))
    assert MoveMember(instance_id="i-1", move=Move.TAKE_OUT) in actions(group(booting(action()), hooks=BOTH, deleting=NOW))


# ---- the wait ----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-89")
def test_a_member_waits_until_its_timeout_and_the_group_looks_again_then() -> None:
    decision = decided(group(booting(action(ago=50)), hooks=BOTH))
    assert ((), seconds(10)) == (decision.actions, decision.look_again)


@rule("ASG-88", "ASG-89")
@pytest.mark.parametrize(
    ("running", "ended"),
    [
        (action(ago=59), None),
        (action(ago=60), Result.ABANDON),
        (action(replace(LAUNCH, default_result=Result.CONTINUE), ago=60), Result.CONTINUE),
        (action(ago=600, heartbeat=NOW - seconds(59)), None),
        (action(ago=600, heartbeat=NOW - seconds(60)), Result.ABANDON),
        (action(ago=5999, heartbeat=NOW), None),
        (action(ago=6000, heartbeat=NOW), Result.ABANDON),  # 100 × 60 s
        (action(replace(LAUNCH, heartbeat_timeout=seconds(7200)), ago=48 * 3600 - 1, heartbeat=NOW), None),
        (action(replace(LAUNCH, heartbeat_timeout=seconds(7200)), ago=48 * 3600, heartbeat=NOW), Result.ABANDON),
        (action(ago=600, result=Result.CONTINUE), None),
    ],
)
def test_the_default_result_applies_after_the_heartbeat_timeout_and_after_the_longest_wait(
    running: LifecycleAction, ended: Result | None
) -> None:
    found = [each for each in actions(group(booting(running), hooks=BOTH)) if isinstance(each, EndLifecycleAction)]
    assert found == ([EndLifecycleAction(instance_id="i-1", hook="boot", result=ended)] if ended else [])


@rule("ASG-88")
def test_the_longest_wait_is_48_hours_or_100_timeouts() -> None:
    longest = replace(LAUNCH, heartbeat_timeout=seconds(7200))
    assert (LAUNCH.global_timeout, longest.global_timeout) == (timedelta(minutes=100), timedelta(hours=48))


@rule("ASG-92")
def test_a_target_is_notified_once() -> None:
    hook = replace(LAUNCH, notification_target="arn:aws:sns:us-east-1:123456789012:t", role="arn:aws:iam::123456789012:role/r")
    assert [NotifyLifecycleAction(instance_id="i-1", hook="boot")] == actions(group(booting(action(hook))))
    assert actions(group(booting(action(hook, notified=True)))) == []


# ---- the end -----------------------------------------------------------------------------------------------------------------------------

OTHER = replace(LAUNCH, name="other")
LAST = replace(TERMINATE, name="last")


@rule("ASG-90")
@pytest.mark.parametrize(
    ("waiting", "moves"),
    [
        (booting(done(Result.CONTINUE)), [Move.COMPLETE]),
        (booting(done(Result.ABANDON)), [Move.TAKE_OUT]),
        (booting(done(Result.CONTINUE), action(OTHER)), []),
        (booting(done(Result.CONTINUE), done(Result.CONTINUE, hook=OTHER)), [Move.COMPLETE]),
        (booting(done(Result.ABANDON), action(OTHER)), [Move.TAKE_OUT]),
        (booting(done(Result.CONTINUE), done(Result.ABANDON, hook=OTHER)), [Move.TAKE_OUT]),
        (stopping(action(TERMINATE)), []),
        (stopping(done(Result.CONTINUE, hook=TERMINATE)), [Move.COMPLETE]),
        (stopping(done(Result.ABANDON, hook=TERMINATE)), [Move.COMPLETE]),
        (stopping(done(Result.CONTINUE, hook=TERMINATE), action(LAST)), []),
        (stopping(done(Result.ABANDON, hook=TERMINATE), action(LAST)), [Move.COMPLETE]),
    ],
)
def test_how_results_end_the_wait(waiting: Member, moves: list[Move]) -> None:
    found = actions(group(waiting, desired_capacity=int(waiting.lifecycle.is_pending)))
    assert [each.move for each in found if isinstance(each, MoveMember)] == moves


@rule("ASG-90", "ASG-58")
@pytest.mark.parametrize("reason", ["Lifecycle Action Completed with ABANDON Result", "Heartbeat Timeout"])
def test_an_abandoned_launch_is_cancelled_in_awss_words_and_the_instance_terminated(reason: str) -> None:
    message = f"Instance failed to complete user's Lifecycle Action: Lifecycle Action with token token of boot was abandoned: {reason}"
    closed, opened, moved = actions(group(booting(done(Result.ABANDON, reason))))
    assert closed == CloseActivity(
        activity_id="activity of i-1",
        description=f"Launching a new EC2 instance: i-1.  Status Reason: {message}",
        status=StatusCode.CANCELLED,
        status_message=message,
    )
    assert isinstance(opened, OpenActivity) and opened.description == "Terminating EC2 instance: i-1"
    assert opened.cause == f"At {T} an instance was taken out of service in response to an abandoned lifecycle action."
    assert moved == MoveMember(instance_id="i-1", move=Move.TAKE_OUT)


@rule("ASG-90")
def test_an_abandoned_launch_is_followed_by_another() -> None:
    assert [each.count for each in launches(group(leaving("i-1"), hooks=BOTH, desired_capacity=1))] == [1]


def test_a_member_that_waits_counts_toward_the_desired_capacity() -> None:
    assert launches(group(booting(action()), desired_capacity=1)) == []


# ---- what is told ------------------------------------------------------------------------------------------------------------------------

WEB = GroupNames(
    name="web", arn="arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:u:autoScalingGroupName/web", account="123456789012"
)


@rule("ASG-92", "ASG-93")
@pytest.mark.parametrize(("hook", "origin", "destination"), [(LAUNCH, "EC2", "AutoScalingGroup"), (TERMINATE, "AutoScalingGroup", "EC2")])
def test_the_message_to_the_target_has_awss_fields(hook: Hook, origin: str, destination: str) -> None:
    told = action(replace(hook, metadata='{"role": "web"}'), ago=0)
    assert json.loads(hooks.message(WEB, "i-1", told, "request")) == {
        "Origin": origin,
        "Destination": destination,
        "LifecycleHookName": hook.name,
        "EC2InstanceId": "i-1",
        "LifecycleTransition": hook.transition.value,
        "LifecycleActionToken": f"token of {hook.name}",
        "AutoScalingGroupName": "web",
        "AccountId": "123456789012",
        "RequestId": "request",
        "Time": "2026-05-07T12:00:00.000Z",
        "Service": "AWS Auto Scaling",
        "NotificationMetadata": '{"role": "web"}',
    }
    assert hooks.subject("i-1", told) == f"Auto Scaling:  Lifecycle action '{hook.transition.short}' for instance i-1 in progress."
