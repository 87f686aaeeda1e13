"""The loop that publishes how instances use their metadata service: one key for each Region. decide/metadata/metrics.py counts."""

from collections.abc import Iterable
from datetime import datetime

from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.core.metrics import PublishMetrics
from sandbox.drivers.metadata.base import Metadata
from sandbox.services.ec2.actions import PublishData
from sandbox.services.ec2.decide.metadata.metrics import Caller, Callers, Counts, decide
from sandbox.services.ec2.state import snapshot


class MetadataMetricsController(Shell[Callers, Counts]):
    name = "ec2-metadata-metrics"

    def __init__(self, journal: Journal, metadata: Metadata, publish: PublishMetrics) -> None:
        super().__init__(journal)
        self._metadata, self._publish = metadata, publish

    def keys(self) -> Iterable[str]:
        return dict.fromkeys(scope.key("metadata") for scope, _ in snapshot.known())

    def observe(self, key: str, now: datetime) -> Callers:
        scope, _ = Scope.split(key)
        uses = self._metadata.uses()
        callers = [instance for instance in snapshot.running(scope) if instance.id in uses] if uses else []
        return Callers(
            scope=scope,
            instances=tuple(Caller(series=snapshot.metric_series(each, now), uses=uses[each.id]) for each in callers),
        )

    def decide(self, observed: Callers, memory: Counts | None, now: datetime) -> Decision[Counts]:
        return decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, PublishData)
        self._publish(action.data)
