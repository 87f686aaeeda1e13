"""zone-thermal: the cooling of a zone fails, as on 7 May 2026. Hosts slow down, racks switch off in batches and return in batches.

thermal_schedule.py has the course of it; this effect brings the zone to where it should be now.
"""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sandbox.aws.active_faults import Hosted, LaunchAttempt
from sandbox.core.errors import UserError
from sandbox.core.events import Event
from sandbox.core.ports import KnownInstance
from sandbox.drivers.network.base import Cut
from sandbox.drivers.runtime.base import UNIMPAIRED, Impairment
from sandbox.faults.context import FaultContext
from sandbox.faults.impairments import ImpairsMachines
from sandbox.faults.kind import Injection, Kind, Reach, TargetType
from sandbox.faults.parameters import PERCENT, Duration, Number, Parameter
from sandbox.faults.queried import HasNoCapacity, ImpairsZones, TakesHostsDown
from sandbox.faults.zones import thermal_schedule
from sandbox.faults.zones.capacity import insufficient
from sandbox.faults.zones.cuts import CutsNetworks, cut_all
from sandbox.faults.zones.hosts import IMPAIRED, Hosts
from sandbox.faults.zones.place import WITH_MACHINE, addresses, place_of
from sandbox.faults.zones.power_off import FROZEN_ONLY, LAUNCHES, MODE, NOTICED_AFTER, OFF, RESTART
from sandbox.faults.zones.thermal_schedule import Host, ThermalPlan

STEP = "Zone Thermal Step"
NO_TIME, MINUTE, HOUR = timedelta(0), timedelta(minutes=1), timedelta(hours=1)
LONG = Duration(timedelta(seconds=1), timedelta(days=7))


class Thermal(CutsNetworks, ImpairsMachines, TakesHostsDown, ImpairsZones, HasNoCapacity):
    kind = "zone-thermal"

    def __init__(self, injection: Injection, context: FaultContext) -> None:
        values = injection.values
        self.targets, self.context = injection.names, context
        self._fault_id, self._since, self._place = injection.fault_id, injection.since, place_of(injection)
        self._mode, self._launches_fail = values.text("mode"), values.text("launches") == "fail"
        self._noticed_after = values.duration("noticed_after")
        self._plan = _plan(injection)
        chance = random.Random(int(values.number("seed")))
        self._schedule = {host.instance_id: host for host in thermal_schedule.hosts(self._plan, injection.instances, chance)}
        self._hosts = Hosts(fault_id=injection.fault_id, mode=self._mode, restart=values.text("restart") == "yes", context=context)
        self._told_until = context.clock.now() - self._since  # after a restart, earlier steps are not told again

    def check(self) -> None:
        if self._mode == IMPAIRED and (refused := self.context.runtime.cannot_impair(OFF)):
            raise UserError(f"Machines cannot be switched off: {refused}", "sandbox fault kinds")

    def keep(self, now: datetime) -> timedelta | None:
        elapsed = now - self._since
        self._tell(elapsed)
        cut_all(self.context, now)
        self.context.impairments.settle()
        self._hosts.switch_off(self._off(elapsed))
        for instance, host in self._covered():
            if host.back_at is not None and host.off_at < host.back_at <= elapsed:
                self._hosts.switch_on([instance], self._since + host.off_at, self._since + host.back_at)
        return thermal_schedule.next_change(self._plan, tuple(self._schedule.values()), elapsed)

    def undo(self) -> None:
        """Whatever is off gets its power back, also what would never have returned."""
        now = self.context.clock.now()
        for instance, host in self._covered():
            if host.is_off(now - self._since):
                self._hosts.switch_on([instance], self._since + host.off_at, now)
        cut_all(self.context, now)
        self.context.impairments.settle()

    def settled(self) -> Callable[[], timedelta | None]:
        return self.context.impairments.settle

    def cuts(self, now: datetime) -> frozenset[Cut]:
        if self._mode != IMPAIRED or self.context.network.available() is not None:
            return frozenset()
        return frozenset({Cut(ranges=addresses(self._off(now - self._since)))})

    def impairments(self, now: datetime) -> Mapping[str, Impairment]:
        elapsed = now - self._since
        slow = Impairment(cpu_percent=thermal_schedule.cpu_percent(self._plan, elapsed))
        slow = UNIMPAIRED if self.context.runtime.cannot_impair(slow) else slow
        off = {i.instance_id for i in self._off(elapsed)} if self._mode == IMPAIRED else set()
        return {i.instance_id: OFF if i.instance_id in off else slow for i, _ in self._covered()}

    def host_is_down(self, instance: Hosted) -> bool:
        return self._off_for(instance.instance_id) >= self._noticed_after

    def unnoticed(self, instance: Hosted) -> bool:
        return NO_TIME <= self._off_for(instance.instance_id) < self._noticed_after

    def _off_for(self, instance_id: str) -> timedelta:
        """How long its host has been off without EC2's doing; negative: it is on."""
        host, elapsed = self._schedule.get(instance_id), self.context.clock.now() - self._since
        off = self._mode == IMPAIRED and host is not None and host.is_off(elapsed)
        return elapsed - host.off_at if off and host else -MINUTE

    def impaired_since(self) -> dict[str, datetime]:
        failing = thermal_schedule.cooling_failed(self._plan, self.context.clock.now() - self._since)
        return dict.fromkeys(self.targets, self._since) if failing else {}

    def refusal(self, attempt: LaunchAttempt) -> str | None:
        if not self._launches_fail or attempt.zone not in self.targets:
            return None
        return insufficient(self.targets, self.context.inventory, attempt) if self.impaired_since() else None

    def _covered(self) -> list[tuple[KnownInstance, Host]]:
        found = self._place.instances(self.context.inventory)
        return [(i, self._schedule[i.instance_id]) for i in found if i.instance_id in self._schedule]

    def _off(self, elapsed: timedelta) -> list[KnownInstance]:
        return [instance for instance, host in self._covered() if host.is_off(elapsed)]

    def _tell(self, elapsed: timedelta) -> None:
        """Each step is an event, once."""
        for step in thermal_schedule.steps(self._plan, tuple(self._schedule.values())):
            if self._told_until < step.at <= elapsed:
                resources = (self._fault_id, *self.targets, *step.hosts)
                summary = f"{', '.join(self.targets)}: {step.summary}"
                self.context.journal.record(Event(source="sandbox.faults", detail_type=STEP, summary=summary, resources=resources))
        self._told_until = max(self._told_until, elapsed)


