"""The records of client traffic: one for each intent that has ended. Millions of them fit in memory, because they are columns (rows.py).

`Records` is a sequence of `Record`, which are made when they are read; measures/ and series.py read the columns instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from sandbox.traffic.outcomes import RequestOutcome
from sandbox.traffic.rows import CODED, FAILURES, INTENT, TRY, Attempt, Rows

INTENTS = np.dtype([(name, kind) for name, kind, _ in INTENT])
TRIES = np.dtype([(name, kind) for name, kind, _ in TRY])
Column = NDArray[Any]
UNUSED = (0,) * len(CODED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One intent (what one user wanted) that has ended, after one or more attempts."""

    number: int
    send_offset: float  # planned send: real seconds after the start
    at: datetime  # planned send: sandbox time
    latency: float  # real seconds from the planned send to the end, so that a late send counts (no coordinated omission)
    outcome: RequestOutcome  # of the last attempt
    attempts: tuple[Attempt, ...] = ()  # in order; empty: nothing was sent (Failure.NOT_SENT)


class Stream(Protocol):
    """Traffic in progress."""

    def records(self) -> "Records":
        """The intents that have ended so far, in the order of their planned sends."""
        ...

    def stop(self) -> "Records":
        """Sends no further requests, waits for those in flight (no longer than their timeout) and returns all records. Idempotent."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Records(Sequence[Record]):
    """Sorted by planned send. The arrays are read-only; their columns: rows.INTENT and rows.TRY."""

    started_at: datetime  # sandbox time of offset 0
    speed: float  # sandbox seconds per real second
    intents: Column
    tries: Column  # attempts of the intents that have several
    names: tuple[str | None, ...]  # of instances, zones and nodes; the columns hold indices
    latest_send: float = 0.0  # real seconds: how much later than planned the latest send was, because this machine was busy

    def __len__(self) -> int:
        return len(self.intents)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> "Records": ...
    def __getitem__(self, index: int | slice) -> "Record | Records":
        if isinstance(index, slice):
            return self.part(self.intents[index])
        return self._record(self.intents[index].item())

    def __iter__(self) -> Iterator[Record]:
        return (self._record(row) for row in self.intents.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Records) and len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def part(self, intents: Column) -> "Records":
        """Those intents only."""
        return Records(self.started_at, self.speed, intents, self.tries, self.names, self.latest_send)

    def between(self, start: datetime | None, end: datetime | None) -> "Records":
        """Intents with start ≤ planned send < end (sandbox time); None: from the first, to the last."""
        first, last = (None if moment is None else self.offset_of(moment) for moment in (start, end))
        low = 0 if first is None else int(np.searchsorted(self.intents["offset"], first, side="left"))
        high = len(self) if last is None else int(np.searchsorted(self.intents["offset"], last, side="left"))
        return self.part(self.intents[low:high])

    def offset_of(self, moment: datetime) -> float:
        """Real seconds after the start."""
        return (moment - self.started_at).total_seconds() / self.speed

    def at(self, offset: float) -> datetime:
        """Sandbox time."""
        return self.started_at + timedelta(seconds=offset * self.speed)

    def _record(self, row: tuple[Any, ...]) -> Record:
        number, offset, latency, *coded, attempts = row
        outcome = self._outcome(coded)
        sent: tuple[Attempt, ...] = (Attempt(offset, latency, outcome),) if attempts else ()
        if attempts > 1:
            low, high = np.searchsorted(self.tries["number"], (number, number + 1))
            sent = tuple(Attempt(at, took, self._outcome(more)) for _, at, took, *more in self.tries[low:high].tolist())
        return Record(number=number, send_offset=offset, at=self.at(offset), latency=latency, outcome=outcome, attempts=sent)

    def _outcome(self, coded: Sequence[int]) -> RequestOutcome:
        failure, status, instance, zone, node = coded
        names = self.names
        return RequestOutcome(
            failure=FAILURES[failure], status_code=status or None, instance_id=names[instance], zone=names[zone], node=names[node]
        )


def records_of(rows: Rows, started_at: datetime, speed: float) -> Records:
    """A copy of the rows, sorted by planned send."""
    intents, tries = np.frombuffer(bytes(rows.intents), INTENTS), np.frombuffer(bytes(rows.tries), TRIES)
    intents = intents[np.argsort(intents["number"], kind="stable")]
    tries = tries[np.argsort(tries["number"], kind="stable")]
    return Records(started_at, speed, intents, tries, tuple(rows.names), rows.latest)


class Recorder:
    """Collects intents of traffic that runs in this process, such as virtual traffic."""

    def __init__(self, started_at: datetime, speed: float = 1.0) -> None:
        self._started_at, self._speed, self._rows = started_at, speed, Rows()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, number: int, *attempts: Attempt) -> None:
        """An intent that has ended, with its attempts in order."""
        self._rows.add(number, attempts)

    def add_many(self, numbers: Column, offsets: Column, latencies: Column, outcome: RequestOutcome) -> None:
        """Intents that have ended with the same outcome, each after one attempt."""
        made = np.empty(len(numbers), INTENTS)
        made["number"], made["offset"], made["latency"] = numbers, offsets, latencies
        for name, code in zip(CODED, self._rows.coded(outcome), strict=True):
            made[name] = code
        made["attempts"] = 1
        self._rows.intents += made.data

    def add_mixed(
        self, numbers: Column, offsets: Column, latencies: Column, kinds: Column, outcomes: Sequence[RequestOutcome | None]
    ) -> None:
        """Like `add_many`, with the outcome of each intent as an index of `outcomes`. Those that are None are not used."""
        made = np.empty(len(numbers), INTENTS)
        made["number"], made["offset"], made["latency"], made["attempts"] = numbers, offsets, latencies, 1
        codes = np.array([self._rows.coded(outcome) if outcome else UNUSED for outcome in outcomes])
        for column, name in enumerate(CODED):
            made[name] = codes[kinds, column]
        self._rows.intents += made.data

    def records(self) -> Records:
        return records_of(self._rows, self._started_at, self._speed)


def merged(parts: Sequence[Records]) -> Records:
    """The records of several streams (one or more) at the same speed as one, renumbered in the order of their planned sends."""
    if len(parts) == 1:
        return parts[0]
    first = min(part.started_at for part in parts)
    names = tuple(dict.fromkeys((None, *(name for part in parts for name in part.names))))
    moved = [_moved(part, (part.started_at - first).total_seconds() / part.speed, names) for part in parts]
    intents = np.concatenate([found for found, _, _ in moved])
    order = np.argsort(intents["offset"], kind="stable")
    place = np.empty(len(order), dtype=np.uint32)
    place[order] = np.arange(len(order))
    tries, before = [], 0
    for found, several, numbers in moved:
        where = np.searchsorted(numbers, several["number"])
        several["number"] = place[before + where]
        tries.append(several)
        before += len(found)
    intents = intents[order]
    intents["number"] = np.arange(len(order))
    together = np.concatenate(tries)
    together = together[np.argsort(together["number"], kind="stable")]
    return Records(first, parts[0].speed, intents, together, names, max(part.latest_send for part in parts))


def _moved(part: Records, later: float, names: Sequence[str | None]) -> tuple[Column, Column, Column]:
    """Copies of its rows with later offsets and with indices of `names`, and the numbers of its intents."""
    index = np.array([names.index(name) for name in part.names], dtype=np.uint16)
    intents, tries = part.intents.copy(), part.tries.copy()
    for rows in (intents, tries):
        rows["offset"] += later
        for column in ("instance", "zone", "node"):
            rows[column] = index[rows[column]]
    return intents, tries, part.intents["number"].copy()
