"""The loop that publishes AWS/ApplicationELB metrics of requests: one key, for the requests of all load balancers. decide/metrics.py says
what is published; state/access_counts.py counts requests as the proxy reports them.

While requests come it looks every half second of real time, so a request is in the metrics within a second of its end; without any it
waits to be woken by the next one. Requests that were counted and not yet published are lost with the process: half a second of them.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sandbox.aws.context import context
from sandbox.core.clock import Clock
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.core.metrics import PublishMetrics
from sandbox.drivers.proxy.base import Proxy
from sandbox.services.elbv2.actions import PublishRequests
from sandbox.services.elbv2.decide import metrics
from sandbox.services.elbv2.decide.metrics import Requests
from sandbox.services.elbv2.state.access_counts import AccessCounts
from sandbox.services.elbv2.state.metrics import divisors, find_target_group, targets, zones

NAME = "elbv2-metrics"
REQUESTS = Scope("-", "-").key("requests")
PAUSE = 0.5  # real seconds


class RequestMetricsController(Shell[Requests, None]):
    name = NAME

    def __init__(
        self, journal: Journal, proxy: Proxy, publish: PublishMetrics, clock: Clock, real_now: Callable[[], datetime] | None = None
    ) -> None:
        """`real_now`: the clock that access records are stamped by; None for the simulated proxy, which stamps sandbox time."""
        super().__init__(journal)
        self._publish, self._clock = publish, clock
        self.counts = AccessCounts(clock, real_now, lambda: context().wake(NAME, REQUESTS))
        proxy.on_access(self.counts.take)

    def keys(self) -> Iterable[str]:
        return (REQUESTS,)

    def observe(self, key: str, now: datetime) -> Requests:
        counted = self.counts.waiting()
        groups = {arn: targets(group) for arn in {kind.target_group for kind, _ in counted} if (group := find_target_group(arn))}
        return Requests(
            counted=counted,
            zones=zones([kind for kind, _ in counted]),
            divisors={at: n for arn, found in groups.items() if arn for at, n in divisors(arn, found)},
            pause=timedelta(seconds=PAUSE * self._clock.speed),
        )

    def decide(self, observed: Requests, memory: None, now: datetime) -> Decision[None]:
        return metrics.decide_requests(observed)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, PublishRequests)
        self.counts.taken()  # first: what fails while it is recorded is not counted twice
        self._publish(action.data)
