"""The loop that publishes AWS/EC2 metrics: one key for each account and Region. decide/metrics.py says what is due; the meter measures.

What was published is remembered on moto's instance (`instance.sandbox_published`), which reset and the saved state carry.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.core.metrics import PublishMetrics
from sandbox.drivers.metering.base import Meter
from sandbox.services.ec2.actions import Publish
from sandbox.services.ec2.application import state as application
from sandbox.services.ec2.decide import metrics
from sandbox.services.ec2.decide.metrics import Instance, RunningInstances
from sandbox.services.ec2.model import CHECK_INTERVAL
from sandbox.services.ec2.state import snapshot
from sandbox.services.ec2.state.launch_spec import cores

GROUP_TAG = "aws:autoscaling:groupName"


class Ec2MetricsController(Shell[RunningInstances, None]):
    name = "ec2-metrics"

    def __init__(self, journal: Journal, meter: Meter, publish: PublishMetrics) -> None:
        super().__init__(journal)
        self._meter, self._publish = meter, publish

    def keys(self) -> Iterable[str]:
        return dict.fromkeys(scope.key("metrics") for scope, _ in snapshot.known())

    def observe(self, key: str, now: datetime) -> RunningInstances:
        scope, _ = Scope.split(key)
        return RunningInstances(scope=scope, instances=tuple(self._instance(instance, now) for instance in snapshot.running(scope)))

    def _instance(self, instance: Any, now: datetime) -> Instance:
        extra = instance.sandbox
        seen = Instance(
            instance_id=instance.id,
            image_id=instance.image_id,
            instance_type=instance.instance_type,
            group=snapshot.metric_group(instance, now),
            detailed=instance.monitoring_state == "enabled",
            running_since=extra.state_since,
            system_check=extra.system_check.result,
            instance_check=extra.instance_check.result,
            checked_at=extra.next_check and extra.next_check - CHECK_INTERVAL,
            readings=(),
            application=application.measured(instance, now),
            published=instance.sandbox_published,
            throttled_cores=cores(instance.instance_type) if extra.credits and extra.credits.throttled else None,
        )
        if not metrics.due(seen, now) or context().faults.host_unreachable(
            snapshot.hosted(instance)
        ):  # a host without power reports nothing
            return seen
        return replace(seen, readings=tuple(self._meter.readings(instance.id)))

    def decide(self, observed: RunningInstances, memory: None, now: datetime) -> Decision[None]:
        return metrics.decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, Publish)
        scope, _ = Scope.split(key)
        snapshot.find(scope, action.instance_id).sandbox_published = action.published
        self._publish(action.data)
