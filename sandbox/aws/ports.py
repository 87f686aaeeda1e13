"""What moto's backends and the AWS services need from the sandbox: one frozen value, created by wiring (and by tests).

moto's backends are process-wide, so a process has one sandbox at a time; context.py holds its Ports.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.core.clock import Clock
from sandbox.core.journal import Journal
from sandbox.core.ports import ActiveFaults, Clients, ExecutePolicy, Machines
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    clock: Clock
    journal: Journal
    random: random.Random
    settings: Settings
    wake: Callable[..., None]  # Engine.wake: a controller and a key, a controller, or everything
    clients: Clients
    machines: Machines
    faults: ActiveFaults
    execute_policy: ExecutePolicy
