"""instance-crash and process-kill: something on the instance dies, and no API call tells it."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.faults.context import FaultContext
from sandbox.faults.coverage import Coverage, fixed
from sandbox.faults.kind import INSTANCES, Injection, Kind, Reach
from sandbox.faults.model import BaseEffect, Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed(BaseEffect):
    kind: str
    targets: tuple[str, ...]
    covered: Coverage
    kill: Callable[[str], None]  # a verb of the runtime

    def apply(self) -> None:
        for instance_id in self.covered.ids():
            self.kill(instance_id)


def _crash(injection: Injection, context: FaultContext) -> Effect:
    return Killed(kind="instance-crash", targets=injection.names, covered=fixed(injection, context), kill=context.runtime.crash)


def _kill(injection: Injection, context: FaultContext) -> Effect:
    verb = context.runtime.kill_application
    return Killed(kind="process-kill", targets=injection.names, covered=fixed(injection, context), kill=verb)


CRASH = Kind(
    name="instance-crash",
    does="Kills the machine at once, without a call of the API, as a host that fails: open connections end, new ones find nobody.",
    targets=INSTANCES,
    make=_crash,
    reach=Reach.INSTANCES_NOW,
    momentary=True,
    limits={"process": "Connections are refused at once, because the address is this machine's loopback."},
)
KILL = Kind(
    name="process-kill",
    does="Kills the processes of the application with SIGKILL. The machine goes on and refuses connections until its next boot.",
    targets=INSTANCES,
    make=_kill,
    reach=Reach.INSTANCES_NOW,
    momentary=True,
    limits={
        "docker": "Every process but the first two of the machine is killed. User data that still runs is killed too.",
        "process": "A process without the application takes its place.",
    },
)
