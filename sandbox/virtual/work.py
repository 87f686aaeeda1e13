"""The CPU time that requests use on the machines of the simulated world: `/burn?seconds=s` uses s seconds of CPU time.

Each machine has a queue and processes its requests in order, at the speed of its CPUs. So CPU utilization is demand divided by capacity,
and responses are late when demand exceeds it. For client.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from sandbox.drivers.world import Machine, World


@dataclass
class _Queue:
    """The queue of one boot of one machine. Durations are clock time, not CPU time."""

    boot: int
    read_at: datetime
    idle_from: datetime  # when all requests so far are done
    taken: timedelta = timedelta(0)  # clock time that all requests so far take
    read: timedelta = timedelta(0)  # how much of `taken` was done at the last reading

    def done(self, now: datetime) -> timedelta:
        return self.taken - max(self.idle_from - now, timedelta(0))


@dataclass
class Work:
    """The queues of all machines of a world. Installs itself as the world's load."""

    world: World
    idle: float = 2.0  # CPU percentage of a machine without requests
    _queues: dict[str, _Queue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.load = self.load

    def take(self, instance_id: str, query: str) -> timedelta:
        """Adds one request to the machine's queue. Returns the time until its response, waiting included."""
        seconds = float(_parameters(query).get("seconds", "0"))
        machine = self.world.machines.get(instance_id)
        if machine is None or not seconds:
            return timedelta(0)
        now, queue = self.world.clock.now(), self._queue(machine)
        cost = timedelta(seconds=seconds / machine.cpus)
        queue.idle_from = max(queue.idle_from, now) + cost
        queue.taken += cost
        return queue.idle_from - now

    def load(self, machine: Machine, now: datetime) -> float:
        """World.load: the CPU utilization in percent since the last reading."""
        queue = self._queue(machine)
        done, passed = queue.done(now), now - queue.read_at
        used = (done - queue.read) / passed if passed else 0.0
        queue.read, queue.read_at = done, now
        return self.idle + 100 * used

    def _queue(self, machine: Machine) -> _Queue:
        known = self._queues.get(machine.instance_id)
        if known is None or known.boot != machine.boots:
            since = machine.started_at or self.world.clock.now()
            known = self._queues[machine.instance_id] = _Queue(boot=machine.boots, read_at=since, idle_from=since)
        return known


def _parameters(query: str) -> Mapping[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
