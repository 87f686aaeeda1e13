"""The loop that publishes the group metrics of Auto Scaling: one key for each account and Region. What is due is in decide/metrics.py.

The last published minute is stored on the group (state/store.py), so that a reset clears it and the saved state holds it.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.core.metrics import PublishMetrics
from sandbox.services.autoscaling.actions import PublishGroupMetrics
from sandbox.services.autoscaling.decide import metrics
from sandbox.services.autoscaling.decide.metrics import ObservedGroups
from sandbox.services.autoscaling.state import snapshot, writes


class AutoScalingMetricsController(Shell[ObservedGroups, None]):
    name = "autoscaling-metrics"

    def __init__(self, journal: Journal, publish: PublishMetrics) -> None:
        super().__init__(journal)
        self._publish = publish

    def keys(self) -> Iterable[str]:
        return dict.fromkeys(scope.key("metrics") for scope, _ in snapshot.groups())

    def observe(self, key: str, now: datetime) -> ObservedGroups:
        scope, _ = Scope.split(key)
        return snapshot.read_metrics(scope)

    def decide(self, observed: ObservedGroups, memory: None, now: datetime) -> Decision[None]:
        return metrics.decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, _ = Scope.split(key)
        match action:
            case PublishGroupMetrics():
                writes.record_published_minute(snapshot.find(scope, action.group), action.minute)
                self._publish(action.data)
