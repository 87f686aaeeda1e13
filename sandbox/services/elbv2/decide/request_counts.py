"""Requests counted by kind: what state/access_counts.py collects and decide/metrics.py turns into CloudWatch's metrics."""

from typing import NamedTuple

from sandbox.drivers.proxy.base import AccessRecord

MINUTE = 60  # seconds


class Kind(NamedTuple):
    """What requests of one tally have in common."""

    minute: int  # its start, seconds since 1970
    listener: str  # arn
    load_balancer: str  # "app/<name>/<id>"
    target_group: str | None  # arn
    target: str | None  # "172.31.0.5:80"; None: none was chosen
    status: int  # that the client got
    target_status: int | None  # None: the load balancer answered by itself
    action: str  # "forward" | "fixed-response" | "redirect" | "-"
    connection_error: bool


class Tally:
    """Of the requests of one kind."""

    __slots__ = ("largest", "requests", "size", "smallest", "times")

    def __init__(self) -> None:
        self.requests = 0
        self.size = 0  # bytes, received and sent
        self.smallest, self.largest = 1 << 62, 0
        self.times: dict[float, int] = {}
        """Response times in seconds and how often each occurred: three significant digits, so that there are at most 900 to a decade
        and a percentile is off by half a percent at most."""

    def add(self, record: AccessRecord) -> None:
        self.requests += 1
        size = record.received_bytes + record.sent_bytes
        self.size += size
        self.smallest = min(self.smallest, size)
        self.largest = max(self.largest, size)
        if record.target_status_code is not None and record.target_processing_time >= 0:
            time = float(f"{record.target_processing_time:.3g}")
            self.times[time] = self.times.get(time, 0) + 1
