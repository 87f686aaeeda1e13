"""Configures the load balancers' proxy: one key, because there is one proxy. decide/routing.py makes the configuration.

controller.py runs it in the same reconcile that changes a target's health, so a failed target receives no requests milliseconds later.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.identity.owner import NOBODY, working_for
from sandbox.core.journal import Journal
from sandbox.drivers.names.base import Names
from sandbox.drivers.proxy.base import Proxy
from sandbox.services.elbv2.actions import ActivateLoadBalancer, ApplyConfig, MakeInterfaces, PublishNames
from sandbox.services.elbv2.decide import routing
from sandbox.services.elbv2.decide.routing import ObservedRouting, RoutingMemory
from sandbox.services.elbv2.state import snapshot, writes
from sandbox.services.elbv2.state.reach import Reach

ROUTING = Scope("-", "-").key("routing")
NAME = "elbv2-routing"
SERVICE = "elbv2"
AT_ONCE = 100  # target groups whose configuration is made in a few milliseconds
TARGET_GROUPS = "elbv2"  # controller.py's name
FAULTS, ZONAL_SHIFTS = "sandbox.faults", "aws.arc-zonal-shift"  # sources of events


class RoutingController(Shell[ObservedRouting, RoutingMemory]):
    name = NAME

    def __init__(self, journal: Journal, proxy: Proxy, reach: Reach, names: Names) -> None:
        super().__init__(journal)
        self._proxy, self._reach, self._names = proxy, reach, names
        self._target_groups = 0  # at the last observation
        journal.on_event(_wake_after_fault_or_shift)

    def keys(self) -> Iterable[str]:
        return (ROUTING,)

    def observe(self, key: str, now: datetime) -> ObservedRouting:
        observed = snapshot.observe_routing(self._reach, self._proxy.problems())
        self._target_groups = len(observed.target_groups)
        return observed

    def decide(self, observed: ObservedRouting, memory: RoutingMemory | None, now: datetime) -> Decision[RoutingMemory]:
        return routing.decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        match action:
            case ApplyConfig():
                self._proxy.apply(action.config)
            case PublishNames():
                self._names.publish(SERVICE, action.published)
            case MakeInterfaces():
                writes.make_interfaces(action.arn)
                context().wake(NAME, ROUTING)
            case ActivateLoadBalancer():
                writes.activate(action.arn)
                context().wake(TARGET_GROUPS)  # its target groups are now in use

    def update(self, now: datetime) -> None:
        """Updates the proxy's configuration at once, with the target health that is stored now. With very many target groups, once for all
        that change at the same time: as soon as the other keys that are due have run."""
        if self._target_groups > AT_ONCE:
            context().wake(NAME, ROUTING)
        else:
            with working_for(NOBODY):  # and not for the account whose target changed
                self.reconcile(ROUTING, now)


def _wake_after_fault_or_shift(event: Event) -> None:
    if event.source in (FAULTS, ZONAL_SHIFTS):
        context().wake(NAME, ROUTING)
