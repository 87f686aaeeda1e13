"""Publishes the healthy and unhealthy hosts of target groups (LBM-4) and the states of their zones (TG-39): one key for each account and
Region with target groups.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.metrics import PublishMetrics
from sandbox.services.elbv2.actions import PublishHostCounts
from sandbox.services.elbv2.decide import host_metrics
from sandbox.services.elbv2.decide.host_metrics import ObservedHosts
from sandbox.services.elbv2.model import HEALTH_CHANGE
from sandbox.services.elbv2.state import writes
from sandbox.services.elbv2.state.metrics import measured_target_groups
from sandbox.services.elbv2.state.snapshot import backends

NAME = "elbv2-host-metrics"
ZONAL_SHIFTS = "aws.arc-zonal-shift"  # source of events


class HostMetricsController(Shell[ObservedHosts, None]):
    name = NAME

    def __init__(self, journal: Journal, publish: PublishMetrics) -> None:
        super().__init__(journal)
        self._publish = publish
        journal.on_event(_wake_after_change)

    def keys(self) -> Iterable[str]:
        return tuple(scope.key("hosts") for scope, backend in backends() if backend.target_groups)

    def observe(self, key: str, now: datetime) -> ObservedHosts:
        scope, _ = Scope.split(key)
        return ObservedHosts(scope=scope, target_groups=tuple(measured_target_groups(scope)))

    def decide(self, observed: ObservedHosts, memory: None, now: datetime) -> Decision[None]:
        return host_metrics.decide_hosts(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, PublishHostCounts)
        writes.set_published_hosts(action.target_group_arn, action.published)
        self._publish(action.data)


def _wake_after_change(event: Event) -> None:
    if event.detail_type == HEALTH_CHANGE or event.source == ZONAL_SHIFTS:
        context().wake(NAME)
