"""NewConnectionCount and ActiveConnectionCount in namespace AWS/ApplicationELB (LBM-2): pure.

Both count the connections from clients to the load balancer and those from the load balancer to its targets. For each listener and target
group, the proxy reports how many connections were opened since it started, and how many are open. The increase in a minute is published
as new connections, the number open at its end as active ones. Connections to the front port are not counted: they belong to no single
load balancer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.core.control import Decision
from sandbox.core.metrics import MINUTE, MetricDatum, of_value, period_start, until_next
from sandbox.drivers.proxy.base import Connections
from sandbox.services.elbv2.actions import PublishConnectionMetrics
from sandbox.services.elbv2.decide.metrics import NAMESPACE, dimension, scope_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLoadBalancer:
    arn: str
    members: tuple[str, ...]  # ARNs of its listeners and target groups; a target group that several use is counted for the first


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedConnections:
    load_balancers: tuple[CountedLoadBalancer, ...] = ()
    connections: Mapping[str, Connections] = field(default_factory=dict)  # by ARN of listener or target group


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionMemory:
    """The counters at the start of the current minute."""

    minute: datetime
    opened: Mapping[str, int]


def decide(observed: ObservedConnections, memory: ConnectionMemory | None, now: datetime) -> Decision[ConnectionMemory | None]:
    """Connections that were opened before the first observation are not new: when they were opened is unknown."""
    minute = period_start(now)
    if memory is None and observed.load_balancers and not observed.connections:
        return Decision(memory=None, look_again=until_next(now))  # after a restart, until the proxy has reported
    if memory is not None and memory.minute == minute:
        return Decision(memory=memory, look_again=until_next(now))
    data = [] if memory is None else [datum for each in observed.load_balancers for datum in _data(each, observed, memory, minute)]
    opened = {arn: counts.opened for arn, counts in observed.connections.items()}
    actions = (PublishConnectionMetrics(data=tuple(data)),) if data else ()
    return Decision(memory=ConnectionMemory(minute=minute, opened=opened), actions=actions, look_again=until_next(now))


def _data(balancer: CountedLoadBalancer, observed: ObservedConnections, memory: ConnectionMemory, minute: datetime) -> list[MetricDatum]:
    """For the minute that has just ended. Values of zero are not published (LBM-2)."""
    members = [(arn, observed.connections[arn]) for arn in balancer.members if arn in observed.connections]
    new = sum(_opened_since(connections, memory.opened.get(arn, 0)) for arn, connections in members)
    active = sum(connections.open for _, connections in members)
    counts = {"NewConnectionCount": new, "ActiveConnectionCount": active}
    dimensions = (("LoadBalancer", dimension(balancer.arn)),)
    scope, at = scope_of(balancer.arn), minute - MINUTE
    return [
        MetricDatum(scope=scope, namespace=NAMESPACE, name=name, dimensions=dimensions, unit="Count", at=at, sample=of_value(float(count)))
        for name, count in counts.items()
        if count
    ]


def _opened_since(connections: Connections, before: int) -> int:
    """After a restart the proxy counts from 0."""
    return connections.opened - before if connections.opened >= before else connections.opened
