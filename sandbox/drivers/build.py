"""Which drivers a sandbox has: the simulated ones for virtual time, or the real ones that the settings name.

Called by wiring.py, and by serving.py when a sandbox is removed.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.core.channels.protocols import CarryChannels, DataChannels
from sandbox.core.clock import Clock
from sandbox.drivers.channels.live import LiveChannels
from sandbox.drivers.channels.simulated import SimulatedChannels
from sandbox.drivers.commands.base import Commands
from sandbox.drivers.commands.simulated import SimulatedCommands
from sandbox.drivers.commands.threads import ThreadedCommands
from sandbox.drivers.delivery.base import Deliverer
from sandbox.drivers.delivery.http import HttpDeliverer
from sandbox.drivers.delivery.simulated import SimulatedDeliverer
from sandbox.drivers.firewall.base import Firewall
from sandbox.drivers.firewall.loopback import LoopbackFirewall
from sandbox.drivers.firewall.nft import NftFirewall
from sandbox.drivers.firewall.simulated import SimulatedFirewall
from sandbox.drivers.metadata.base import Metadata
from sandbox.drivers.metadata.build import metadata_service
from sandbox.drivers.metadata.simulated import SimulatedMetadata
from sandbox.drivers.metering.base import Meter
from sandbox.drivers.metering.process import process_meter
from sandbox.drivers.metering.simulated import SimulatedMeter
from sandbox.drivers.names.base import Names
from sandbox.drivers.names.served import ServedNames
from sandbox.drivers.names.unsupported import UnsupportedNames
from sandbox.drivers.network.addresses import RouterAddresses
from sandbox.drivers.network.base import Network
from sandbox.drivers.network.internet import Internet, NoInternet, RouterInternet
from sandbox.drivers.network.loopback import LoopbackNetwork
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
from sandbox.drivers.runtime.process.loopback import PER_ADDRESS
from sandbox.drivers.runtime.process.runtime import ProcessRuntime
from sandbox.drivers.runtime.process.surroundings import Surroundings
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import World
from sandbox.images import APPLICATION
from sandbox.settings import Settings

CUTS = "cuts.json"  # in the state folder
NAMES = "names"  # a folder there
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
    metadata: SimulatedMetadata
    firewall: SimulatedFirewall
    commands: SimulatedCommands
    channels: SimulatedChannels


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    runtime: Runtime
    prober: Prober
    proxy: Proxy
    deliverer: Deliverer
    meter: Meter
    network: Network
    metadata: Metadata
    firewall: Firewall
    commands: Commands
    channels: DataChannels
    carry: CarryChannels  # the connections of their clients
    names: Names
    internet: Internet
    simulated: Simulated | None = None  # the same drivers, when they are simulated

    def close(self, *, keep_serving: bool = True) -> None:
        """Instances go on; so does the load balancer, unless `keep_serving` is False."""
        self.channels.close()
        self.commands.close()
        self.prober.close()
        self.deliverer.close()
        self.meter.close()
        self.proxy.close(keep_serving=keep_serving)
        self.metadata.close(keep_serving=keep_serving)
        self.names.close()
        self.internet.close()
        self.network.close()
        self.firewall.close()
        self.runtime.close()


def simulated_drivers(world: World) -> Drivers:
    runtime = SimulatedRuntime(world)
    made = Simulated(
        world=world,
        runtime=runtime,
        prober=SimulatedProber(world),
        proxy=SimulatedProxy(world),
        deliverer=SimulatedDeliverer(world),
        meter=SimulatedMeter(world),
        network=SimulatedNetwork(world),
        metadata=SimulatedMetadata(lambda: world.clock),
        firewall=SimulatedFirewall(world),
        commands=SimulatedCommands(world, runtime),
        channels=SimulatedChannels(world),
    )
    made.runtime.on_change(made.proxy.pending.machine_changed)
    return Drivers(
        runtime=made.runtime,
        prober=made.prober,
        proxy=made.proxy,
        deliverer=made.deliverer,
        meter=made.meter,
        network=made.network,
        metadata=made.metadata,
        firewall=made.firewall,
        commands=made.commands,
        channels=made.channels,
        carry=made.channels,
        names=UnsupportedNames("a simulated machine resolves no names"),
        internet=NoInternet(),
        simulated=made,
    )


def real_drivers(clock: Clock, settings: Settings, in_a_vpc: Callable[[str], bool] = lambda address: False) -> Drivers:
    """`in_a_vpc`: whether an address belongs to a VPC of this sandbox; health checks of containers ask no other address."""
    in_vpc = settings.topology == "compose"
    prober = HttpProber(clock, in_a_vpc if settings.runtime == "docker" else loopback, in_vpc=in_vpc)
    network = _network(settings)
    runtime, meter = _containers(clock, settings) if settings.runtime == "docker" else _processes(clock, settings, network)
    firewall = NftFirewall() if settings.topology == "compose" else LoopbackFirewall()
    courier = settings.state_dir / "courier.sock" if settings.topology == "compose" else None
    deliverer = HttpDeliverer(clock, courier_at=courier, own_ports=settings.own_ports)
    proxy = _proxy(clock, settings)
    channels = LiveChannels(runtime)
    return Drivers(
        runtime=runtime,
        prober=prober,
        proxy=proxy,
        deliverer=deliverer,
        meter=meter,
        network=network,
        firewall=firewall,
        metadata=metadata_service(settings),
        commands=ThreadedCommands(clock, runtime),
        channels=channels,
        carry=channels,
        names=_names(settings),
        internet=RouterInternet() if in_vpc else NoInternet(),
    )


def _containers(clock: Clock, settings: Settings) -> tuple[Runtime, Meter]:
    from sandbox.drivers.build_docker import containers  # noqa: PLC0415 - see there

    return containers(clock, settings)


def _processes(clock: Clock, settings: Settings, network: Network) -> tuple[Runtime, Meter]:
    offset = 0 if may_bind_port_80() else PRIVILEGED_OFFSET
    cuts = network if isinstance(network, LoopbackNetwork) else None
    around = Surroundings(metadata_port=settings.metadata_port if PER_ADDRESS else None, api=settings.endpoint)
    runtime = ProcessRuntime(clock, settings.state_dir / "instances", offset, APPLICATION, network=cuts, surroundings=around)
    return runtime, process_meter(clock, runtime.processes)


def _network(settings: Settings) -> Network:
    if settings.topology == "compose":
        return NftNetwork()
    if settings.runtime != "docker" and PER_ADDRESS:
        return LoopbackNetwork(settings.state_dir / CUTS)
    return UnsupportedNetwork(f"a subnet cannot be cut off: the {settings.runtime} runtime has no VPC router here. next: sandbox up")


def _names(settings: Settings) -> Names:
    if settings.topology == "compose":
        return ServedNames(settings.state_dir / NAMES, RouterAddresses("dns").hold)
    return UnsupportedNames(f"the {settings.runtime} runtime has no DNS server for instances here: they resolve names as this machine does")


def _proxy(clock: Clock, settings: Settings) -> EnvoyProxy:
    compose = settings.topology == "compose"  # Envoy is in the VPC router's namespace
    return EnvoyProxy(
        clock=clock,
        directory=settings.state_dir / "proxy",
        bind=settings.host,
        ports=settings.listener_ports,
        node_ports=None if not compose and settings.host == "127.0.0.1" and sys.platform == "linux" else settings.node_ports,
        front_port=settings.front_port,
        names_port=settings.names_port or None,
        child=not compose,
        restart_container=_restart_of_the_proxy(settings) if compose else None,
        hold_addresses=RouterAddresses("lb").hold if compose else None,
    )


def _restart_of_the_proxy(settings: Settings) -> Callable[[], None]:
    from sandbox.drivers.build_docker import restart_of_the_proxy  # noqa: PLC0415 - see there

    return restart_of_the_proxy(settings)


def may_bind_port_80() -> bool:
    if sys.platform != "linux":
        return False
    lowest = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return os.geteuid() == 0 or (lowest.exists() and int(lowest.read_text()) <= 80)
