"""The loop of application status checks (EC2-83): one key for each instance that a check applies to, or of which something is kept.

It sends the probes, as target groups do, and writes what they show on the instance. Auto Scaling reads it there (ASG-126).
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.drivers.probe.base import Prober
from sandbox.services.ec2.application import state
from sandbox.services.ec2.application.actions import ForgetProbe, Keep, StartProbe
from sandbox.services.ec2.application.decide import checks
from sandbox.services.ec2.application.model import Memory, ObservedApplication, applied_resource, instance_of, probe_key
from sandbox.services.ec2.model import STATE_CHANGE

NAME = "ec2-application-status"


class ApplicationStatusController(Shell[ObservedApplication, Memory]):
    name = NAME

    def __init__(self, journal: Journal, prober: Prober, endpoint: state.Endpoint) -> None:
        """`endpoint`: Runtime.endpoint."""
        super().__init__(journal)
        self._prober = prober
        self._sources = state.Sources(endpoint=endpoint, latest=prober.latest, cause=self._cause)
        prober.on_result(_wake)
        journal.on_event(_wake_after_change)

    def keys(self) -> Iterable[str]:
        return tuple(scope.key(instance.id) for scope, instance in state.monitored())

    def has(self, key: str) -> bool:
        instance = state.find(*Scope.split(key))
        return instance is not None and state.is_monitored(instance)

    def observe(self, key: str, now: datetime) -> ObservedApplication | None:
        scope, instance_id = Scope.split(key)
        instance = state.find(scope, instance_id)
        if instance is None:
            self._forget(key)
            return None
        return state.observe(scope, instance, self._sources)

    def _forget(self, key: str) -> None:
        memory = self._memory.get(key)
        for check_id in memory.histories if memory else ():
            self._prober.forget(probe_key(key, check_id))

    def _cause(self, instance_id: str, check_ids: Iterable[str]) -> str | None:
        """The newer of two events: the last one about these checks, and the last one that acted on the instance. A conclusion, such as a
        status check or a target's health, stops no application."""
        about = [self.journal.latest(applied_resource(check_id, instance_id)) for check_id in check_ids]
        found = [each for each in (*about, self._acting(instance_id)) if each]
        return max(found, key=lambda each: int(each[1:]), default=None)

    def _acting(self, instance_id: str) -> str | None:
        event = self.journal.get(self.journal.latest(instance_id) or "")
        while event is not None and not _acts(event):
            event = self.journal.get(event.cause or "")
        return event.id if event else None

    def decide(self, observed: ObservedApplication, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return checks.decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        match action:
            case Keep():
                state.keep(state.find(*Scope.split(key)), action.kept)
            case StartProbe():
                self._prober.start(action.request)
            case ForgetProbe():
                self._prober.forget(action.key)


def _acts(event: Event) -> bool:
    return event.detail_type in (STATE_CHANGE, checks.CHANGE) or not event.source.startswith("aws.")


def _wake(probe: str) -> None:
    if key := instance_of(probe):
        context().wake(NAME, key)


def _wake_after_change(event: Event) -> None:
    """An instance runs, or no longer does."""
    if event.detail_type == STATE_CHANGE:
        context().wake(NAME)
