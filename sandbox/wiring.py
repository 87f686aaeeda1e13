"""The one file that knows every class: build(settings) makes a whole sandbox, live or in virtual time. serving.py runs a live one.

It only makes objects and connects them; nothing here decides or does anything. Drivers are chosen in drivers/build.py, /_sandbox is
connected in control/build.py.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import sandbox.services.arc.api.assembly
import sandbox.services.autoscaling.api.assembly
import sandbox.services.cloudformation.api.assembly
import sandbox.services.cloudwatch.api.responses
import sandbox.services.ec2.api.assembly
import sandbox.services.elbv2.api.assembly
import sandbox.services.fis.api.assembly
import sandbox.services.instance_connect.api.assembly
import sandbox.services.sns.api.assembly
import sandbox.services.sqs.api.assembly
import sandbox.services.ssm.api.assembly  # noqa: F401 - what services change in moto is declared when these are imported
from sandbox import capacity
from sandbox.aws import seams, state
from sandbox.aws.catalogue import listing
from sandbox.aws.context import LOCK, use
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.guard import NO_INSTANCES, InstanceAccess
from sandbox.aws.http.transport import Transport
from sandbox.aws.http.websockets.data_channels import DataChannelApp
from sandbox.aws.ports import Ports
from sandbox.aws.requests.throttle import Throttle
from sandbox.control.app import ControlApp, control_app
from sandbox.control.build import control_surface
from sandbox.control.health import Disk
from sandbox.core.clock import Clock, JumpingClock, VirtualClock, WallClock
from sandbox.core.control import Controller
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.dashboard import blueprint as dashboard
from sandbox.dashboard.learn import blueprint as learn
from sandbox.drivers.build import Drivers, real_drivers, simulated_drivers
from sandbox.drivers.commands import scripts
from sandbox.drivers.network.host_side import is_instance
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.faults.context import FaultContext
from sandbox.faults.controller import FaultController
from sandbox.faults.hooks import FaultHooks
from sandbox.faults.impairments import Impairments
from sandbox.faults.injector import FaultInjector
from sandbox.faults.registry import FaultRegistry
from sandbox.faults.store import FaultStore
from sandbox.instant import Instant
from sandbox.parts import Sandbox
from sandbox.services.arc.controller import ArcController
from sandbox.services.arc.state.applied import AppliedShifts
from sandbox.services.arc.state.experiments import StartedByExperiments
from sandbox.services.autoscaling.controller import AutoScalingController
from sandbox.services.autoscaling.metrics_controller import AutoScalingMetricsController
from sandbox.services.autoscaling.schedule_controller import ScheduleController
from sandbox.services.autoscaling.state.policies import execute_policy
from sandbox.services.cloudformation.controller import CloudFormationController
from sandbox.services.cloudwatch.controller import CloudWatchController
from sandbox.services.cloudwatch.state.writes import publish_metrics
from sandbox.services.ec2.application.controller import ApplicationStatusController
from sandbox.services.ec2.controller import Ec2Controller
from sandbox.services.ec2.credits_controller import Ec2CreditsController
from sandbox.services.ec2.firewall_controller import FirewallController
from sandbox.services.ec2.images_controller import Ec2ImagesController
from sandbox.services.ec2.metadata_controller import MetadataController
from sandbox.services.ec2.metadata_metrics_controller import MetadataMetricsController
from sandbox.services.ec2.metrics_controller import Ec2MetricsController
from sandbox.services.ec2.model import STATE_CHANGE
from sandbox.services.ec2.networks_controller import NetworksController
from sandbox.services.ec2.spot_controller import SpotController
from sandbox.services.ec2.state.credits import throttles
from sandbox.services.ec2.state.inventory import MotoInventory
from sandbox.services.ec2.state.snapshot import in_a_vpc
from sandbox.services.elbv2.access_log_controller import AccessLogController
from sandbox.services.elbv2.connection_metrics_controller import ConnectionMetricsController
from sandbox.services.elbv2.controller import NAME as TARGET_HEALTH
from sandbox.services.elbv2.controller import Elbv2Controller
from sandbox.services.elbv2.host_metrics_controller import HostMetricsController
from sandbox.services.elbv2.metrics_controller import RequestMetricsController
from sandbox.services.elbv2.routing_controller import NAME as ROUTING
from sandbox.services.elbv2.routing_controller import RoutingController
from sandbox.services.elbv2.state.reach import Reach
from sandbox.services.fis.controller import FisController
from sandbox.services.instance_connect.controller import KeyPairController
from sandbox.services.instance_connect.model import WITHOUT_SSH_SERVER
from sandbox.services.sns.controller import SnsController
from sandbox.services.ssm.controller import SsmController
from sandbox.services.ssm.sessions_controller import SessionsController
from sandbox.settings import Settings

VIRTUAL_START = datetime(2026, 5, 7, 17, 0, tzinfo=UTC)  # the day of the outage that the tutorial is about


def build(  # noqa: PLR0913 - each is a part of its own
    settings: Settings,
    *,
    virtual: bool = False,
    start: datetime | None = None,
    journal_sink: Callable[[Event], None] | None = None,
    disk: Callable[[], Disk] = Disk,
    world: World | None = None,
    fault_store: FaultStore | None = None,
) -> Sandbox:
    """A sandbox whose engine is not started yet. `virtual`: simulated drivers, and a clock that stands still until it is moved.
    `start`: the clock's first moment; None: now (virtual: the day of the outage). `disk` reports what the state folder lacks.
    `world`: the simulated one that an earlier control plane left, machines and all; None: an empty one.
    `fault_store`: where active faults are kept for the next control plane; None: in memory."""
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
    of_instances = NO_INSTANCES
    if settings.topology == "compose":
        of_instances = InstanceAccess(allowed=settings.instance_access, is_instance=is_instance)
    throttle = Throttle(settings.api_rate, (lambda: clock.now().timestamp()) if simulated else time.monotonic)
    gateway = Gateway(allowed_hosts=settings.allowed_hosts, instant=instant, instances=of_instances, throttle=throttle)
    transport = Transport(gateway)
    faults = FaultRegistry(clock, journal, engine.at, fault_store)
    inventory = MotoInventory(lambda: tuple(each.name for each in listing.services(gateway.added_services)))
    injector = FaultInjector(faults, lambda: fault_context)
    ports = Ports(
        clock=clock,
        journal=journal,
        random=chance,
        settings=settings,
        wake=engine.wake,
        clients=transport,
        machines=drivers.runtime,
        run_script=partial(scripts.run, drivers.runtime),
        channels=drivers.channels,
        faults=FaultHooks(faults),
        inject_faults=injector,
        execute_policy=execute_policy,
        zonal_shifts=AppliedShifts(),
        experiment_shifts=StartedByExperiments(),
    )
    impairments = Impairments(drivers.runtime, faults, journal, clock.now)
    impairments.add(throttles)
    fault_context = FaultContext(
        clock=clock,
        journal=journal,
        random=chance,
        wake=engine.wake,
        clients=transport,
        inventory=inventory,
        runtime=drivers.runtime,
        network=drivers.network,
        impairments=impairments,
        active=faults.active,
    )
    use(ports)
    moto_time.install(clock)
    seams.install()
    state.reset(settings.seed)
    engine.add([FaultController(faults, impairments.settle), *_controllers(ports, drivers, impairments)])
    faults.on_change(engine.wake)
    drivers.runtime.on_change(lambda _: engine.wake(FaultController.name) if faults.impaired else None)
    drivers.firewall.on_change(partial(_wake_load_balancers, engine))
    journal.on_event(partial(_wake_faults, engine))
    drivers.proxy.on_trouble(partial(_record_trouble, journal))
    made = Sandbox(
        settings=settings,
        clock=clock,
        journal=journal,
        engine=engine,
        drivers=drivers,
        faults=faults,
        injector=injector,
        inventory=inventory,
        gateway=gateway,
        transport=transport,
        websocket=DataChannelApp(gateway.allowed_hosts, gateway.instances, drivers.carry),
    )
    surface = control_surface(made, disk)
    gateway.control = ControlApp(lambda: control_app(surface, pages=[dashboard.blueprint(surface), learn.blueprint(surface)]))
    return made


def _clock(settings: Settings, virtual: bool, start: datetime | None) -> Clock:
    if virtual:
        return VirtualClock(start or VIRTUAL_START)
    return JumpingClock(settings.speed, start) if settings.timing == "instant" else WallClock(settings.speed, start)


def _controllers(ports: Ports, drivers: Drivers, impairments: Impairments) -> list[Controller]:
    """In the order in which they run when several are due at the same moment."""
    journal, clients = ports.journal, ports.clients
    reach = Reach(drivers.runtime.endpoint, drivers.firewall)
    routing = RoutingController(journal, drivers.proxy, reach, drivers.names)
    access_time = None if drivers.simulated else _wall_now  # the simulated proxy stamps its records with sandbox time
    return [
        SpotController(journal),
        MetadataController(journal, drivers.metadata),  # before the machine boots
        FirewallController(journal, drivers.firewall),  # first: what others connect to depends on what is admitted
        NetworksController(journal, drivers.names, drivers.internet),
        Ec2Controller(journal, drivers.runtime),
        ApplicationStatusController(journal, drivers.prober, drivers.runtime.endpoint),
        Ec2ImagesController(journal, drivers.runtime),
        Elbv2Controller(journal, drivers.prober, drivers.proxy, reach, routing),
        routing,
        ArcController(journal),  # before Auto Scaling, which follows its shifts
        ScheduleController(journal),
        AutoScalingController(journal, clients),
        Ec2MetricsController(journal, drivers.meter, publish_metrics),
        Ec2CreditsController(journal, drivers.meter, publish_metrics, impairments.settle),
        MetadataMetricsController(journal, drivers.metadata, publish_metrics),
        RequestMetricsController(journal, drivers.proxy, publish_metrics, ports.clock, access_time),
        HostMetricsController(journal, publish_metrics),
        ConnectionMetricsController(journal, drivers.proxy, publish_metrics),
        AccessLogController(journal, drivers.proxy, ports.clock),
        AutoScalingMetricsController(journal, publish_metrics),
        CloudWatchController(journal, clients),  # after the metrics, so that alarms see the newest data
        SnsController(journal, clients, drivers.deliverer),
        SsmController(journal, drivers.commands),
        SessionsController(journal, drivers.channels),
        KeyPairController(journal, drivers.commands, serves=drivers.runtime.name not in WITHOUT_SSH_SERVER),
        FisController(journal),
        CloudFormationController(journal, clients),  # last: it waits for what the others do
    ]


def _wake_faults(engine: Engine, event: Event) -> None:
    """A fault on a zone or a group covers an instance as soon as it runs."""
    if event.detail_type == STATE_CHANGE:
        engine.wake(FaultController.name)


def _wake_load_balancers(engine: Engine) -> None:
    """Other connections are admitted now: to their listeners, and to their targets."""
    engine.wake(ROUTING)
    engine.wake(TARGET_HEALTH)


def _wall_now() -> datetime:
    return datetime.now(UTC)


def _record_trouble(journal: Journal, sentence: str) -> None:
    journal.record(Event(source="sandbox.proxy", detail_type="Data Plane Trouble", summary=sentence))
