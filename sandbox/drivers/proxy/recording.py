"""The access records and connection counters of the simulated proxy. A single request is published when it has ended. Those of many
requests that end within the same five seconds and differ in nothing that a record shows are one record, with their mean latency: a record
for each batch would cost more than the requests.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sandbox.drivers.proxy.base import AccessRecord, Connections, ListenerConfig, RuleConfig
from sandbox.drivers.proxy.batches import AccessBatch, Records
from sandbox.drivers.proxy.matching import Request
from sandbox.drivers.proxy.repeats import Repeat
from sandbox.drivers.proxy.responses import Ending, Handled, Sent, access_record
from sandbox.drivers.world import World

SLOT = 5  # seconds; a minute begins with a new slot
FIRST_CLIENT_PORT = 32768


class Recording:
    def __init__(self, world: World) -> None:
        self._world = world
        self._access: list[Callable[[AccessBatch], None]] = []
        self._opened: Counter[str] = Counter()
        self._ports = itertools.count()
        self._ending: dict[int, dict[tuple[object, ...], Ending]] = {}  # by the time of their publication, seconds since 1970

    def on_access(self, callback: Callable[[AccessBatch], None]) -> None:
        self._access.append(callback)

    def connections(self) -> Mapping[str, Connections]:
        """Each request has a connection from its client and one to its target; both end with it."""
        return {arn: Connections(opened=count, open=0) for arn, count in self._opened.items()}

    def forget_connections(self) -> None:
        self._opened.clear()

    def one(self, listener: ListenerConfig, rule: RuleConfig | None, request: Request, handled: Handled) -> None:
        self._count(handled.opens(listener), 1)
        port = FIRST_CLIENT_PORT + next(self._ports) % (65536 - FIRST_CLIENT_PORT)
        record = access_record(listener, rule, request, handled, Sent(self._world.clock.now(), port, self._trace(), 1))
        self._world.at(record.time, lambda: self._publish((record,)))

    def many(self, repeat: Repeat, latency: timedelta, count: int, *, over: bool = False) -> None:
        """Requests that are sent now and take that long; `over`: that end now."""
        self._count(repeat.opens, count)
        ended, took = self._world.clock.now() + (timedelta(0) if over else latency), latency.total_seconds()
        slot = (int(ended.timestamp()) // SLOT + 1) * SLOT
        found = self._ending.get(slot)
        if found is None:
            found = self._ending[slot] = {}
            self._world.at(datetime.fromtimestamp(slot, UTC), lambda: self._publish_slot(slot))
        key = (repeat.key, f"{took:.2g}")
        if key in found:
            found[key].add(count, took)
        else:
            found[key] = Ending(repeat.parts, ended, count, took * count)

    def _count(self, opened: Sequence[str], count: int) -> None:
        for arn in opened:
            self._opened[arn] += count

    def _publish_slot(self, slot: int) -> None:
        self._publish([self._made(ending) for ending in self._ending.pop(slot).values()])

    def _made(self, ending: Ending) -> AccessRecord:
        listener, rule, request, handled = ending.parts
        mean = timedelta(seconds=ending.seconds / ending.requests)
        sent = Sent(ending.ended - mean, FIRST_CLIENT_PORT, self._trace(), ending.requests)
        return access_record(listener, rule, request, handled.taking(mean), sent)

    def _trace(self) -> int:
        return self._world.random.getrandbits(96)

    def _publish(self, records: Sequence[AccessRecord]) -> None:
        batch = Records(records)
        for callback in self._access:
            callback(batch)
