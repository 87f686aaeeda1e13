"""zone-power-off: the hosts of a zone lose their power, and get it back when the fault ends (AZ-6, AZ-7)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sandbox.aws.active_faults import Hosted, LaunchAttempt
from sandbox.core.errors import UserError
from sandbox.core.ports import KnownInstance
from sandbox.drivers.network.base import Cut
from sandbox.drivers.runtime.base import Impairment
from sandbox.faults.context import FaultContext
from sandbox.faults.impairments import ImpairsMachines
from sandbox.faults.kind import Injection, Kind, Reach, TargetType
from sandbox.faults.parameters import Choice, Duration, Parameter
from sandbox.faults.queried import HasNoCapacity, HidesNodes, ImpairsZones, TakesHostsDown
from sandbox.faults.zones.capacity import insufficient
from sandbox.faults.zones.cuts import CutsNetworks, cut_all
from sandbox.faults.zones.hosts import IMPAIRED, STOPPED, Hosts
from sandbox.faults.zones.place import WITH_MACHINE, addresses, place_of

OFF = Impairment(frozen=True)


class PowerOff(CutsNetworks, ImpairsMachines, TakesHostsDown, ImpairsZones, HidesNodes, HasNoCapacity):
    """It covers the instances that had been launched when it began; others are launched only where `launches` lets them."""

    kind = "zone-power-off"

    def __init__(self, injection: Injection, context: FaultContext) -> None:
        values = injection.values
        self.targets, self.context = injection.names, context
        self._since, self._place = injection.since, place_of(injection)
        self._mode, self._launches_fail = values.text("mode"), values.text("launches") == "fail"
        self._noticed_after = values.duration("noticed_after")
        self._hosts = Hosts(fault_id=injection.fault_id, mode=self._mode, restart=values.text("restart") == "yes", context=context)

    def check(self) -> None:
        if self._mode == IMPAIRED and (refused := self.context.runtime.cannot_impair(OFF)):
            raise UserError(f"Machines cannot be switched off: {refused}", "sandbox fault kinds")

    def keep(self, now: datetime) -> timedelta | None:
        cut_all(self.context, now)
        self.context.impairments.settle()
        self._hosts.switch_off(self._covered())
        return None

    def undo(self) -> None:
        now = self.context.clock.now()
        self._hosts.switch_on(self._covered(), self._since, now)
        cut_all(self.context, now)
        self.context.impairments.settle()

    def settled(self) -> Callable[[], timedelta | None]:
        return self.context.impairments.settle

    def cuts(self, now: datetime) -> frozenset[Cut]:
        """A host without power answers nothing. Where no network can be cut, its frozen machines have to do."""
        if self._mode != IMPAIRED or self.context.network.available() is not None:
            return frozenset()
        whole = self._place.ranges(self.context.inventory)
        return frozenset({Cut(ranges=whole if self._launches_fail else addresses(self._covered()))})

    def impairments(self, now: datetime) -> Mapping[str, Impairment]:
        return {i.instance_id: OFF for i in self._covered()} if self._mode == IMPAIRED else {}

    def host_is_down(self, instance: Hosted) -> bool:
        return self._is_off(instance) and self._noticed()

    def unnoticed(self, instance: Hosted) -> bool:
        return self._is_off(instance) and not self._noticed()

    def impaired_since(self) -> dict[str, datetime]:
        return dict.fromkeys(self.targets, self._since)

    def hidden_zones(self) -> frozenset[str]:
        """The nodes of load balancers are in the zone too; FIS only stops instances."""
        return frozenset(self.targets) if self._mode == IMPAIRED else frozenset()

    def refusal(self, attempt: LaunchAttempt) -> str | None:
        concerned = self._launches_fail and attempt.zone in self.targets
        return insufficient(self.targets, self.context.inventory, attempt) if concerned else None

    def _is_off(self, instance: Hosted) -> bool:
        return self._mode == IMPAIRED and instance.zone in self.targets and instance.launched_at <= self._since

    def _noticed(self) -> bool:
        return self.context.clock.now() >= self._since + self._noticed_after

    def _covered(self) -> tuple[KnownInstance, ...]:
        return self._place.instances(self.context.inventory, until=self._since)


MODE = Parameter(
    name="mode",
    parser=Choice((IMPAIRED, STOPPED)),
    default=IMPAIRED,
    means="impaired: the machines freeze, EC2 says running, the system status check fails. stopped: StopInstances, as FIS does it",
)
LAUNCHES = Parameter(
    name="launches",
    parser=Choice(("fail", "succeed")),
    default="fail",
    means="launches and starts in the zone meanwhile",
)
RESTART = Parameter(
    name="restart",
    parser=Choice(("yes", "no")),
    default="yes",
    means="mode stopped: start the instances when power is back",
)
NOTICED_AFTER = Parameter(
    name="noticed_after",
    parser=Duration(timedelta(0), timedelta(hours=1)),
    default=timedelta(minutes=1),
    means="mode impaired: when the status checks begin to fail",
)
FROZEN_ONLY = "Mode impaired: connections of load balancers and checks time out; others to a frozen process are accepted and hang."
KIND = Kind(
    name="zone-power-off",
    does="The hosts of the zone lose their power. When the fault ends, frozen machines boot, and stopped instances are started again.",
    targets=(TargetType.ZONE,),
    make=PowerOff,
    reach=Reach.WHOLE,
    states=WITH_MACHINE,
    parameters=(MODE, LAUNCHES, RESTART, NOTICED_AFTER),
    limits={"process": FROZEN_ONLY},
)
