"""Finished requests as the proxy reports them: in batches, as records, or grouped by what they have in common. Whoever only counts uses the
groups, which cost a fraction of a record for each request (envoy/access/log_batch.py makes them without any record). Pure.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, overload

from sandbox.drivers.proxy.base import AccessRecord


class CommonFields(NamedTuple):
    """What the requests of a group have in common; the fields are those of AccessRecord."""

    listener: str
    load_balancer: str
    target_group: str | None
    target: str | None
    status: int  # of the response to the client
    target_status: int | None
    action: str
    connection_error: bool
    node_zone: str | None
    fail_open: bool


class RequestGroup(NamedTuple):
    """Requests of one kind; the sequences have an entry for each."""

    kind: CommonFields
    ends: Sequence[float]  # real seconds since 1970
    sizes: Sequence[float]  # bytes, received and sent
    times: Sequence[float]  # response times of the target in seconds; empty: it did not answer
    each: int = 1  # how many requests each entry stands for


class AccessBatch(Protocol):
    """A sequence of AccessRecords, made when they are read."""

    @property
    def size(self) -> int:
        """How many records it has at most: those that are not made yet are not checked."""
        ...

    def __iter__(self) -> Iterator[AccessRecord]: ...

    def groups(self) -> Iterator[RequestGroup]: ...


class Records(Sequence[AccessRecord]):
    """A batch of records that exist."""

    def __init__(self, records: Sequence[AccessRecord]) -> None:
        self._records = records

    @property
    def size(self) -> int:
        return len(self._records)

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> AccessRecord: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[AccessRecord]: ...

    def __getitem__(self, index: int | slice) -> AccessRecord | Sequence[AccessRecord]:
        return self._records[index]

    def groups(self) -> Iterator[RequestGroup]:
        for record in self._records:
            yield RequestGroup(
                kind_of(record),
                ends=(record.time.timestamp(),),
                sizes=(record.received_bytes + record.sent_bytes,),
                times=(record.target_processing_time,) if _answered(record) else (),
                each=record.count,
            )


def kind_of(record: AccessRecord) -> CommonFields:
    return CommonFields(
        record.listener,
        record.load_balancer,
        record.target_group,
        record.target,
        record.elb_status_code,
        record.target_status_code,
        record.actions_executed,
        record.target_connection_error,
        record.node_zone,
        record.fail_open,
    )


def _answered(record: AccessRecord) -> bool:
    return record.target_status_code is not None and record.target_processing_time >= 0
