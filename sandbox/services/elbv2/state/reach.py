"""What load balancers reach, and who reaches them, by the security groups and network ACLs that are in force (SG-8). Reads only."""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address
from typing import Any

from sandbox.aws.context import context
from sandbox.drivers.firewall.base import Firewall, admitted
from sandbox.drivers.firewall.policy import Connection, Explanation
from sandbox.services.elbv2.decide.reach import BalancerNode, senders
from sandbox.services.elbv2.decide.zones import is_cross_zone
from sandbox.services.elbv2.state import interfaces

Endpoint = tuple[str, int]


class Reach:
    """`connect`: Runtime.endpoint: private address and port → host and port at which they can be reached."""

    def __init__(self, connect: Callable[[str, int], Endpoint], firewall: Firewall) -> None:
        self.connect, self._firewall = connect, firewall

    def nodes(self, ec2: Any | None, balancers: Iterable[Any]) -> tuple[BalancerNode, ...]:
        return tuple(self._node(each, subnet, at) for each in balancers for subnet, at in self._addresses(ec2, each))

    def endpoint(self, nodes: Sequence[BalancerNode], group: Any, zone: str | None, to: tuple[str, int]) -> Endpoint:
        """Where the load balancer connects to reach a target at a private address and port."""
        at = self.connect(*to)
        sources = _senders(nodes, group, zone)
        return self._firewall.endpoint(sources, _connection(sources[0], to), at) if sources else at

    def refusal(self, nodes: Sequence[BalancerNode], group: Any, zone: str | None, to: tuple[str, int]) -> tuple[Explanation, ...]:
        """Why no node that counts reaches the target; empty: one does."""
        policy, sources = self._firewall.in_force(), _senders(nodes, group, zone)
        if policy is None or not sources or admitted(policy, sources, _connection(sources[0], to)):
            return ()
        return policy.verdict(_connection(sources[0], to)).explanations

    def checked_from(self, nodes: Sequence[BalancerNode], group: Any, zone: str | None) -> str | None:
        """The address that health checks of a target come from (ALB-61): of the nodes that count, the one in its zone if there is one."""
        sources = _senders(nodes, group, zone)
        here = [node.address for node in nodes if node.zone == zone and node.address in sources]
        return str((here or list(sources))[0]) if sources else None

    def groups(self, address: str) -> tuple[str, ...]:
        """Ids of the security groups of the interface with this private address."""
        policy = self._firewall.in_force()
        interface = policy.interface(IPv4Address(address)) if policy else None
        return interface.groups if interface else ()

    def client_refusal(self, node: IPv4Address, port: int) -> tuple[Explanation, ...]:
        """Why clients on this machine get no answer from a node's listener; empty: they do."""
        policy = self._firewall.in_force()
        client = IPv4Address(context().settings.client_address)
        return policy.verdict(Connection(source=client, destination=node, port=port)).explanations if policy else ()

    def _addresses(self, ec2: Any | None, balancer: Any) -> Iterable[tuple[Any, IPv4Address]]:
        found = interfaces.addresses(ec2, balancer)
        return [(subnet, IPv4Address(found[subnet.id])) for subnet in balancer.subnets if subnet.id in found]

    def _node(self, balancer: Any, subnet: Any, address: IPv4Address) -> BalancerNode:
        ports = frozenset(int(listener.port) for listener in balancer.listeners.values())
        refuses = frozenset(port for port in ports if self.client_refusal(address, port))
        return BalancerNode(zone=str(subnet.availability_zone), address=address, listens=ports, refuses=refuses)


def about(explanations: Iterable[Explanation]) -> str | None:
    """Id of the newest event about a security group or network ACL that did not admit a connection."""
    return newest_of(each for one in explanations for each in one.resources if each.startswith(("sg-", "acl-")))


def newest_of(resources: Iterable[str]) -> str | None:
    journal = context().journal
    return newest([journal.latest(each) for each in resources])


def newest(events: Iterable[str | None]) -> str | None:
    return max((each for each in events if each), key=lambda each: int(each[1:]), default=None)


def _senders(nodes: Sequence[BalancerNode], group: Any, zone: str | None) -> Sequence[IPv4Address]:
    return senders(nodes, None if is_cross_zone(group.attributes) else zone)


def _connection(source: IPv4Address, to: tuple[str, int]) -> Connection:
    return Connection(source=source, destination=IPv4Address(to[0]), port=to[1])
