"""What faults act with, for tests that need no whole sandbox: an inventory as a test writes it down, on the simulated drivers."""

import random
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.aws.active_faults import Hosted
from sandbox.core.clock import Clock, VirtualClock
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.core.journal import Journal
from sandbox.core.ports import FaultRequest, KnownInstance, KnownSubnet, KnownZone
from sandbox.drivers.network.simulated import SimulatedNetwork
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.faults.context import FaultContext
from sandbox.faults.control_plane.api_errors import ApiErrors
from sandbox.faults.control_plane.calls import Calls
from sandbox.faults.controller import FaultController
from sandbox.faults.hooks import FaultHooks
from sandbox.faults.impairments import Impairments
from sandbox.faults.injector import FaultInjector
from sandbox.faults.model import Fault
from sandbox.faults.queried import TakesHostsDown
from sandbox.faults.registry import FaultRegistry
from sandbox.faults.store import FaultStore, MemoryStore
from sandbox.faults.zones.capacity import NoCapacity

HERE = Scope("123456789012", "us-east-1")
ZONES = tuple(KnownZone(name=f"us-east-1{letter}", zone_id=f"use1-az{n}", region="us-east-1") for n, letter in enumerate("abc", 1))


LONG_AGO = datetime(2026, 5, 1, tzinfo=UTC)
SUBNETS = tuple(KnownSubnet(subnet_id=f"subnet-{zone.name[-1]}", zone=zone.name, cidr=f"10.0.{n}.0/24") for n, zone in enumerate(ZONES))


def instance(instance_id: str, zone: str = "us-east-1a", group: str | None = None, state: str = "running") -> KnownInstance:
    subnet = next(subnet for subnet in SUBNETS if subnet.zone == zone)
    address = f"{subnet.cidr.removesuffix('.0/24')}.{sum(instance_id.encode()) % 250 + 4}"
    return KnownInstance(
        instance_id=instance_id,
        scope=HERE,
        zone=zone,
        state=state,
        private_ip_address=address,
        launched_at=LONG_AGO,
        state_since=LONG_AGO,
        group=group,
    )


@dataclass
class FakeInventory:
    known: list[KnownInstance] = field(default_factory=list)
    group_names: tuple[str, ...] = ()
    known_subnets: list[KnownSubnet] = field(default_factory=lambda: list(SUBNETS))

    def change(self, instance_id: str, state: str) -> None:
        self.known = [replace(each, state=state) if each.instance_id == instance_id else each for each in self.known]

    def of(self, account: str) -> "FakeInventory":
        return replace(self, known=[each for each in self.known if account in ("", each.scope.account)])

    def instance(self, instance_id: str) -> KnownInstance | None:
        return next((each for each in self.known if each.instance_id == instance_id), None)

    def instances(self) -> tuple[KnownInstance, ...]:
        return tuple(self.known)

    def zone(self, name_or_id: str) -> KnownZone | None:
        return next((zone for zone in ZONES if name_or_id in (zone.name, zone.zone_id)), None)

    def zones(self) -> tuple[KnownZone, ...]:
        return ZONES

    def subnets(self) -> tuple[KnownSubnet, ...]:
        return tuple(self.known_subnets)

    def groups(self) -> tuple[str, ...]:
        return self.group_names

    def services(self) -> tuple[str, ...]:
        return ("autoscaling", "ec2", "elbv2")


class NoClients:
    def client(self, service: str, scope: Scope, caller: str | None = None) -> Any:
        raise AssertionError(f"this test has no clients, and {service} was asked for")


def fault_context(
    clock: Clock,
    journal: Journal,
    inventory: FakeInventory | None = None,
    at: Callable[[datetime, Callable[[], None]], None] = lambda when, callback: None,
    world: World | None = None,
    registry: FaultRegistry | None = None,
) -> FaultContext:
    chance = random.Random(0)
    world = world or World(clock, at, chance)
    registry = registry or FaultRegistry(clock, journal, at)
    runtime = SimulatedRuntime(world)
    return FaultContext(
        clock=clock,
        journal=journal,
        random=chance,
        wake=lambda *_: None,
        clients=NoClients(),
        inventory=inventory or FakeInventory(),
        runtime=runtime,
        network=SimulatedNetwork(world),
        impairments=Impairments(runtime, registry, journal, clock.now),
        active=registry.active,
    )


# ---- effects without the catalogue ---------------------------------------------------------------------------------------------------


def no_capacity(zone: str, text: str, instance_type: str | None = None) -> NoCapacity:
    return NoCapacity(targets=(zone,), text=lambda _: text, instance_type=instance_type)


def api_errors(error: ApiError, service: str, operation: str | None = None) -> ApiErrors:
    calls = Calls(service=service, operations=frozenset((operation,) if operation else ()))
    return ApiErrors(calls=(calls,), errors=(error,))


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsDown(TakesHostsDown):
    """The hosts of these instances are unreachable."""

    targets: tuple[str, ...]
    kind = "zone-power-off"

    def host_is_down(self, instance: Hosted) -> bool:
        return instance.instance_id in self.targets


# ---- faults in virtual time ------------------------------------------------------------------------------------------------------------


@dataclass
class FaultsInTime:
    """The whole of the faults on the simulated drivers: request, registry and controller, in virtual time, with `inventory` as AWS."""

    inventory: FakeInventory = field(default_factory=FakeInventory)
    store: FaultStore = field(default_factory=MemoryStore)
    start: datetime = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
    world: World | None = None

    def __post_init__(self) -> None:
        self.clock = VirtualClock(self.start)
        self.journal = Journal(self.clock)
        self.engine = Engine(self.clock, self.journal, nullcontext())
        self.registry = FaultRegistry(self.clock, self.journal, self.engine.at, self.store)
        self.context = fault_context(self.clock, self.journal, self.inventory, self.engine.at, self.world, self.registry)
        self.injector = FaultInjector(self.registry, lambda: self.context)
        self.hooks = FaultHooks(self.registry)
        self.engine.add([FaultController(self.registry, self.context.impairments.settle)])
        self.registry.on_change(self.engine.wake)
        self.context.runtime.on_change(lambda _: self.engine.wake(FaultController.name))

    def inject(self, kind: str, *targets: str, lasts: timedelta | None = None, **parameters: object) -> Fault:
        return self.injector.begin(FaultRequest(kind=kind, targets=targets, parameters=parameters, duration=lasts))

    def wait(self, duration: timedelta) -> None:
        self.engine.wake()
        self.engine.run_until(self.clock.now() + duration)

    def cut_off(self) -> dict[str, set[str]]:
        """Direction → the ranges that are cut."""
        return {cut.direction.value: {str(each) for each in cut.ranges} for cut in self.context.network.cut_off()}

    def titles(self) -> list[str]:
        return [event.summary for event in self.journal.events()]

    def hosted(self, instance_id: str) -> Hosted:
        """The instance as EC2 asks about it; one that does not exist is in zone a."""
        known = self.inventory.instance(instance_id) or instance(instance_id)
        return Hosted(instance_id=instance_id, zone=known.zone, launched_at=known.launched_at)
