"""The loop that publishes AWS/ApplicationELB metrics: one key for the requests of all load balancers, one for their connections, and one
for the hosts of each account and Region. decide/metrics.py and decide/connection_metrics.py say what is published; state/access_counts.py
counts requests as the proxy reports them.

While requests come it looks every half second of real time, so a request is in the metrics within a second of its end; without any it
waits to be woken by the next one. Requests that were told and not yet published are lost with the process: half a second of them.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from sandbox.aws.context import context
from sandbox.core.clock import Clock
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.metrics import Record, send
from sandbox.drivers.proxy.base import Proxy
from sandbox.services.elbv2.decide import connection_metrics, metrics
from sandbox.services.elbv2.decide.connection_metrics import Balancer, Counted, Links, PublishConnections
from sandbox.services.elbv2.decide.metrics import Group, Health, Hosts, PublishHosts, PublishRequests, Requests, scope_of
from sandbox.services.elbv2.model import HEALTH_CHANGE, TargetState
from sandbox.services.elbv2.state.access_counts import AccessCounts, Kind
from sandbox.services.elbv2.state.snapshot import backends

NAME = "elbv2-metrics"
REQUESTS, CONNECTIONS = Scope("-", "-").key("requests"), Scope("-", "-").key("connections")
PAUSE = 0.5  # real seconds
REGISTERED = frozenset(TargetState) - {TargetState.DRAINING}


class Elbv2MetricsController(Shell[Requests | Health | Links, Counted | None]):
    name = NAME

    def __init__(
        self, journal: Journal, proxy: Proxy, record: Record, clock: Clock, real_now: Callable[[], datetime] | None = None
    ) -> None:
        """`real_now`: the clock that access records are stamped by; None for the simulated proxy, which stamps sandbox time."""
        super().__init__(journal)
        self._record, self._clock, self._proxy = record, clock, proxy
        self.counts = AccessCounts(clock, real_now, lambda: context().wake(NAME, REQUESTS))
        proxy.on_access(self.counts.take)
        journal.on_event(_wake_after_health_change)

    def keys(self) -> Iterable[str]:
        return (*(scope.key("hosts") for scope, backend in backends() if backend.target_groups), REQUESTS, CONNECTIONS)

    def observe(self, key: str, now: datetime) -> Requests | Health | Links:
        if key == CONNECTIONS:
            return Links(balancers=tuple(_balancers()), connections=self._proxy.connections())
        if key != REQUESTS:
            scope, _ = Scope.split(key)
            return Health(scope=scope, groups=tuple(_groups(scope)))
        counted = self.counts.waiting()
        groups = {arn: _targets(group) for arn in {kind.target_group for kind, _ in counted} if (group := _find(arn))}
        return Requests(
            counted=counted,
            zones=_zones([kind for kind, _ in counted]),
            divisors={at: n for arn, targets in groups.items() if arn for at, n in _divisors(arn, targets)},
            pause=timedelta(seconds=PAUSE * self._clock.speed),
        )

    def decide(self, observed: Requests | Health | Links, memory: Counted | None, now: datetime) -> Decision[Counted | None]:
        match observed:
            case Links():
                return connection_metrics.decide_connections(observed, memory, now)
            case Requests():
                decision = metrics.decide_requests(observed)
            case Health():
                decision = metrics.decide_hosts(observed, now)
        return Decision(memory=None, actions=decision.actions, look_again=decision.look_again)

    def act(self, key: str, action: Action, now: datetime) -> None:
        match action:
            case PublishRequests():
                self.counts.taken()  # first: what fails while it is recorded is not counted twice
                send(self._record, action.data)
            case PublishConnections():
                send(self._record, action.data)
            case PublishHosts():
                _find(action.group).sandbox_hosts = action.hosts
                send(self._record, action.data)


def _wake_after_health_change(event: Event) -> None:
    if event.detail_type == HEALTH_CHANGE:
        context().wake(NAME)


# ---- reading moto ------------------------------------------------------------------------------------------------------------------------


def _find(arn: str | None) -> Any:
    """The target group, or None. Makes no backend."""
    if arn is None:
        return None
    scope = scope_of(arn)
    backend = elbv2_backends.get(scope.account, {}).get(scope.region)
    return backend.target_groups.get(arn) if backend else None


def _balancers() -> Iterator[Balancer]:
    """With what belongs to each: a target group to the first that sends to it."""
    for _, backend in backends():
        ends = {arn: list(balancer.listeners) for arn, balancer in backend.load_balancers.items()}
        for group in backend.target_groups:
            for first in backend.balancers_using(group)[:1]:
                ends[first.arn].append(group)
        yield from (Balancer(arn=arn, ends=tuple(found)) for arn, found in ends.items())


def _groups(scope: Scope) -> Iterator[Group]:
    backend = elbv2_backends[scope.account][scope.region]
    for group in backend.target_groups.values():
        balancers = tuple(balancer.arn for balancer in backend.balancers_using(group.arn)) if group.health_check_enabled else ()
        if balancers:
            known = getattr(group, "sandbox_hosts", Hosts())
            yield Group(arn=group.arn, load_balancers=balancers, targets=_targets(group), hosts=known)


def _targets(group: Any) -> tuple[tuple[str | None, TargetState], ...]:
    """Zone and state of each registered target."""
    ec2 = _ec2(group.arn)
    reservations = ec2.reservations.values() if ec2 else ()
    zones = {instance.id: instance.placement.zone for reservation in reservations for instance in reservation.instances}
    return tuple((target.zone or zones.get(key.id), target.health.state) for key, target in group.sandbox.targets.items())


def _divisors(arn: str, targets: tuple[tuple[str | None, TargetState], ...]) -> Iterator[tuple[tuple[str, str | None], int]]:
    """LBM-3: healthy targets, or registered ones where none is healthy; of the group and of each zone."""
    for place in {None, *(zone for zone, _ in targets)}:
        states = [state for zone, state in targets if place in (None, zone) and state in REGISTERED]
        yield (arn, place), states.count(TargetState.HEALTHY) or len(states)


def _zones(kinds: Iterable[Kind]) -> dict[tuple[str, str], str]:
    """The zone of each target, by the subnet of its address: known for instances that are gone as well."""
    asked = {(kind.target_group, kind.target) for kind in kinds if kind.target_group and kind.target}
    return {(arn, target): zone for arn, target in asked if (zone := _zone(arn, target.rpartition(":")[0]))}


def _zone(arn: str, address: str) -> str | None:
    group, ec2 = _find(arn), _ec2(arn)
    try:
        at = ip_address(address)
    except ValueError:
        return None
    for zonal in ec2.subnets.values() if group and ec2 else ():
        for subnet in zonal.values():
            if subnet.vpc_id == group.vpc_id and at in ip_network(subnet.cidr_block):
                return str(subnet.availability_zone)
    return None


def _ec2(arn: str) -> Any:
    scope = scope_of(arn)
    return ec2_backends.get(scope.account, {}).get(scope.region)
