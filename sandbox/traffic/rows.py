"""Measured intents in compact form: packed bytes, 30 for an intent with one attempt. The process that sends requests packs them.

Standard library only. records.py reads the same bytes as numpy arrays; INTENT and TRY name the columns of both. An intent with several
attempts has one more row for each attempt.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.traffic.outcomes import Failure, RequestOutcome

INTENT = (
    ("number", "u4", "I"),
    ("offset", "f8", "d"),  # planned send: real seconds after the start
    ("latency", "f8", "d"),  # real seconds from the planned send to the end of the last attempt
    ("failure", "u1", "B"),  # index in FAILURES
    ("status", "u2", "H"),  # 0: no response
    ("instance", "u2", "H"),  # index of the name; 0: none
    ("zone", "u2", "H"),
    ("node", "u2", "H"),
    ("attempts", "u1", "B"),
)
TRY = INTENT[:-1]  # offset: when it was sent; latency: from then to its end
FAILURES: tuple[Failure | None, ...] = (None, *Failure)
CODED = tuple(name for name, _, _ in INTENT[3:-1])
"""The columns that say what the outcome was."""

Coded = tuple[int, int, int, int, int]
"""Their values."""

CODES = {failure: code for code, failure in enumerate(FAILURES)}
MOST_NAMES = 65_535

_INTENT = struct.Struct("<" + "".join(letter for _, _, letter in INTENT))
_TRY = struct.Struct("<" + "".join(letter for _, _, letter in TRY))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One HTTP request of an intent."""

    offset: float  # real seconds after the start of the traffic: when it was sent (the first one: when that was planned)
    latency: float  # real seconds until it ended
    outcome: RequestOutcome


@dataclass(frozen=True, slots=True)
class Chunk:
    """The rows and names since the last chunk."""

    intents: bytes
    tries: bytes
    names: tuple[str, ...]
    latest: float  # real seconds: how much later than planned the latest send so far was


class Rows:
    """Rows in the order in which the intents ended. Not thread-safe."""

    def __init__(self) -> None:
        self.intents, self.tries = bytearray(), bytearray()
        self.names: dict[str | None, int] = {None: 0}  # instances, zones and nodes → index
        self._coded: dict[RequestOutcome, Coded] = {}
        self.latest = 0.0  # real seconds: how much later than planned the latest send was
        self._taken = 1  # names in chunks so far

    def __len__(self) -> int:
        return len(self.intents) // _INTENT.size

    def add(self, number: int, attempts: Sequence[Attempt]) -> None:
        """An intent that has ended, with its attempts in order (one or more)."""
        first, last = attempts[0], attempts[-1]
        latency = last.offset + last.latency - first.offset if last is not first else last.latency
        sent = 0 if last.outcome.failure is Failure.NOT_SENT else len(attempts)
        self.intents += _INTENT.pack(number, first.offset, latency, *self.coded(last.outcome), sent)
        if last is not first:
            for each in attempts:
                self.tries += _TRY.pack(number, each.offset, each.latency, *self.coded(each.outcome))

    def coded(self, outcome: RequestOutcome) -> Coded:
        found = self._coded.get(outcome)
        if found is None:
            instance, zone, node = (self._index(name) for name in (outcome.instance_id, outcome.zone, outcome.node))
            found = self._coded[outcome] = (CODES[outcome.failure], outcome.status_code or 0, instance, zone, node)
        return found

    def _index(self, name: str | None) -> int:
        found = self.names.get(name)
        if found is None:
            found = self.names[name] = len(self.names) if len(self.names) <= MOST_NAMES else 0
        return found

    def take(self) -> Chunk:
        """Removes the rows."""
        names = [name for name in list(self.names)[self._taken :] if name is not None]
        chunk = Chunk(bytes(self.intents), bytes(self.tries), tuple(names), self.latest)
        self._taken = len(self.names)
        self.intents.clear()
        self.tries.clear()
        return chunk

    def put(self, chunk: Chunk) -> None:
        """Adds a chunk of another Rows, of which this one has all earlier chunks."""
        for name in chunk.names:
            self.names[name] = len(self.names)
        self.intents += chunk.intents
        self.tries += chunk.tries
        self.latest = max(self.latest, chunk.latest)
