"""The loop that publishes the group metrics of Auto Scaling: one key for each account and Region. What is due is in decide/metrics.py.

The last published minute is remembered on moto's group (`group.sandbox_published`), which reset and the saved state carry.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.core.metrics import PublishMetrics
from sandbox.services.autoscaling.decide import metrics
from sandbox.services.autoscaling.decide.metrics import Group, Picture, Publish
from sandbox.services.autoscaling.state import snapshot


class AutoScalingMetricsController(Shell[Picture, None]):
    name = "autoscaling-metrics"

    def __init__(self, journal: Journal, publish: PublishMetrics) -> None:
        super().__init__(journal)
        self._publish = publish

    def keys(self) -> Iterable[str]:
        return dict.fromkeys(scope.key("metrics") for scope, _ in snapshot.known())

    def observe(self, key: str, now: datetime) -> Picture:
        scope, _ = Scope.split(key)
        names = [name for found, name in snapshot.known() if found == scope]
        return Picture(scope=scope, groups=tuple(group for name in names if (group := _group(scope, name)).enabled))

    def decide(self, observed: Picture, memory: None, now: datetime) -> Decision[None]:
        return metrics.decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, Publish)
        scope, _ = Scope.split(key)
        snapshot.find(scope, action.group).sandbox_published = action.minute
        self._publish(action.data)


def _group(scope: Scope, name: str) -> Group:
    group = snapshot.find(scope, name)
    return Group(
        name=name,
        enabled=tuple(group.metrics),
        min_size=group.min_size,
        max_size=group.max_size,
        desired_capacity=group.desired_capacity,
        members=tuple(member.lifecycle for member in group.instance_states),
        published=getattr(group, "sandbox_published", None),
    )