def _plan(injection: Injection) -> ThermalPlan:
    values = injection.values
    return ThermalPlan(
        ramp=values.duration("ramp"),
        first_hosts_percent=values.number("first_hosts_percent"),
        shutdown=values.duration("shutdown"),
        batches=int(values.number("batches")),
        return_after=values.duration("return_after"),
        return_over=values.duration("return_over"),
        return_batches=int(values.number("return_batches")),
        residual_percent=values.number("residual_percent"),
        cpu_percent=values.number("cpu_percent"),
    )


KIND = Kind(
    name="zone-thermal",
    does="The cooling of the zone fails: hosts slow down, racks switch off in batches and return in batches. The defaults are those of "
    "7 May 2026; temperatures are invented, and their events say so.",
    targets=(TargetType.ZONE,),
    make=Thermal,
    reach=Reach.WHOLE,
    states=WITH_MACHINE,
    parameters=(
        Parameter(name="ramp", parser=LONG, default=28 * MINUTE, means="until the first racks switch off; the first hosts do before"),
        Parameter(name="first_hosts_percent", parser=PERCENT, unit="%", default=10.0, means="of the hosts: off during the ramp"),
        Parameter(name="cpu_percent", parser=Number(1, 100), unit="%", default=50.0, means="left of a host's CPU after the ramp"),
        Parameter(name="shutdown", parser=LONG, default=102 * MINUTE, means="from the first batch of racks to the last one"),
        Parameter(name="batches", parser=Number(1, 100, whole=True), default=4.0, means="in which racks switch off"),
        Parameter(name="return_after", parser=LONG, default=351 * MINUTE, means="from the beginning until the cooling works again"),
        Parameter(name="return_over", parser=LONG, default=15 * HOUR + 39 * MINUTE, means="from the first batch back to the last one"),
        Parameter(name="return_batches", parser=Number(1, 100, whole=True), default=4.0, means="in which racks return"),
        Parameter(name="residual_percent", parser=PERCENT, unit="%", default=1.0, means="of the hosts: back only when the fault ends"),
        Parameter(name="seed", parser=Number(0, 2**31, whole=True), default=0.0, means="decides which hosts are in which batch"),
        MODE,
        LAUNCHES,
        RESTART,
        NOTICED_AFTER,
    ),
    limits={"process": FROZEN_ONLY},
)
