"""NewConnectionCount and ActiveConnectionCount in namespace AWS/ApplicationELB (LBM-2): pure.

Both count the connections of clients to the load balancer and those of the load balancer to its targets. The proxy tells of each listener
and of each target group how many were opened since it began to count, and how many are open: the difference of a minute is new, and what
is open at its end is active. Not counted: connections to the front port, which belong to no single load balancer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.core.control import Decision
from sandbox.core.metrics import MINUTE, MetricDatum, of_value, period_start, until_next
from sandbox.drivers.proxy.base import Connections
from sandbox.services.elbv2.actions import PublishConnections
from sandbox.services.elbv2.decide.metrics import NAMESPACE, dimension, scope_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    arn: str
    ends: tuple[str, ...]  # ARNs of its listeners and target groups; a group that several use is counted for the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    balancers: tuple[Balancer, ...] = ()
    connections: Mapping[str, Connections] = field(default_factory=dict)  # by ARN of listener or target group


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """As it was at the last full minute."""

    minute: datetime
    opened: Mapping[str, int]


def decide_connections(observed: Links, memory: Counted | None, now: datetime) -> Decision[Counted | None]:
    """What was open before the first look is not new: nobody knows when it came."""
    minute = period_start(now)
    if memory is None and observed.balancers and not observed.connections:
        return Decision(memory=None, look_again=until_next(now))  # after a restart, until the proxy has told: else all would be new
    if memory is not None and memory.minute == minute:
        return Decision(memory=memory, look_again=until_next(now))
    data = [] if memory is None else [datum for balancer in observed.balancers for datum in _told(balancer, observed, memory, minute)]
    opened = {arn: found.opened for arn, found in observed.connections.items()}
    actions = (PublishConnections(data=tuple(data)),) if data else ()
    return Decision(memory=Counted(minute=minute, opened=opened), actions=actions, look_again=until_next(now))


def _told(balancer: Balancer, observed: Links, memory: Counted, minute: datetime) -> list[MetricDatum]:
    """Of the minute that has just ended; only what is not zero (LBM-2)."""
    ends = [(arn, observed.connections[arn]) for arn in balancer.ends if arn in observed.connections]
    new = sum(_new(found, memory.opened.get(arn, 0)) for arn, found in ends)
    active = sum(found.open for _, found in ends)
    counts = {"NewConnectionCount": new, "ActiveConnectionCount": active}
    where = (("LoadBalancer", dimension(balancer.arn)),)
    scope, at = scope_of(balancer.arn), minute - MINUTE
    return [
        MetricDatum(scope=scope, namespace=NAMESPACE, name=name, dimensions=where, unit="Count", at=at, sample=of_value(float(count)))
        for name, count in counts.items()
        if count
    ]


def _new(found: Connections, before: int) -> int:
    """A proxy that was started anew counts from 0."""
    return found.opened - before if found.opened >= before else found.opened
