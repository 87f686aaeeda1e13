"""The loop that publishes HealthyHostCount and UnHealthyHostCount: one key for each account and Region with target groups (LBM-4)."""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.metrics import PublishMetrics
from sandbox.services.elbv2.actions import PublishHosts
from sandbox.services.elbv2.decide import metrics
from sandbox.services.elbv2.decide.metrics import Health
from sandbox.services.elbv2.model import HEALTH_CHANGE
from sandbox.services.elbv2.state.metrics import groups_in_use, set_hosts
from sandbox.services.elbv2.state.snapshot import backends

NAME = "elbv2-host-metrics"


class HostMetricsController(Shell[Health, None]):
    name = NAME

    def __init__(self, journal: Journal, publish: PublishMetrics) -> None:
        super().__init__(journal)
        self._publish = publish
        journal.on_event(_wake_after_health_change)

    def keys(self) -> Iterable[str]:
        return tuple(scope.key("hosts") for scope, backend in backends() if backend.target_groups)

    def observe(self, key: str, now: datetime) -> Health:
        scope, _ = Scope.split(key)
        return Health(scope=scope, groups=tuple(groups_in_use(scope)))

    def decide(self, observed: Health, memory: None, now: datetime) -> Decision[None]:
        return metrics.decide_hosts(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, PublishHosts)
        set_hosts(action.group, action.hosts)
        self._publish(action.data)


def _wake_after_health_change(event: Event) -> None:
    if event.detail_type == HEALTH_CHANGE:
        context().wake(NAME)
