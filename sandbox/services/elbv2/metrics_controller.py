"""Publishes the AWS/ApplicationELB metrics of requests: one key, for the requests of all load balancers. decide/metrics.py decides what is
published; state/access_counts.py counts requests as the proxy reports them.

While there are requests it publishes every half second of real time, so a request is in the metrics within a second of its end. Without
requests it sleeps until the next one wakes it. Requests that were counted and not yet published (those of half a second) are lost when the
process is killed.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sandbox.aws.context import context
from sandbox.core.clock import Clock
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.core.metrics import PublishMetrics
from sandbox.drivers.proxy.base import Proxy
from sandbox.services.elbv2.actions import PublishRequestMetrics
from sandbox.services.elbv2.decide import metrics
from sandbox.services.elbv2.decide.metrics import ObservedRequests
from sandbox.services.elbv2.state.access_counts import AccessCounts
from sandbox.services.elbv2.state.metrics import divisors, find_target_group, targets

NAME = "elbv2-metrics"
REQUESTS = Scope("-", "-").key("requests")
PAUSE = 0.5  # real seconds


class RequestMetricsController(Shell[ObservedRequests, None]):
    name = NAME

    def __init__(
        self, journal: Journal, proxy: Proxy, publish: PublishMetrics, clock: Clock, real_now: Callable[[], datetime] | None = None
    ) -> None:
        """`real_now`: the clock of the access records' timestamps; None for the simulated proxy, whose timestamps are in sandbox time."""
        super().__init__(journal)
        self._publish, self._clock = publish, clock
        self.counts = AccessCounts(clock, real_now, lambda: context().wake(NAME, REQUESTS))
        proxy.on_access(self.counts.count)

    def keys(self) -> Iterable[str]:
        return (REQUESTS,)

    def observe(self, key: str, now: datetime) -> ObservedRequests:
        counts = self.counts.unpublished()
        groups = {arn: targets(group) for arn in {kind.target_group for kind, _ in counts} if (group := find_target_group(arn))}
        return ObservedRequests(
            counts=counts,
            divisors={at: n for arn, found in groups.items() if arn for at, n in divisors(arn, found)},
            pause=timedelta(seconds=PAUSE * self._clock.speed),
        )

    def decide(self, observed: ObservedRequests, memory: None, now: datetime) -> Decision[None]:
        return metrics.decide_requests(observed)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, PublishRequestMetrics)
        self.counts.mark_published()  # first: if publishing fails, nothing is counted twice
        self._publish(action.data)
