"""Interruption of Spot Instances (IMDS-12): the rebalance recommendation, the notice two minutes before, and what is done then. Pure.

Faults say when an instance will be interrupted (`Observed.interrupted_at`). The instance keeps the notices, which its metadata shows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.services.ec2.actions import Interrupt, SetNotices
from sandbox.services.ec2.metadata_model import Interruption

WARNING = timedelta(minutes=2)  # before the interruption
REBALANCE, INTERRUPTION = "EC2 Instance Rebalance Recommendation", "EC2 Spot Instance Interruption Warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotInstance:
    """A running one."""

    instance_id: str
    behavior: str  # InstanceInterruptionBehavior: "terminate" | "stop"
    interrupted_at: datetime | None = None  # None: no fault interrupts it
    noticed: Interruption | None = None
    rebalance_noticed_at: datetime | None = None
    cause: str | None = None  # id of the newest event that led here: the fault, or a notice


def decide(observed: SpotInstance, now: datetime) -> Decision[None]:
    at = observed.interrupted_at
    if at is None:
        return Decision(memory=None, actions=_forget(observed))
    actions: list[Action] = []
    if observed.rebalance_noticed_at is None:
        actions.append(SetNotices(interruption=None, rebalance_noticed_at=now, event=_rebalance(observed)))
    if observed.noticed is None and now >= at - WARNING:
        notice = Interruption(action=observed.behavior, at=at)
        since = observed.rebalance_noticed_at or now
        actions.append(SetNotices(interruption=notice, rebalance_noticed_at=since, event=_warning(observed, at)))
    if now >= at:
        actions.append(Interrupt(stop=observed.behavior == "stop", because=observed.cause))
    return Decision(memory=None, actions=tuple(actions), look_again=_next(at, now))


def _forget(observed: SpotInstance) -> tuple[Action, ...]:
    """The fault was cleared before its time: nothing happens."""
    if observed.noticed is None and observed.rebalance_noticed_at is None:
        return ()
    return (SetNotices(interruption=None, rebalance_noticed_at=None),)


def _next(at: datetime, now: datetime) -> timedelta | None:
    return next((moment - now for moment in (at - WARNING, at) if moment > now), None)


def _rebalance(observed: SpotInstance) -> Event:
    return _event(observed, REBALANCE, f"{observed.instance_id} is at elevated risk of interruption", {})


def _warning(observed: SpotInstance, at: datetime) -> Event:
    summary = f"{observed.instance_id} will be interrupted at {at:%H:%M:%S}: {observed.behavior}"
    return _event(observed, INTERRUPTION, summary, {"instance-action": observed.behavior})


def _event(observed: SpotInstance, title: str, summary: str, detail: dict[str, str]) -> Event:
    return Event(
        source="aws.ec2",
        detail_type=title,
        summary=summary,
        resources=(observed.instance_id,),
        detail={"instance-id": observed.instance_id, **detail},
        cause=observed.cause,
    )
