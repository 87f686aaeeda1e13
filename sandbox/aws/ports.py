"""What moto's backends and the AWS services need from the sandbox: one frozen value, created by wiring (and by tests).

moto's backends are process-wide, so a process has one sandbox at a time; context.py holds its Ports.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.aws.active_faults import ActiveFaults
from sandbox.core.channels.protocols import DataChannels
from sandbox.core.clock import Clock
from sandbox.core.journal import Journal
from sandbox.core.ports import Clients, ExecutePolicy, ExperimentShifts, InjectFaults, Machines, RunScript, ZonalShifts
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
    run_script: RunScript
    channels: DataChannels
    faults: ActiveFaults
    inject_faults: InjectFaults
    execute_policy: ExecutePolicy
    zonal_shifts: ZonalShifts
    experiment_shifts: ExperimentShifts
