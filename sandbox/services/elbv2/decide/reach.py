"""Which nodes of a load balancer its targets are judged by, when security groups or network ACLs admit some and others not: pure (SG-8).

The nodes that clients reach count; if they reach none, all do. A target that none of these nodes reaches gets no answer to requests and
health checks. Where packets are filtered (docker runtime), each connection is judged by itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerNode:
    zone: str
    address: IPv4Address
    listens: frozenset[int] = frozenset()  # ports
    refuses: frozenset[int] = frozenset()  # those of them at which clients get no answer

    @property
    def dark(self) -> bool:
        return bool(self.listens) and self.listens == self.refuses


def senders(nodes: Iterable[BalancerNode], zone: str | None = None) -> Sequence[IPv4Address]:
    """`zone`: of a target that only the node of its own zone sends requests to; None: every node does."""
    ours = [node for node in nodes if zone is None or node.zone == zone]
    lit = [node for node in ours if not node.dark]
    return [node.address for node in lit or ours]
