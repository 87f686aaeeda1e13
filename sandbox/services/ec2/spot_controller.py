"""The loop of Spot Instances: one key for each that runs. decide/spot.py says when it gets which notice, and when it is interrupted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.faults.record import STARTED
from sandbox.services.ec2.actions import Interrupt, SetNotices
from sandbox.services.ec2.decide.spot import INTERRUPTION, REBALANCE, SpotInstance, decide
from sandbox.services.ec2.model import SPOT_SHUTDOWN, SPOT_TERMINATION, InstanceEvent, InstanceState
from sandbox.services.ec2.state import snapshot

WHY = "its Spot Instance interruption"
LEADING = (STARTED, REBALANCE, INTERRUPTION)
"""Types of events that lead to an interruption."""


class SpotController(Shell[SpotInstance, None]):
    name = "ec2-spot"

    def keys(self) -> Iterable[str]:
        return tuple(scope.key(instance.id) for scope, instance in snapshot.known() if _runs(instance))

    def has(self, key: str) -> bool:
        return self._find(key) is not None

    def _find(self, key: str) -> Any:
        instance = snapshot.find(*Scope.split(key))
        return instance if instance is not None and _runs(instance) else None

    def observe(self, key: str, now: datetime) -> SpotInstance | None:
        instance = self._find(key)
        if instance is None:
            return None
        extra, at = instance.sandbox, context().faults.interrupted_at(snapshot.hosted(instance))
        return SpotInstance(
            instance_id=instance.id,
            behavior=extra.interruption_behavior,
            interrupted_at=at,
            noticed=extra.interruption,
            rebalance_noticed_at=extra.rebalance_noticed_at,
            cause=None if at is None else self._cause(instance.id),
        )

    def _cause(self, instance_id: str) -> str | None:
        """The newest of the fault and the notices that it led to."""
        return next((each.id for each in reversed(self.journal.about(instance_id)) if each.detail_type in LEADING), None)

    def decide(self, observed: SpotInstance, memory: None, now: datetime) -> Decision[None]:
        return decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, instance_id = Scope.split(key)
        instance = snapshot.find(scope, instance_id)
        match action:
            case SetNotices():
                instance.sandbox.interruption = action.interruption
                instance.sandbox.rebalance_noticed_at = action.rebalance_noticed_at
                context().wake("ec2-metadata", key)
            case Interrupt(stop=True):
                instance.advance(InstanceEvent.STOP, WHY, SPOT_SHUTDOWN)
                context().wake("ec2", key)
            case Interrupt():
                instance.advance(InstanceEvent.TERMINATE, WHY, SPOT_TERMINATION)
                context().wake("ec2", key)


def _runs(instance: Any) -> bool:
    return instance.lifecycle == "spot" and instance.lifecycle_state is InstanceState.RUNNING
