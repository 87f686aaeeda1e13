"""Observed groups with AWS's defaults: a test states only what matters to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.core.control import Action, Decision
from sandbox.services.autoscaling.actions import LaunchInstances, MoveMember
from sandbox.services.autoscaling.activity_model import Activity, ActivityKind, StatusCode
from sandbox.services.autoscaling.decide.groups import decide
from sandbox.services.autoscaling.lifecycle_model import AttachmentState, LifecycleState, Move
from sandbox.services.autoscaling.model import (
    Attachment,
    Delays,
    DesiredChange,
    Group,
    LaunchSource,
    Member,
    Memory,
    Subnet,
    Zone,
)

NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
T = "2026-05-07T12:00:00Z"
DELAYS = Delays()
SOURCE = LaunchSource(name="lc-1", created_at=NOW - timedelta(days=2))
TG = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def zone(name: str, free: int = 100, **more: Any) -> Zone:
    return Zone(name=name, subnets=(Subnet(id=f"subnet-{name}", free_addresses=free),), **more)


def member(instance_id: str, zone: str = "a", **more: Any) -> Member:
    """In service for an hour, healthy."""
    given = {
        "lifecycle": LifecycleState.IN_SERVICE,
        "instance_state": "running",
        "launched_at": NOW - timedelta(hours=1),
        "in_service_since": NOW - timedelta(hours=1),
        "source": SOURCE,
    }
    return Member(instance_id=instance_id, zone=zone, **(given | more))


def pending(instance_id: str, zone: str = "a", **more: Any) -> Member:
    given = {"lifecycle": LifecycleState.PENDING, "instance_state": "pending", "in_service_since": None}
    return member(instance_id, zone, **(given | {"activity": activity(instance_id)} | more))


def leaving(instance_id: str, zone: str = "a", **more: Any) -> Member:
    given = {"lifecycle": LifecycleState.TERMINATING, "activity": activity(instance_id, ActivityKind.TERMINATE, StatusCode.IN_PROGRESS)}
    return member(instance_id, zone, **(given | more))


def activity(instance_id: str, kind: ActivityKind = ActivityKind.LAUNCH, status: StatusCode = StatusCode.PRE_IN_SERVICE) -> Activity:
    return Activity(
        id=f"activity of {instance_id}",
        kind=kind,
        description=f"Launching a new EC2 instance: {instance_id}",
        cause="because",
        start=NOW,
        status=status,
        progress=30,
        instance_id=instance_id,
    )


DRAINING_ACTIVITY = activity("i-1", ActivityKind.TERMINATE, StatusCode.WAITING_FOR_ELB_CONNECTION_DRAINING)


def group(*members: Member, **more: Any) -> Group:
    """Desired capacity as many as it has, in the zones a and b."""
    counted = sum(m.lifecycle.counts_toward_desired_capacity for m in members)
    given: dict[str, Any] = {"min_size": 0, "max_size": 100, "desired_capacity": counted, "zones": (zone("a"), zone("b")), "source": SOURCE}
    return Group(name="web", members=members, **(given | more))


def change(ago: float = 60, sentence: str = "Somebody changed it.") -> DesiredChange:
    return DesiredChange(at=NOW - seconds(ago), sentence=sentence, cause="e000001")


def attachment(state: AttachmentState = AttachmentState.IN_SERVICE, passed: bool = True) -> Attachment:
    return Attachment(target_group_arn=TG, state=state, passed=passed)


# ---- what a group decides ----------------------------------------------------------------------------------------------------------------

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
