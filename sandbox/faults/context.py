"""What effects act with: the rest of the sandbox, as wiring connects it."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.core.clock import Clock
from sandbox.core.journal import Journal
from sandbox.core.ports import Clients, Inventory
from sandbox.drivers.network.base import Network
from sandbox.drivers.runtime.base import Runtime
from sandbox.faults.impairments import Impairments
from sandbox.faults.model import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultContext:
    clock: Clock
    journal: Journal
    random: random.Random
    wake: Callable[..., None]  # Engine.wake
    clients: Clients  # the AWS API: what a user could do
    inventory: Inventory
    runtime: Runtime
    network: Network
    impairments: Impairments
    active: Callable[[], tuple[Fault, ...]]  # the registry's: a fault is in it while keep() runs, and no longer while undo() runs
