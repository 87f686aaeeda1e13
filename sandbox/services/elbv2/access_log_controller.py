"""Writes access logs to S3 (LBM-7): one key for each load balancer that has them switched on, every five minutes."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sandbox.core.clock import Clock
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.drivers.proxy.base import Proxy
from sandbox.services.elbv2.actions import WriteAccessLog
from sandbox.services.elbv2.decide import access_logs
from sandbox.services.elbv2.decide.access_logs import ObservedAccessLog
from sandbox.services.elbv2.state import snapshot
from sandbox.services.elbv2.state.access_logs import PendingRequests, write

PAUSE = 0.5  # real seconds
SOURCE = "aws.elasticloadbalancing"
NOT_WRITTEN = "Access Log Not Written"


class AccessLogController(Shell[ObservedAccessLog, datetime]):
    name = "elbv2-access-logs"

    def __init__(self, journal: Journal, proxy: Proxy, clock: Clock) -> None:
        super().__init__(journal)
        self._clock, self._pending = clock, PendingRequests()
        proxy.on_access(self._pending.add)

    def keys(self) -> Iterable[str]:
        logged = [(scope, log) for scope, log in snapshot.access_logs()]
        self._pending.keep([log.load_balancer for _, log in logged])
        return tuple(scope.key(log.load_balancer) for scope, log in logged)

    def observe(self, key: str, now: datetime) -> ObservedAccessLog | None:
        scope, load_balancer = Scope.split(key)
        log = next((log for its, log in snapshot.access_logs() if (its, log.load_balancer) == (scope, load_balancer)), None)
        if log is None:
            return None
        return ObservedAccessLog(
            load_balancer=log.load_balancer,
            bucket=log.bucket,
            prefix=log.prefix,
            pending=self._pending.any(log.load_balancer),
            pause=timedelta(seconds=PAUSE * self._clock.speed),
        )

    def decide(self, observed: ObservedAccessLog, memory: datetime | None, now: datetime) -> Decision[datetime]:
        return access_logs.decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, WriteAccessLog)
        scope, _ = Scope.split(key)
        observed = self.observe(key, now)
        records = self._pending.take(action.load_balancer)
        if observed is None:
            return
        if why := write(scope, observed, action.end, records):
            lost = sum(record.count for record in records)
            summary = f"{lost} requests of {action.load_balancer} are not in the access log: {observed.bucket}: {why}"
            name = action.load_balancer.split("/")[1]
            cause = self.journal.latest(observed.bucket) or self.journal.latest(name)
            about = Event(source=SOURCE, detail_type=NOT_WRITTEN, summary=summary, resources=(name, observed.bucket), cause=cause)
            self.journal.record(about)
