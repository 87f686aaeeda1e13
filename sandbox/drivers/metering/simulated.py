"""The Meter of the simulated world: a reading every ten seconds of sandbox time. `World.load` at a reading is the usage since the one
before.

Deterministic. A simulated machine sends no packets, so its network counters are unknown rather than zero.
"""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sandbox.drivers.metering.base import Usage
from sandbox.drivers.metering.sampling import KEEP
from sandbox.drivers.world import App, Machine, World

EVERY = timedelta(seconds=10)

Load = Callable[[Machine, datetime], float]
"""Demand in percent of the machine's cores; may exceed 100."""


class SimulatedMeter:
    def __init__(self, world: World) -> None:
        self._world = world
        self._readings: dict[str, deque[Usage]] = {}
        self._boots: dict[str, int] = {}
        self._closed = False
        world.at(world.clock.now(), self._sample)

    def readings(self, instance_id: str) -> Sequence[Usage]:
        return tuple(self._readings.get(instance_id, ()))

    def instances(self) -> Sequence[str]:
        return tuple(self._readings)

    def available(self) -> str | None:
        return None

    def close(self) -> None:
        self._closed = True

    def _sample(self) -> None:
        if self._closed:
            return
        now = self._world.clock.now()
        running = {machine.instance_id: machine for machine in self._world.machines.values() if machine.running}
        for machine in running.values():
            self._read(machine, now)
        self._readings = {i: kept for i, kept in self._readings.items() if i in running}
        self._boots = {i: boots for i, boots in self._boots.items() if i in running}
        self._world.at(now + EVERY, self._sample)

    def _read(self, machine: Machine, now: datetime) -> None:
        if self._boots.get(machine.instance_id) != machine.boots:
            self._boots[machine.instance_id] = machine.boots
            self._readings[machine.instance_id] = deque()
        kept = self._readings[machine.instance_id]
        since = kept[-1].at if kept else machine.started_at or now
        used = kept[-1].cpu_seconds if kept else 0.0
        load = 0.0 if machine.frozen else self._world.load(machine, now)
        percent = min(machine.cpu_left, max(0.0, load))  # usage saturates
        used += percent / 100 * machine.cpus * (now - since).total_seconds()
        limit = machine.cpus * machine.cpu_left / 100
        kept.append(
            Usage(instance_id=machine.instance_id, at=now, real=now.timestamp(), cpu_seconds=used, cpu_limit=limit),
        )
        while now - kept[0].at > KEEP:
            kept.popleft()


def shared_load(world: World, demand: Callable[[datetime], float], idle: float = 2.0) -> Load:
    """A function for `World.load`: `demand` in cores, divided equally among the machines whose application answers, plus `idle` percent
    on every machine."""

    seen: dict[datetime, frozenset[str]] = {}  # only of the last reading: all machines are read at the same moment

    def load(machine: Machine, now: datetime) -> float:
        if now not in seen:
            seen.clear()
            seen[now] = frozenset(m.instance_id for m in world.machines.values() if _serves(world, m))
        if machine.instance_id not in seen[now]:
            return idle
        return idle + 100 * demand(now) / len(seen[now]) / machine.cpus

    return load


def _serves(world: World, machine: Machine) -> bool:
    return machine.running and world.started(machine) and machine.app is App.UP and world.responsive(machine) and world.connected(machine)
