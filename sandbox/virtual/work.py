"""The CPU time that requests use on the machines of the simulated world: `/burn?seconds=s` uses s seconds of CPU time, and
`/sleep?seconds=s` takes that long without using any, as in images/machine/app.py.

Each machine has a queue and processes its requests in order, at the speed of its CPUs. So CPU utilization is demand divided by capacity,
and responses are late when demand exceeds it. For client.py. Moments are seconds since 1970, durations seconds of clock time.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qs

from sandbox.drivers.world import Machine, World

LEAST = 0.1  # percent of its CPU that a machine has at least
NOTHING = (timedelta(0), timedelta(0))


@dataclass(slots=True)
class _Queue:
    """The queue of one boot of one machine."""

    boot: int
    read_at: float
    idle_from: float  # when all requests so far are done
    taken: float = 0.0  # that all requests so far take
    read: float = 0.0  # how much of `taken` was done at the last reading

    def done(self, now: float) -> float:
        return self.taken - max(self.idle_from - now, 0.0)


@dataclass
class Work:
    """The queues of all machines of a world. Installs itself as the world's work and load."""

    world: World
    idle: float = 2.0  # CPU percentage of a machine without requests
    _queues: dict[str, _Queue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.work, self.world.load, self.world.wait = self.take, self.load, self.wait

    def take(self, instance_id: str, path: str, count: int = 1, began: datetime | None = None) -> tuple[timedelta, timedelta]:
        """World.work: adds requests to the machine's queue."""
        burnt, slept = seconds_of(path)
        machine = self.world.machines.get(instance_id)
        if machine is None or not (burnt or slept) or not count:
            return NOTHING
        waits = [0.0, 0.0]
        if burnt:
            now = self.world.clock.now().timestamp()
            waits = self._add(machine, burnt, count, began.timestamp() if began else now)
        return timedelta(seconds=waits[0] + slept), timedelta(seconds=waits[1] + slept)

    def _add(self, machine: Machine, burnt: float, count: int, began: float) -> list[float]:
        """→ how long the first and the last request wait and run."""
        now, queue = self.world.clock.now().timestamp(), self._queue(machine)
        cost = burnt / (machine.cpus * max(machine.cpu_left, LEAST) / 100)
        distance = (now - began) / count
        idle_from, first, last = queue.idle_from, 0.0, 0.0
        for number in range(count):
            arrival = began + (number + 0.5) * distance
            idle_from = (idle_from if idle_from > arrival else arrival) + cost
            last = idle_from - arrival
            if not number:
                first = last
        queue.idle_from = idle_from
        queue.taken += cost * count
        return [first, last]

    def wait(self, machine: Machine) -> timedelta:
        """World.wait: how long a request that arrives now waits for those before it. Health checks wait in the same queue."""
        known = self._queues.get(machine.instance_id)
        if known is None or known.boot != machine.boots:
            return timedelta(0)
        return timedelta(seconds=max(known.idle_from - self.world.clock.now().timestamp(), 0.0))

    def load(self, machine: Machine, now: datetime) -> float:
        """World.load: the CPU utilization in percent since the last reading."""
        moment, queue = now.timestamp(), self._queue(machine)
        done, passed = queue.done(moment), moment - queue.read_at
        used = (done - queue.read) / passed if passed > 0 else 0.0
        queue.read, queue.read_at = done, moment
        return self.idle + machine.cpu_left * used

    def _queue(self, machine: Machine) -> _Queue:
        known = self._queues.get(machine.instance_id)
        if known is None or known.boot != machine.boots:
            since = (machine.started_at or self.world.clock.now()).timestamp()
            known = self._queues[machine.instance_id] = _Queue(boot=machine.boots, read_at=since, idle_from=since)
        return known


@lru_cache(maxsize=64)
def seconds_of(path: str) -> tuple[float, float]:
    """How many seconds of CPU time a request for this path uses, and how many it sleeps."""
    name, _, query = path.partition("?")
    try:
        seconds = float(parse_qs(query).get("seconds", ["0"])[0])
    except ValueError:
        return 0.0, 0.0
    return (0.0, seconds) if name.rstrip("/").endswith("/sleep") else (seconds, 0.0)
