"""The meter of the process runtime: processor time of each instance's process and its children. A process on the loopback interface has no
network counters of its own, so none are published.
"""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import psutil

from sandbox.core.clock import Clock
from sandbox.drivers.metering.sampling import SamplingMeter

Processes = Callable[[], Mapping[str, tuple[int, float]]]  # instance id → process id, cores


def process_meter(clock: Clock, processes: Processes) -> SamplingMeter:
    def read() -> dict[str, dict[str, Any]]:
        found = {}
        for instance_id, (pid, limit) in processes().items():
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                found[instance_id] = {
                    "cpu_seconds": _used(process),
                    "cpu_limit": limit,
                    "boot": (pid, process.create_time()),
                }
        return found

    return SamplingMeter(clock, read).started()


def _used(process: psutil.Process) -> float:
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system
    return total
