"""The ELBv2 controller: one key for each target group (its health checks), and one for the whole routing (what the proxy is told).

A change of health and the proxy's configuration go out in the same reconcile, so requests stop within milliseconds of the verdict.
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
from sandbox.services.elbv2.decide import routing, target_groups
from sandbox.services.elbv2.decide.routing import ActivateLoadBalancer, ApplyConfig, Picture, RoutingMemory
from sandbox.services.elbv2.model import (
    HEALTH_CHANGE,
    CutConnections,
    ForgetProbe,
    Memory,
    Observed,
    RemoveTarget,
    SetHealth,
    StartProbe,
    TargetKey,
    UpdateRouting,
    group_of,
    probe_key,
    registration,
)
from sandbox.services.elbv2.state import snapshot

NAME = "elbv2"
ROUTING = Scope("-", "-").key("routing")
INSTANCE_CHANGE = "EC2 Instance State-change Notification"  # EC2-19


class Elbv2Controller(Shell[Observed | Picture, Memory | RoutingMemory]):
    name = NAME

    def __init__(self, journal: Journal, prober: Prober, proxy: Proxy, runtime: Runtime) -> None:
        super().__init__(journal)
        self._prober, self._proxy = prober, proxy
        self._world = snapshot.World(endpoint=runtime.endpoint, result=prober.latest, cause=self._cause)
        self._arns: dict[str, str] = {}  # key → ARN of the group seen last under it
        prober.on_result(_wake_target_group)
        journal.on_event(_wake_after_instance_change)

    def keys(self) -> Iterable[str]:
        return [*snapshot.target_group_keys(), ROUTING]

    def observe(self, key: str, now: datetime) -> Observed | Picture | None:
        if key == ROUTING:
            return snapshot.observe_routing(self._world, self._proxy.problems())
        scope, name = Scope.split(key)
        observed = snapshot.observe_target_group(scope, name, self._world)
        if observed is None or self._arns.get(key, observed.arn) != observed.arn:
            self._forget(key)
        if observed is not None:
            self._arns[key] = observed.arn
        return observed

    def _forget(self, key: str) -> None:
        """The group is gone, or another one of its name is there."""
        memory, arn = self._memory.pop(key, None), self._arns.pop(key, None)
        if isinstance(memory, Memory) and arn:
            for target in memory.checks:
                self._prober.forget(probe_key(arn, target))

    def _cause(self, group_name: str, target: TargetKey) -> str | None:
        """The newest of: what was last told of the target here, and what was last done to its instance. Not what others made of it: a
        passed status check and an Auto Scaling group's opinion do not bring an application down."""
        event = self.journal.get(self.journal.latest(target.id) or "")
        while event is not None and not _acts_on_target(event):
            event = self.journal.get(event.cause or "")
        told_here = self.journal.latest(registration(group_name, target))
        return _newest([event.id if event else None, told_here]) or self.journal.latest(group_name)

    def decide(
        self, observed: Observed | Picture, memory: Memory | RoutingMemory | None, now: datetime
    ) -> Decision[Memory | RoutingMemory]:
        decision: Decision[Memory] | Decision[RoutingMemory]
        if isinstance(observed, Picture):
            decision = routing.decide(observed, memory if isinstance(memory, RoutingMemory) else None, now)
        else:
            decision = target_groups.decide(observed, memory if isinstance(memory, Memory) else None, now)
        return Decision(memory=decision.memory, actions=decision.actions, events=decision.events, look_again=decision.look_again)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, name = Scope.split(key)
        match action:
            case StartProbe():
                self._prober.start(action.request)
            case ForgetProbe():
                self._prober.forget(action.key)
            case SetHealth():
                snapshot.set_health(scope, name, action.target, action.health, now)
            case RemoveTarget():
                snapshot.remove_target(scope, name, action.target)
            case CutConnections():
                self._proxy.close_connections(action.host, action.port)
            case UpdateRouting():
                self.reconcile(ROUTING, now)
            case ApplyConfig():
                self._proxy.apply(action.config)
            case ActivateLoadBalancer():
                snapshot.activate(action.arn)
                context().wake(NAME)  # its target groups are in use from now on


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
