"""The one file that knows every class: build(settings) makes a whole sandbox, live or in virtual time. serving.py runs a live one.

Read it from top to bottom to see every controller and driver on one screen.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import sandbox.services.autoscaling.api.assembly
import sandbox.services.autoscaling.api.responses
import sandbox.services.cloudwatch.api.responses
import sandbox.services.elbv2.api.responses  # noqa: F401 - what services change in moto is declared when these are imported
from sandbox import capacity
from sandbox.aws import moto_time, seams, state
from sandbox.aws.context import LOCK, use
from sandbox.aws.gateway import Gateway
from sandbox.aws.ports import Ports
from sandbox.aws.transport import Transport
from sandbox.control import endpoints, health, rates
from sandbox.control.access_log import AccessLog
from sandbox.control.app import control_app
from sandbox.control.surface import ControlSurface
from sandbox.core.clock import Clock, VirtualClock, WallClock
from sandbox.core.control import Controller, Scope
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.drivers.delivery.base import Deliverer
from sandbox.drivers.delivery.http import HttpDeliverer
from sandbox.drivers.delivery.simulated import SimulatedDeliverer
from sandbox.drivers.metering.base import Meter
from sandbox.drivers.metering.docker import docker_meter
from sandbox.drivers.metering.process import process_meter
from sandbox.drivers.metering.simulated import SimulatedMeter
from sandbox.drivers.network.base import Network
from sandbox.drivers.network.nft import NftNetwork
from sandbox.drivers.network.simulated import SimulatedNetwork
from sandbox.drivers.network.unsupported import UnsupportedNetwork
from sandbox.drivers.probe.base import Prober
from sandbox.drivers.probe.http import HttpProber, loopback
from sandbox.drivers.probe.simulated import SimulatedProber
from sandbox.drivers.proxy.base import Proxy
from sandbox.drivers.proxy.envoy.proxy import EnvoyProxy
from sandbox.drivers.proxy.simulated import SimulatedProxy
from sandbox.drivers.runtime.base import Runtime
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.router import NetnsRouter
from sandbox.drivers.runtime.docker.runtime import DEFAULT_IMAGE, DockerRuntime
from sandbox.drivers.runtime.process.runtime import ProcessRuntime
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.faults.hooks import FaultHooks
from sandbox.faults.registry import FaultRegistry
from sandbox.services.autoscaling.controller import AutoScalingController
from sandbox.services.autoscaling.metrics_controller import AutoScalingMetricsController
from sandbox.services.autoscaling.schedule_controller import ScheduleController
from sandbox.services.autoscaling.state.policies import by_alarm as execute_policy
from sandbox.services.cloudwatch.api.assembly import record
from sandbox.services.cloudwatch.controller import CloudWatchController
from sandbox.services.ec2.controller import Ec2Controller
from sandbox.services.ec2.metrics_controller import Ec2MetricsController
from sandbox.services.ec2.state.snapshot import in_a_vpc
from sandbox.services.elbv2.controller import Elbv2Controller
from sandbox.services.elbv2.metrics_controller import Elbv2MetricsController
from sandbox.services.sns.controller import SnsController
from sandbox.services.sns.state.mailbox import Mailbox
from sandbox.settings import Settings

VIRTUAL_START = datetime(2026, 5, 7, 17, 0, tzinfo=UTC)  # the day of the outage that the tutorial is about
APP = Path(__file__).resolve().parent.parent / "app" / "app.py"
PRIVILEGED_OFFSET = 20_000  # added to ports below 1024 where this user may not bind them (process runtime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """The drivers of virtual time, with what tests and virtual scenarios may do to them."""

    world: World  # what all of them stand on
    runtime: SimulatedRuntime
    prober: SimulatedProber
    proxy: SimulatedProxy
    deliverer: SimulatedDeliverer
    meter: SimulatedMeter
    network: SimulatedNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    runtime: Runtime
    prober: Prober
    proxy: Proxy
    deliverer: Deliverer
    meter: Meter
    network: Network
    simulated: Simulated | None = None  # the same drivers, when they are simulated

    def close(self, *, keep_serving: bool = True) -> None:
        """Instances go on; so does the load balancer, unless `keep_serving` is False."""
        self.prober.close()
        self.deliverer.close()
        self.meter.close()
        self.proxy.close(keep_serving=keep_serving)
        self.network.close()
        self.runtime.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    settings: Settings
    clock: Clock
    journal: Journal
    engine: Engine
    drivers: Drivers
    gateway: Gateway
    transport: Transport

    @property
    def simulated(self) -> Simulated:
        assert self.drivers.simulated is not None, "this sandbox has real drivers"
        return self.drivers.simulated

    @property
    def world(self) -> World:
        return self.simulated.world

    def close(self) -> None:
        """Lets go of the drivers. Instances and the load balancer go on."""
        self.drivers.close()


def build(
    settings: Settings,
    *,
    virtual: bool = False,
    start: datetime | None = None,
    journal_sink: Callable[[Event], None] | None = None,
    disk: Callable[[], health.Disk] = health.Disk,
    world: World | None = None,
) -> Sandbox:
    """A sandbox whose engine is not started yet. `virtual`: simulated drivers, and a clock that stands still until it is moved.
    `start`: the clock's first moment; None: now (virtual: the day of the outage). `disk` reports what the state folder lacks.
    `world`: the simulated one that an earlier control plane left, machines and all; None: an empty one."""
    clock: Clock = VirtualClock(start or VIRTUAL_START) if virtual else WallClock(settings.speed, start)
    journal = Journal(clock, journal_sink)
    engine = Engine(clock, journal, LOCK)
    chance = random.Random(settings.seed)
    simulated = virtual or settings.runtime == "simulated"
    settings = capacity.resolved(settings, simulated=simulated)
    drivers = _simulated(engine, clock, world or World(clock, engine.at, chance)) if simulated else real_drivers(clock, settings)
    gateway = Gateway(allowed_hosts=settings.allowed_hosts)
    transport = Transport(gateway)
    faults = FaultRegistry(clock, journal, engine.at)
    ports = Ports(
        clock=clock,
        journal=journal,
        random=chance,
        settings=settings,
        wake=engine.wake,
        clients=transport,
        machines=drivers.runtime,
        faults=FaultHooks(faults),
        execute_policy=execute_policy,
    )
    use(ports)
    moto_time.install(clock)
    seams.install()
    state.reset(settings.seed)
    ec2 = Ec2Controller(journal, drivers.runtime)
    elbv2 = Elbv2Controller(journal, drivers.prober, drivers.proxy, drivers.runtime)
    sns = SnsController(journal, transport, drivers.deliverer)
    stamps = None if drivers.simulated else real_now  # the simulated proxy stamps its records with sandbox time
    controllers: list[Controller] = [
        ec2,
        elbv2,
        ScheduleController(journal),
        AutoScalingController(journal, transport),
        Ec2MetricsController(journal, drivers.meter, record),
        Elbv2MetricsController(journal, drivers.proxy, record, clock, stamps),
        AutoScalingMetricsController(journal, record),
        CloudWatchController(journal, transport),  # after the metrics: alarms see what is fresh
        sns,
    ]
    engine.add(controllers)
    drivers.runtime.on_change(lambda instance_id: engine.wake("ec2", ec2.key_of(instance_id)))
    sandbox = Sandbox(
        settings=settings,
        clock=clock,
        journal=journal,
        engine=engine,
        drivers=drivers,
        gateway=gateway,
        transport=transport,
    )
    drivers.deliverer.on_result(lambda key: engine.wake("sns", key))
    drivers.proxy.on_trouble(partial(_record_trouble, journal))
    gateway.control = control_app(_surface(sandbox, faults, disk))
    return sandbox


# ---- drivers -----------------------------------------------------------------------------------------------------------------------------


def _simulated(engine: Engine, clock: Clock, world: World) -> Drivers:
    world.clock, world.at = clock, engine.at
    made = Simulated(
        world=world,
        runtime=SimulatedRuntime(world),
        prober=SimulatedProber(world),
        proxy=SimulatedProxy(world),
        deliverer=SimulatedDeliverer(world),
        meter=SimulatedMeter(world),
        network=SimulatedNetwork(world),
    )
    return Drivers(
        runtime=made.runtime,
        prober=made.prober,
        proxy=made.proxy,
        deliverer=made.deliverer,
        meter=made.meter,
        network=made.network,
        simulated=made,
    )


def real_drivers(clock: Clock, settings: Settings) -> Drivers:
    prober = HttpProber(clock, in_a_vpc if settings.runtime == "docker" else loopback)
    runtime, meter = (_containers if settings.runtime == "docker" else _processes)(clock, settings)
    courier = settings.state_dir / "courier.sock" if settings.topology == "compose" else None
    deliverer = HttpDeliverer(clock, courier_at=courier, own_ports=settings.own_ports)
    proxy, network = _proxy(clock, settings), _network(settings)
    return Drivers(runtime=runtime, prober=prober, proxy=proxy, deliverer=deliverer, meter=meter, network=network)


def _containers(clock: Clock, settings: Settings) -> tuple[Runtime, Meter]:
    router = NetnsRouter(DockerEngine(settings.name, settings.docker_host)) if settings.topology == "compose" else None
    runtime = DockerRuntime(clock, settings.name, settings.docker_host, router, {DEFAULT_IMAGE: settings.machine_image})
    return runtime, docker_meter(clock, settings.name, settings.docker_host or os.environ.get("DOCKER_HOST"))


def _processes(clock: Clock, settings: Settings) -> tuple[Runtime, Meter]:
    runtime = ProcessRuntime(clock, settings.state_dir / "instances", 0 if may_bind_port_80() else PRIVILEGED_OFFSET, APP)
    return runtime, process_meter(clock, runtime.processes)


def _network(settings: Settings) -> Network:
    if settings.topology == "compose":
        return NftNetwork()
    return UnsupportedNetwork(f"a subnet cannot be cut off: the {settings.runtime} runtime has no VPC router here. next: make sandbox")


def _proxy(clock: Clock, settings: Settings) -> EnvoyProxy:
    compose = settings.topology == "compose"
    return EnvoyProxy(
        clock=clock,
        directory=settings.state_dir / "proxy",
        bind=settings.host,
        ports=settings.listener_ports,
        front_port=settings.front_port,
        child=not compose,
        revive=partial(DockerEngine(settings.name, settings.docker_host).start_role, "dataplane") if compose else None,
    )


def _record_trouble(journal: Journal, sentence: str) -> None:
    journal.record(Event(source="sandbox.proxy", detail_type="Data Plane Trouble", summary=sentence))


def real_now() -> datetime:
    return datetime.now(UTC)


def may_bind_port_80() -> bool:
    if sys.platform != "linux":
        return False
    lowest = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return os.geteuid() == 0 or (lowest.exists() and int(lowest.read_text()) <= 80)


# ---- /_sandbox ---------------------------------------------------------------------------------------------------------------------------


def _surface(sandbox: Sandbox, faults: FaultRegistry, disk: Callable[[], health.Disk]) -> ControlSurface:
    settings, drivers, engine = sandbox.settings, sandbox.drivers, sandbox.engine
    access_log, busy = AccessLog(), rates.Rates((lambda: sandbox.clock.now().timestamp()) if drivers.simulated else time.monotonic)
    drivers.proxy.on_access(access_log.take)
    drivers.proxy.on_access(busy.take)
    mailbox = Mailbox()
    scope = Scope(settings.account, settings.region)
    elbv2 = sandbox.transport.client("elbv2", scope)

    def parts() -> tuple[health.Part, ...]:
        runtime, proxy = drivers.runtime, drivers.proxy
        return health.parts(
            engine.loops(),
            sandbox.clock.now(),
            sandbox.clock.speed,
            (runtime.name, runtime.available()),
            health.Proxy(why_not=proxy.available(), rejected=proxy.rejected(), remark=proxy.problems().get("front", "")),
            disk(),
        )

    def set_speed(speed: float) -> None:
        if not isinstance(sandbox.clock, WallClock):
            raise ValueError("virtual time has no speed")
        sandbox.clock.set_speed(speed)
        engine.clock_changed()

    def reset() -> None:
        with LOCK:
            state.reset()
        access_log.clear()
        engine.wake()

    return ControlSurface(
        settings=settings,
        clock=sandbox.clock,
        journal=sandbox.journal,
        access_log=access_log,
        rates=busy,
        health=parts,
        loops=engine.loops,
        seams=seams.installed,
        endpoints=lambda: endpoints.read(elbv2, drivers.proxy.local_address, drivers.proxy.problems),
        containers=drivers.runtime.containers,
        console=drivers.runtime.console_output,
        cpu=lambda: rates.cpu(drivers.meter, sandbox.clock),
        mailbox=lambda to: [mail.as_json() for mail in mailbox.messages(to)],
        set_speed=set_speed,
        faults=faults,
        reset=reset,
        runtime=drivers.runtime.name,
    )
