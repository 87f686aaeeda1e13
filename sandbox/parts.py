"""A built sandbox: what wiring.py made, as one value. Front ends never see it; serving.py runs it and virtual/ drives it."""

from dataclasses import dataclass

from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.transport import Transport
from sandbox.aws.http.websockets.data_channels import WebSocketApp
from sandbox.core.clock import Clock
from sandbox.core.journal import Journal
from sandbox.core.ports import Inventory
from sandbox.drivers.build import Drivers, Simulated
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.faults.injector import FaultInjector
from sandbox.faults.registry import FaultRegistry
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    settings: Settings
    clock: Clock
    journal: Journal
    engine: Engine
    drivers: Drivers
    faults: FaultRegistry
    injector: FaultInjector
    inventory: Inventory
    gateway: Gateway
    transport: Transport
    websocket: WebSocketApp

    @property
    def simulated(self) -> Simulated:
        assert self.drivers.simulated is not None, "this sandbox has real drivers"
        return self.drivers.simulated

    @property
    def world(self) -> World:
        return self.simulated.world

    def close(self) -> None:
        """Closes the drivers. Instances and the load balancer keep running."""
        self.drivers.close()
