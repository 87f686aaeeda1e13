"""The loop that keeps the firewall as the API says: one key, because security groups refer to each other's members.

It compares the whole policy with the one in force after each API call, so it is right after a restart or a missed wake-up. Load balancers
follow: services/elbv2 reads the policy in force from the same driver.
"""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.drivers.firewall.base import Firewall
from sandbox.drivers.firewall.policy import Connection
from sandbox.services.ec2.actions import ApplyPolicy
from sandbox.services.ec2.decide import firewall as decisions
from sandbox.services.ec2.decide.firewall import FirewallMemory, ObservedFirewall
from sandbox.services.ec2.state import firewall as state

POLICY = Scope("-", "-").key("policy")
NAME = "ec2-firewall"
MOST_WAITING = 1000  # dropped connections that have not been looked at; more are not remembered


class FirewallController(Shell[ObservedFirewall, FirewallMemory]):
    name = NAME

    def __init__(self, journal: Journal, firewall: Firewall) -> None:
        super().__init__(journal)
        self._firewall = firewall
        self._lock = threading.Lock()
        self._dropped: list[Connection] = []
        firewall.on_drop(self._on_drop)

    def keys(self) -> Iterable[str]:
        return (POLICY,)

    def observe(self, key: str, now: datetime) -> ObservedFirewall:
        with self._lock:
            dropped, self._dropped = tuple(self._dropped), []
        wanted = state.policy()
        named = [*(group.group_id for group in wanted.groups), *(acl.acl_id for acl in wanted.acls)] if dropped else []
        return ObservedFirewall(
            wanted=wanted,
            in_force=self._firewall.in_force(),
            unavailable=self._firewall.available(),
            dropped=dropped,
            causes={each: event for each in named if (event := self.journal.latest(each))},
        )

    def decide(self, observed: ObservedFirewall, memory: FirewallMemory | None, now: datetime) -> Decision[FirewallMemory]:
        return decisions.decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        match action:
            case ApplyPolicy():
                self._firewall.apply(action.policy)

    def _on_drop(self, dropped: Sequence[Connection]) -> None:
        """The driver's thread calls it."""
        with self._lock:
            self._dropped = [*self._dropped, *dropped][:MOST_WAITING]
        context().wake(NAME, POLICY)
