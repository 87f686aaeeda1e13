"""Lines of Envoy's access log as a batch: grouped without making a record for each, which is what keeps the control plane from taking the
time of the load balancer on a small machine.

A line has three parts (log_format.py): what many requests have in common, its numbers, and its texts. Grouping compares the first parts as
bytes and converts the numbers of a group together.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import overload

from sandbox.drivers.proxy.base import AccessRecord
from sandbox.drivers.proxy.batches import CommonFields, RequestGroup, kind_of
from sandbox.drivers.proxy.envoy.access import log_format
from sandbox.drivers.proxy.envoy.access.log_format import ABSENT, FIELD, NUMBERS, PART, TEXTS

_PART, _FIELD, _ABSENT = PART.encode(), FIELD.encode(), ABSENT.encode()
_LAST = len(TEXTS) - 1  # separators in the last part
_NONE = b"-1"  # an absent number
_BEGAN, _TOOK, _WAITING, _RECEIVED, _SENT = (NUMBERS.index(name) for name in ("began", "took", "waiting", "received", "sent"))
_MILLISECONDS, _MICROSECONDS = 1e-3, 1e-6


class LogBatch(Sequence[AccessRecord]):
    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines
        self._made: Sequence[AccessRecord] | None = None
        self._groups: Sequence[RequestGroup] | None = None  # several consumers count them

    @property
    def size(self) -> int:
        return len(self._lines)

    @property
    def _records(self) -> Sequence[AccessRecord]:
        if self._made is None:
            self._made = tuple(log_format.read(self._lines))
        return self._made

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> AccessRecord: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[AccessRecord]: ...

    def __getitem__(self, index: int | slice) -> AccessRecord | Sequence[AccessRecord]:
        return self._records[index]

    def groups(self) -> Iterator[RequestGroup]:
        if self._groups is None:
            self._groups = tuple(self._grouped())
        return iter(self._groups)

    def _grouped(self) -> Iterator[RequestGroup]:
        alike: dict[bytes, list[bytes]] = {}
        for line in self._lines:
            parts = line.split(_PART)
            if len(parts) == 3 and parts[2].count(_FIELD) == _LAST:  # a killed Envoy leaves an incomplete line
                alike.setdefault(parts[0], []).append(parts[1])
        for common, found in alike.items():
            known = _fields(common)
            if known is not None:
                yield _group(known, found)


def _group(known: CommonFields, lines: Sequence[bytes]) -> RequestGroup:
    joined = b" ".join(lines)
    values = list(map(float, (joined.replace(_ABSENT, _NONE) if _ABSENT in joined else joined).split()))
    width = len(NUMBERS)
    began, took, waiting = values[_BEGAN::width], values[_TOOK::width], values[_WAITING::width]
    received, sent = values[_RECEIVED::width], values[_SENT::width]
    return RequestGroup(
        known,
        ends=[at + max(0.0, duration) * _MILLISECONDS for at, duration in zip(began, took, strict=True)],
        sizes=[max(0.0, a) + max(0.0, b) for a, b in zip(received, sent, strict=True)],
        times=[each * _MICROSECONDS for each in waiting if each >= 0] if known.target_status is not None else (),
    )


@lru_cache(maxsize=4096)
def _fields(common: bytes) -> CommonFields | None:
    """None: the line belongs to no load balancer."""
    record = log_format.of_common_part(common.decode(errors="replace"))
    return kind_of(record) if record is not None else None
