"""Publishes NewConnectionCount and ActiveConnectionCount (LBM-2): one key, for the connections of all load balancers."""

from collections.abc import Iterable
from datetime import datetime

from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.core.metrics import PublishMetrics
from sandbox.drivers.proxy.base import Proxy
from sandbox.services.elbv2.actions import PublishConnectionMetrics
from sandbox.services.elbv2.decide import connection_metrics
from sandbox.services.elbv2.decide.connection_metrics import ConnectionMemory, ObservedConnections
from sandbox.services.elbv2.state.metrics import load_balancers

CONNECTIONS = Scope("-", "-").key("connections")


class ConnectionMetricsController(Shell[ObservedConnections, ConnectionMemory | None]):
    name = "elbv2-connection-metrics"

    def __init__(self, journal: Journal, proxy: Proxy, publish: PublishMetrics) -> None:
        super().__init__(journal)
        self._proxy, self._publish = proxy, publish

    def keys(self) -> Iterable[str]:
        return (CONNECTIONS,)

    def observe(self, key: str, now: datetime) -> ObservedConnections:
        return ObservedConnections(load_balancers=tuple(load_balancers()), connections=self._proxy.connections())

    def decide(self, observed: ObservedConnections, memory: ConnectionMemory | None, now: datetime) -> Decision[ConnectionMemory | None]:
        return connection_metrics.decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        assert isinstance(action, PublishConnectionMetrics)
        self._publish(action.data)
