"""The loop of target health: one key for each target group. decide/target_groups.py judges the results of health checks.

A change of health and the proxy's configuration go out in the same reconcile (routing_controller.py), so requests to a target stop within
milliseconds of the verdict.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.drivers.probe.base import Prober
from sandbox.drivers.proxy.base import Proxy
from sandbox.drivers.runtime.base import Runtime
from sandbox.services.elbv2.actions import CutConnections, ForgetProbe, RemoveTarget, SetHealth, StartProbe, UpdateRouting
from sandbox.services.elbv2.decide import target_groups
from sandbox.services.elbv2.model import HEALTH_CHANGE, Memory, Observed, TargetKey, group_of, probe_key, registration
from sandbox.services.elbv2.routing_controller import RoutingController
from sandbox.services.elbv2.state import snapshot, writes

NAME = "elbv2"
INSTANCE_CHANGE = "EC2 Instance State-change Notification"  # EC2-19


class Elbv2Controller(Shell[Observed, Memory]):
    name = NAME

    def __init__(self, journal: Journal, prober: Prober, proxy: Proxy, runtime: Runtime, routing: RoutingController) -> None:
        super().__init__(journal)
        self._prober, self._proxy, self._routing = prober, proxy, routing
        self._sources = snapshot.Sources(endpoint=runtime.endpoint, result=prober.latest, cause=self._cause)
        self._arns: dict[str, str] = {}  # key → ARN of the group seen last under it
        prober.on_result(_wake_target_group)
        journal.on_event(_wake_after_instance_change)

    def keys(self) -> Iterable[str]:
        return tuple(snapshot.target_group_keys())

    def observe(self, key: str, now: datetime) -> Observed | None:
        scope, name = Scope.split(key)
        observed = snapshot.observe_target_group(scope, name, self._sources)
        if observed is None or self._arns.get(key, observed.arn) != observed.arn:
            self._forget(key)
        if observed is not None:
            self._arns[key] = observed.arn
        return observed

    def _forget(self, key: str) -> None:
        """The group is gone, or another one with its name exists."""
        memory, arn = self._memory.pop(key, None), self._arns.pop(key, None)
        if memory is not None and arn:
            for target in memory.checks:
                self._prober.forget(probe_key(arn, target))

    def _cause(self, group_name: str, target: TargetKey) -> str | None:
        """The newer of two events: the last one about the target here, and the last thing that was done to its instance. What other
        services concluded does not count: a passed status check or a group's health verdict does not bring an application down."""
        event = self.journal.get(self.journal.latest(target.id) or "")
        while event is not None and not _acts_on_target(event):
            event = self.journal.get(event.cause or "")
        recorded_here = self.journal.latest(registration(group_name, target))
        return _newest([event.id if event else None, recorded_here]) or self.journal.latest(group_name)

    def decide(self, observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
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
            case CutConnections():
                self._proxy.close_connections(action.host, action.port)
            case UpdateRouting():
                self._routing.update(now)


def _acts_on_target(event: Event) -> bool:
    return event.detail_type in (HEALTH_CHANGE, INSTANCE_CHANGE) or not event.source.startswith("aws.")


def _newest(ids: Sequence[str | None]) -> str | None:
    return max((each for each in ids if each), key=lambda each: int(each[1:]), default=None)


def _wake_target_group(probe: str) -> None:
    account, region, name = group_of(probe)
    context().wake(NAME, Scope(account, region).key(name))


def _wake_after_instance_change(event: Event) -> None:
    if event.detail_type == INSTANCE_CHANGE:
        context().wake(NAME)
