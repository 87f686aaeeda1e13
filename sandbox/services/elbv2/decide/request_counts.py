"""Requests counted by kind. state/access_counts.py collects them, decide/metrics.py makes CloudWatch metrics of them."""

from collections import Counter
from typing import NamedTuple

from sandbox.drivers.proxy.batches import RequestGroup

MINUTE = 60  # seconds


class RequestKind(NamedTuple):
    """What the requests of one tally have in common."""

    minute: int  # its start, seconds since 1970
    listener: str  # arn
    load_balancer: str  # "app/<name>/<id>"
    target_group: str | None  # arn
    target: str | None  # "172.31.0.5:80"; None: no target was chosen
    status: int  # of the response to the client
    target_status: int | None  # None: the response is the load balancer's own
    action: str  # "forward" | "fixed-response" | "redirect" | "-"
    connection_error: bool
    zone: str | None = None  # of the load balancer's node that got the request
    fail_open: bool = False  # the target was chosen by routing failover


class RequestTally:
    """The sums over the requests of one kind."""

    __slots__ = ("largest", "requests", "size", "smallest", "times")

    def __init__(self) -> None:
        self.requests = 0
        self.size = 0  # bytes, received and sent
        self.smallest, self.largest = 1 << 62, 0
        self.times: dict[float, int] = {}
        """Response time in seconds → how often it occurred. Rounded to three significant digits: at most 900 values per decade, and
        percentiles are exact to half a percent."""

    def add(self, group: RequestGroup) -> None:
        self.requests += len(group.sizes) * group.each
        self.size += int(sum(group.sizes)) * group.each
        self.smallest = min(self.smallest, int(min(group.sizes)))
        self.largest = max(self.largest, int(max(group.sizes)))
        for time, count in Counter(group.times).items():
            rounded = float(f"{time:.3g}")
            self.times[rounded] = self.times.get(rounded, 0) + count * group.each
