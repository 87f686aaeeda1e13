"""The loop of CPU credits: one key for each account and Region with burstable instances. decide/credits.py has the rules.

A throttled instance has less CPU in fact: `settle` brings what `state/credits.py` says to its machine, together with active faults.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.core.metrics import PublishMetrics
from sandbox.drivers.metering.base import Meter
from sandbox.services.ec2.actions import PublishCredits
from sandbox.services.ec2.decide import credits
from sandbox.services.ec2.decide.credits import CreditedInstances
from sandbox.services.ec2.state import snapshot
from sandbox.services.ec2.state.credits import credited


class Ec2CreditsController(Shell[CreditedInstances, None]):
    """`settle`: Impairments.settle of the sandbox."""

    name = "ec2-credits"

    def __init__(self, journal: Journal, meter: Meter, publish: PublishMetrics, settle: Callable[[], timedelta | None]) -> None:
        super().__init__(journal)
        self._meter, self._publish, self._settle = meter, publish, settle

    def keys(self) -> Iterable[str]:
        return dict.fromkeys(scope.key("credits") for scope, _ in snapshot.known())

    def observe(self, key: str, now: datetime) -> CreditedInstances:
        scope, _ = Scope.split(key)
        return CreditedInstances(scope=scope, instances=credited(scope, self._meter, now, self.journal.latest))

    def decide(self, observed: CreditedInstances, memory: None, now: datetime) -> Decision[None]:
        return credits.decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, PublishCredits)
        scope, _ = Scope.split(key)
        instance = snapshot.find(scope, action.instance_id)
        was = instance.sandbox.credits is not None and instance.sandbox.credits.throttled
        instance.sandbox.credits = action.credits
        self._publish(action.data)
        if was or action.credits.throttled:
            self._settle()
