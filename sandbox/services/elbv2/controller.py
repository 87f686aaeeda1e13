"""Reconciles target health: one key for each target group. decide/target_groups.py judges the results of health checks.

A change of health updates the proxy's configuration in the same reconcile (routing_controller.py), so a failed target receives no requests
milliseconds later.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.drivers.probe.base import Prober
from sandbox.drivers.proxy.base import Proxy
from sandbox.services.elbv2.actions import CloseConnections, ForgetProbe, RemoveTarget, SetHealth, StartProbe, UpdateRouting
from sandbox.services.elbv2.decide import target_groups
from sandbox.services.elbv2.model import (
    HEALTH_CHANGE,
    Memory,
    ObservedTargetGroup,
    TargetKey,
    of_target_group,
    probe_key,
    target_group_of,
    target_resource,
)
from sandbox.services.elbv2.routing_controller import RoutingController
from sandbox.services.elbv2.state import snapshot, writes
from sandbox.services.elbv2.state.reach import Reach, newest

NAME = "elbv2"
INSTANCE_CHANGE = "EC2 Instance State-change Notification"  # EC2-19


class Elbv2Controller(Shell[ObservedTargetGroup, Memory]):
    name = NAME

    def __init__(self, journal: Journal, prober: Prober, proxy: Proxy, reach: Reach, routing: RoutingController) -> None:
        super().__init__(journal)
        self._prober, self._proxy, self._routing = prober, proxy, routing
        self._sources = snapshot.Sources(reach=reach, result=prober.latest, cause=self._cause)
        self._arns: dict[str, str] = {}  # key → ARN of the target group that was last observed under it
        prober.on_result(_wake_target_group)
        journal.on_event(_wake_after_instance_change)

    def keys(self) -> Iterable[str]:
        return tuple(snapshot.target_group_keys())

    def observe(self, key: str, now: datetime) -> ObservedTargetGroup | None:
        scope, name = Scope.split(key)
        observed = snapshot.observe_target_group(scope, name, self._sources)
        if observed is None or self._arns.get(key, observed.arn) != observed.arn:
            self._forget(key)
        if observed is not None:
            self._arns[key] = observed.arn
        return observed

    def _forget(self, key: str) -> None:
        """The target group was deleted, or another one has its name."""
        memory, arn = self._memory.pop(key, None), self._arns.pop(key, None)
        if memory is not None and arn:
            for target in memory.checks:
                self._prober.forget(probe_key(arn, target))

    def _cause(self, group_name: str, target: TargetKey) -> str | None:
        """The newer of two events: the last one about this target, and the last one that acted on its instance. Conclusions of other
        services do not count: a passed status check, or an Auto Scaling health status, does not stop an application."""
        event = self.journal.get(self.journal.latest(target.id) or "")
        while event is not None and not _acts_on_target(event):
            event = self.journal.get(event.cause or "")
        about_target = self.journal.latest(target_resource(group_name, target))
        return newest([event.id if event else None, about_target]) or self.journal.latest(group_name)

    def decide(self, observed: ObservedTargetGroup, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return target_groups.decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, name = Scope.split(key)
        match action:
            case StartProbe():
                self._prober.start(action.request)
            case ForgetProbe():
                self._prober.forget(action.key)
            case SetHealth():
                writes.set_health(scope, name, action.target, action.health, now)
            case RemoveTarget():
                writes.remove_target(scope, name, action.target)
            case CloseConnections():
                self._proxy.close_connections(action.host, action.port)
            case UpdateRouting():
                self._routing.update(now)


def _acts_on_target(event: Event) -> bool:
    return event.detail_type in (HEALTH_CHANGE, INSTANCE_CHANGE) or not event.source.startswith("aws.")


def _wake_target_group(probe: str) -> None:
    if not of_target_group(probe):
        return  # of an application status check
    account, region, name = target_group_of(probe)
    context().wake(NAME, Scope(account, region).key(name))


def _wake_after_instance_change(event: Event) -> None:
    if event.detail_type == INSTANCE_CHANGE:
        context().wake(NAME)
