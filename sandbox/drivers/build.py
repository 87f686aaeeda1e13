"""Which drivers a sandbox has: the simulated ones for virtual time, or the real ones that the settings name.

Called by wiring.py, and by serving.py when a sandbox is removed.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.core.clock import Clock
from sandbox.drivers.delivery.base import Deliverer
from sandbox.drivers.delivery.http import HttpDeliverer
from sandbox.drivers.delivery.simulated import SimulatedDeliverer
from sandbox.drivers.metering.base import Meter
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
from sandbox.drivers.runtime.process.runtime import ProcessRuntime
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import World
from sandbox.settings import Settings

APP = Path(__file__).resolve().parent.parent.parent / "app" / "app.py"
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


def simulated_drivers(world: World) -> Drivers:
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


def real_drivers(clock: Clock, settings: Settings, in_a_vpc: Callable[[str], bool] = lambda address: False) -> Drivers:
    """`in_a_vpc`: whether an address belongs to a VPC of this sandbox; health checks of containers ask no other address."""
    prober = HttpProber(clock, in_a_vpc if settings.runtime == "docker" else loopback)
    runtime, meter = (_containers if settings.runtime == "docker" else _processes)(clock, settings)
    courier = settings.state_dir / "courier.sock" if settings.topology == "compose" else None
    deliverer = HttpDeliverer(clock, courier_at=courier, own_ports=settings.own_ports)
    proxy, network = _proxy(clock, settings), _network(settings)
    return Drivers(runtime=runtime, prober=prober, proxy=proxy, deliverer=deliverer, meter=meter, network=network)


def _containers(clock: Clock, settings: Settings) -> tuple[Runtime, Meter]:
    from sandbox.drivers.build_docker import containers  # noqa: PLC0415 - see there

    return containers(clock, settings)


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
        names_port=settings.names_port or None,
        child=not compose,
        restart_container=_restart_of_the_proxy(settings) if compose else None,
    )


def _restart_of_the_proxy(settings: Settings) -> Callable[[], None]:
    from sandbox.drivers.build_docker import restart_of_the_proxy  # noqa: PLC0415 - see there

    return restart_of_the_proxy(settings)


def may_bind_port_80() -> bool:
    if sys.platform != "linux":
        return False
    lowest = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return os.geteuid() == 0 or (lowest.exists() and int(lowest.read_text()) <= 80)
