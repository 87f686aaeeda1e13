"""Configures the load balancers' proxy: one key, because there is one proxy. decide/routing.py makes the configuration.

controller.py runs it in the same reconcile that changes a target's health, so a failed target receives no requests milliseconds later.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.drivers.proxy.base import Proxy
from sandbox.drivers.runtime.base import Runtime
from sandbox.services.elbv2.actions import ActivateLoadBalancer, ApplyConfig
from sandbox.services.elbv2.decide import routing
from sandbox.services.elbv2.decide.routing import ObservedRouting, RoutingMemory
from sandbox.services.elbv2.state import snapshot, writes

ROUTING = Scope("-", "-").key("routing")
TARGET_GROUPS = "elbv2"  # controller.py's name


class RoutingController(Shell[ObservedRouting, RoutingMemory]):
    name = "elbv2-routing"

    def __init__(self, journal: Journal, proxy: Proxy, runtime: Runtime) -> None:
        super().__init__(journal)
        self._proxy, self._runtime = proxy, runtime

    def keys(self) -> Iterable[str]:
        return (ROUTING,)

    def observe(self, key: str, now: datetime) -> ObservedRouting:
        return snapshot.observe_routing(self._runtime.endpoint, self._proxy.problems())

    def decide(self, observed: ObservedRouting, memory: RoutingMemory | None, now: datetime) -> Decision[RoutingMemory]:
        return routing.decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        match action:
            case ApplyConfig():
                self._proxy.apply(action.config)
            case ActivateLoadBalancer():
                writes.activate(action.arn)
                context().wake(TARGET_GROUPS)  # its target groups are now in use

    def update(self, now: datetime) -> None:
        """Updates the proxy's configuration at once, with the target health that is stored now."""
        self.reconcile(ROUTING, now)
