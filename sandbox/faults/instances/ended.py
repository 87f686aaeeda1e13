"""instance-terminate and instance-stop: what a user, or FIS, does through the EC2 API."""

from dataclasses import dataclass
from datetime import timedelta

from sandbox.core.errors import Retry
from sandbox.core.ports import KnownInstance
from sandbox.faults.context import FaultContext
from sandbox.faults.coverage import Coverage, fixed
from sandbox.faults.instances.api_calls import call_for
from sandbox.faults.kind import INSTANCES, Injection, Kind, Reach
from sandbox.faults.model import BaseEffect, Effect

ANY_STATE = frozenset({"pending", "running", "stopping", "stopped"})
AGAIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminated(BaseEffect):
    targets: tuple[str, ...]
    covered: Coverage
    context: FaultContext
    kind = "instance-terminate"

    def apply(self) -> None:
        call_for("TerminateInstances", self.covered.instances(), self.context.clients)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(BaseEffect):
    targets: tuple[str, ...]
    covered: Coverage
    context: FaultContext
    kind = "instance-stop"

    def apply(self) -> None:
        call_for("StopInstances", self.covered.instances(), self.context.clients)

    def undo(self) -> None:
        """Starts those that are stopped. One that was terminated, or that a user started, is left alone; one that still stops is waited
        for."""
        call_for("StartInstances", self._in_state("stopped"), self.context.clients)
        if stopping := self._in_state("stopping"):
            raise Retry(f"{stopping[0].instance_id} is still stopping, and is started after that", AGAIN)

    def _in_state(self, state: str) -> list[KnownInstance]:
        return [each for each in self.covered.instances() if each.state == state]


def _terminate(injection: Injection, context: FaultContext) -> Effect:
    return Terminated(targets=injection.names, covered=fixed(injection, context), context=context)


def _stop(injection: Injection, context: FaultContext) -> Effect:
    return Stopped(targets=injection.names, covered=fixed(injection, context), context=context)


TERMINATE = Kind(
    name="instance-terminate",
    does="Terminates the instances with TerminateInstances, as a user would.",
    targets=INSTANCES,
    make=_terminate,
    reach=Reach.INSTANCES_NOW,
    states=ANY_STATE,
    momentary=True,
)
STOP = Kind(
    name="instance-stop",
    does="Stops the instances with StopInstances; when the fault ends, those that still exist are started with StartInstances.",
    targets=INSTANCES,
    make=_stop,
    reach=Reach.INSTANCES_NOW,
)
