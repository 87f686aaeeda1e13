"""The firewall: puts a `Policy` (policy.py) in force between instances, load balancers and the rest of the network. nft.py does it with the
packet filter of the VPC router, loopback.py for what the load balancer and the health checks send to processes, simulated.py in the
simulated world; one contract suite for all (tests/contract/test_firewall.py).

The policy is a value. `apply` takes all of it and returns at once. It survives the control plane: connections go on as the last policy
admits them, and those that are established go on when a rule that admitted them is gone (SG-4).
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import Protocol

from sandbox.drivers.firewall.policy import Connection, Policy

Address = tuple[str, int]
"""Host and port."""

Drops = Callable[[Sequence[Connection]], None]


class Firewall(Protocol):
    def apply(self, policy: Policy) -> None:
        """Exactly this policy is in force soon (`in_force`). Idempotent."""
        ...

    def in_force(self) -> Policy | None:
        """The policy that was carried out last, as read back. None: none since this control plane started. No I/O."""
        ...

    def on_change(self, callback: Callable[[], None]) -> None:
        """Called when `in_force()` has changed."""
        ...

    def on_drop(self, callback: Drops) -> None:
        """Called with connections whose packets were dropped: a sample, each at most once a minute. Never called by an implementation that
        cannot see packets."""
        ...

    def endpoint(self, sources: Sequence[IPv4Address], to: Connection, at: Address) -> Address:
        """Where the load balancer and the health checks connect, to reach a target that listens at `at`. `sources`: the addresses of the
        load balancer's nodes; `to`: any of their connections to the target.

        `at` itself where packets are filtered; otherwise a place where connections time out, if no source is admitted."""
        ...

    def available(self) -> str | None:
        """None when policies are carried out, else one sentence why not."""
        ...

    def close(self) -> None:
        """Stops work. The policy stays in force."""
        ...


def admitted(policy: Policy | None, sources: Sequence[IPv4Address], to: Connection) -> bool:
    """Whether one of the sources may connect. True as long as there is no policy, or no source is known."""
    if policy is None or not sources:
        return True
    return any(_verdict(policy, source, to) for source in sources)


def _verdict(policy: Policy, source: IPv4Address, to: Connection) -> bool:
    same = source is to.source
    asked = to if same else Connection(source=source, destination=to.destination, protocol=to.protocol, port=to.port)
    return policy.verdict(asked).allowed
