"""The one file that knows every class: build(settings) makes a whole sandbox, live or in virtual time. serving.py runs a live one.

It only makes objects and connects them; nothing here decides or does anything. Drivers are chosen in drivers/build.py, /_sandbox is
connected in control/build.py.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import sandbox.services.autoscaling.api.assembly
import sandbox.services.cloudformation.api.assembly
import sandbox.services.cloudwatch.api.responses
import sandbox.services.ec2.api.assembly
import sandbox.services.elbv2.api.assembly
import sandbox.services.sns.api.assembly
import sandbox.services.sqs.api.assembly  # noqa: F401 - what services change in moto is declared when these are imported
from sandbox import capacity
from sandbox.aws import seams, state
from sandbox.aws.context import LOCK, use
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.transport import Transport
from sandbox.aws.ports import Ports
from sandbox.control.app import control_app
from sandbox.control.build import control_surface
from sandbox.control.health import Disk
from sandbox.core.clock import Clock, JumpingClock, VirtualClock, WallClock
from sandbox.core.control import Controller
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.drivers.build import Drivers, real_drivers, simulated_drivers
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.faults.hooks import FaultHooks
from sandbox.faults.registry import FaultRegistry
from sandbox.instant import Instant
from sandbox.parts import Sandbox
from sandbox.services.autoscaling.controller import AutoScalingController
from sandbox.services.autoscaling.metrics_controller import AutoScalingMetricsController
from sandbox.services.autoscaling.schedule_controller import ScheduleController
from sandbox.services.autoscaling.state.policies import execute_policy
from sandbox.services.cloudformation.controller import CloudFormationController
from sandbox.services.cloudwatch.controller import CloudWatchController
from sandbox.services.cloudwatch.state.writes import publish_metrics
from sandbox.services.ec2.controller import Ec2Controller
from sandbox.services.ec2.metrics_controller import Ec2MetricsController
from sandbox.services.ec2.state.snapshot import in_a_vpc
from sandbox.services.elbv2.access_log_controller import AccessLogController
from sandbox.services.elbv2.connection_metrics_controller import ConnectionMetricsController
from sandbox.services.elbv2.controller import Elbv2Controller
from sandbox.services.elbv2.host_metrics_controller import HostMetricsController
from sandbox.services.elbv2.metrics_controller import RequestMetricsController
from sandbox.services.elbv2.routing_controller import RoutingController
from sandbox.services.sns.controller import SnsController
from sandbox.settings import Settings

VIRTUAL_START = datetime(2026, 5, 7, 17, 0, tzinfo=UTC)  # the day of the outage that the tutorial is about


def build(
    settings: Settings,
    *,
    virtual: bool = False,
    start: datetime | None = None,
    journal_sink: Callable[[Event], None] | None = None,
    disk: Callable[[], Disk] = Disk,
    world: World | None = None,
) -> Sandbox:
    """A sandbox whose engine is not started yet. `virtual`: simulated drivers, and a clock that stands still until it is moved.
    `start`: the clock's first moment; None: now (virtual: the day of the outage). `disk` reports what the state folder lacks.
    `world`: the simulated one that an earlier control plane left, machines and all; None: an empty one."""
    clock = _clock(settings, virtual, start)
    journal = Journal(clock, journal_sink)
    engine = Engine(clock, journal, LOCK)
    chance = random.Random(settings.seed)
    simulated = virtual or settings.runtime == "simulated"
    settings = capacity.resolved(settings, simulated=simulated)
    drivers = simulated_drivers(world or World(clock, engine.at, chance)) if simulated else real_drivers(clock, settings, in_a_vpc)
    if world:
        world.clock, world.at = clock, engine.at
    instant = Instant(engine, clock, journal) if isinstance(clock, JumpingClock) else None
    gateway = Gateway(allowed_hosts=settings.allowed_hosts, instant=instant)
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
    engine.add(_controllers(ports, drivers))
    drivers.proxy.on_trouble(partial(_record_trouble, journal))
    made = Sandbox(
        settings=settings,
        clock=clock,
        journal=journal,
        engine=engine,
        drivers=drivers,
        faults=faults,
        gateway=gateway,
        transport=transport,
    )
    gateway.control = control_app(control_surface(made, disk))
    return made


def _clock(settings: Settings, virtual: bool, start: datetime | None) -> Clock:
    if virtual:
        return VirtualClock(start or VIRTUAL_START)
    return JumpingClock(settings.speed, start) if settings.timing == "instant" else WallClock(settings.speed, start)


def _controllers(ports: Ports, drivers: Drivers) -> list[Controller]:
    """In the order in which they run when several are due at the same moment."""
    journal, clients = ports.journal, ports.clients
    routing = RoutingController(journal, drivers.proxy, drivers.runtime)
    access_time = None if drivers.simulated else _wall_now  # the simulated proxy stamps its records with sandbox time
    return [
        Ec2Controller(journal, drivers.runtime),
        Elbv2Controller(journal, drivers.prober, drivers.proxy, drivers.runtime, routing),
        routing,
        ScheduleController(journal),
        AutoScalingController(journal, clients),
        Ec2MetricsController(journal, drivers.meter, publish_metrics),
        RequestMetricsController(journal, drivers.proxy, publish_metrics, ports.clock, access_time),
        HostMetricsController(journal, publish_metrics),
        ConnectionMetricsController(journal, drivers.proxy, publish_metrics),
        AccessLogController(journal, drivers.proxy, ports.clock),
        AutoScalingMetricsController(journal, publish_metrics),
        CloudWatchController(journal, clients),  # after the metrics, so that alarms see the newest data
        SnsController(journal, clients, drivers.deliverer),
        CloudFormationController(journal, clients),  # last: it waits for what the others do
    ]


def _wall_now() -> datetime:
    return datetime.now(UTC)


def _record_trouble(journal: Journal, sentence: str) -> None:
    journal.record(Event(source="sandbox.proxy", detail_type="Data Plane Trouble", summary=sentence))
