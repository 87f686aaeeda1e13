"""instance-hang, cpu-heat and memory-pressure: a machine that runs on, but is frozen or has less of what it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.errors import UserError
from sandbox.drivers.runtime.base import Impairment
from sandbox.faults.context import FaultContext
from sandbox.faults.coverage import Coverage, fixed, following
from sandbox.faults.impairments import ImpairsMachines
from sandbox.faults.kind import INSTANCES, Injection, Kind, Reach
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Number, Parameter

NO_LIMITS = "instances are processes whose CPU and memory are not limited. Use the docker runtime (sandbox up --runtime docker)."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpairedMachines(ImpairsMachines):
    kind: str
    targets: tuple[str, ...]
    covered: Coverage
    impairment: Impairment
    context: FaultContext

    def check(self) -> None:
        if why_not := self.context.runtime.cannot_impair(self.impairment):
            raise UserError(f"{self.kind} is not possible here: {why_not}", "sandbox fault kinds")

    def impairments(self, now: datetime) -> Mapping[str, Impairment]:
        return dict.fromkeys(self.covered.ids(), self.impairment)

    def settled(self) -> Callable[[], timedelta | None]:
        return self.context.impairments.settle


def _hang(injection: Injection, context: FaultContext) -> Effect:
    return _made("instance-hang", injection, fixed(injection, context), Impairment(frozen=True), context)


def _heat(injection: Injection, context: FaultContext) -> Effect:
    wanted = Impairment(cpu_percent=injection.values.number("percent"))
    return _made("cpu-heat", injection, following(injection, context), wanted, context)


def _pressure(injection: Injection, context: FaultContext) -> Effect:
    wanted = Impairment(memory_percent=100 - injection.values.number("percent"))
    return _made("memory-pressure", injection, fixed(injection, context), wanted, context)


def _made(kind: str, injection: Injection, covered: Coverage, impairment: Impairment, context: FaultContext) -> Effect:
    return ImpairedMachines(kind=kind, targets=injection.names, covered=covered, impairment=impairment, context=context)


HANG = Kind(
    name="instance-hang",
    does="Freezes every process of the machine: new connections time out, open ones hang, and its instance status check fails. "
    "Clearing it lets all continue.",
    targets=INSTANCES,
    make=_hang,
    reach=Reach.INSTANCES_NOW,
    limits={"docker": "A machine that is started again while the fault lasts is frozen again."},
)
HEAT = Kind(
    name="cpu-heat",
    does="Leaves the machine a part of its CPU, as a host that throttles because it is hot. CPUUtilization is relative to what is left.",
    targets=INSTANCES,
    make=_heat,
    parameters=(Parameter(name="percent", unit="%", parser=Number(1, 99, whole=True), default=20.0, means="of its CPU that is left"),),
    reach=Reach.INSTANCES_EVER,
    cannot={"process": NO_LIMITS},
    limits={
        "docker": "Less than 0.01 cores is not possible.",
        "simulated": "Requests take as much longer as there is less CPU.",
    },
)
PRESSURE = Kind(
    name="memory-pressure",
    does="Takes a part of the machine's memory away. What needs more than is left is killed by the kernel (out of memory).",
    targets=INSTANCES,
    make=_pressure,
    parameters=(Parameter(name="percent", unit="%", parser=Number(1, 99, whole=True), default=50.0, means="of its memory that is gone"),),
    reach=Reach.INSTANCES_NOW,
    cannot={"process": NO_LIMITS, "simulated": "simulated machines have no memory that could run out."},
    limits={"docker": "Where the kernel cannot free enough memory, Docker refuses the limit, and an event says so."},
)
