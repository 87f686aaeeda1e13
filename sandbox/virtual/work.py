"""What requests cost the machines of the simulated world: `/burn?seconds=s` is so many seconds of processor time, done one after another.

Each machine works through its requests in the order in which they came, as fast as its processors are; what waits, waits. So CPU is the
demand divided by the instances behind the load balancer, and answers come late where there is too much of it. For virtual.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from sandbox.drivers.world import Machine, World


@dataclass
class _Queue:
    """Of one boot of one machine. Durations are of the clock, not of processor time."""

    boot: int
    read_at: datetime
    idle_from: datetime  # when all that came so far is done
    taken: timedelta = timedelta(0)  # all that came so far takes so long
    read: timedelta = timedelta(0)  # of which this was done when the meter looked last

    def done(self, now: datetime) -> timedelta:
        return self.taken - max(self.idle_from - now, timedelta(0))


@dataclass
class Work:
    """The work of all machines of a world; installs itself as the world's load."""

    world: World
    idle: float = 2.0  # percent that a machine uses without any request
    _queues: dict[str, _Queue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.load = self.load

    def take(self, instance_id: str, query: str) -> timedelta:
        """One request that a machine answers. → how long it takes there, waiting included."""
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
        """World.load: percent of the machine's processors used since the last look."""
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
