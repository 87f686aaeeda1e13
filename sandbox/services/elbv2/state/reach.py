"""What load balancers reach, and who reaches them, by the security groups and network ACLs that are in force (SG-8). Reads only."""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address
from typing import Any

from sandbox.aws.context import context
from sandbox.drivers.addresses import ipv4
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

    def of(self, nodes: Sequence[BalancerNode], group: Any) -> "Paths":
        return Paths(self, self._firewall, nodes, group)

    def groups(self, address: str) -> tuple[str, ...]:
        """Ids of the security groups of the interface with this private address."""
        policy = self._firewall.in_force()
        interface = policy.interface(ipv4(address)) if policy else None
        return interface.groups if interface else ()

    def client_refusal(self, node: IPv4Address, port: int) -> tuple[Explanation, ...]:
        """Why clients on this machine get no answer from a node's listener; empty: they do."""
        policy = self._firewall.in_force()
        client = ipv4(context().settings.client_address)
        return policy.verdict(Connection(source=client, destination=node, port=port)).explanations if policy else ()

    def _addresses(self, ec2: Any | None, balancer: Any) -> Iterable[tuple[Any, IPv4Address]]:
        found = interfaces.addresses(ec2, balancer)
        return [(subnet, ipv4(found[subnet.id])) for subnet in balancer.subnets if subnet.id in found]

    def _node(self, balancer: Any, subnet: Any, address: IPv4Address) -> BalancerNode:
        ports = frozenset(int(listener.port) for listener in balancer.listeners.values())
        refuses = frozenset(port for port in ports if self.client_refusal(address, port))
        return BalancerNode(zone=str(subnet.availability_zone), address=address, listens=ports, refuses=refuses)


class Paths:
    """The paths from the nodes of its load balancers to the targets of one target group, at one moment."""

    def __init__(self, reach: Reach, firewall: Firewall, nodes: Sequence[BalancerNode], group: Any) -> None:
        self._connect, self._firewall, self._nodes = reach.connect, firewall, nodes
        self._policy = firewall.in_force()
        self._cross_zone = is_cross_zone(group.attributes)
        self._senders: dict[str | None, Sequence[IPv4Address]] = {}  # by zone of the target; None: of every zone

    def endpoint(self, zone: str | None, to: Endpoint) -> Endpoint:
        """Where the load balancer connects to reach a target at a private address and port."""
        at, sources = self._connect(*to), self._sources(zone)
        return self._firewall.endpoint(sources, _connection(sources[0], to), at) if sources else at

    def refusal(self, zone: str | None, to: Endpoint) -> tuple[Explanation, ...]:
        """Why no node that counts reaches the target; empty: one does."""
        policy, sources = self._policy, self._sources(zone)
        if policy is None or not sources or admitted(policy, sources, _connection(sources[0], to)):
            return ()
        return policy.verdict(_connection(sources[0], to)).explanations

    def checked_from(self, zone: str | None) -> str | None:
        """The address that health checks of a target come from (ALB-61): of the nodes that count, the one in its zone if there is one."""
        sources = self._sources(zone)
        here = (node.address for node in self._nodes if node.zone == zone and node.address in sources)
        return str(next(here, sources[0])) if sources else None

    def _sources(self, zone: str | None) -> Sequence[IPv4Address]:
        counted = None if self._cross_zone else zone
        found = self._senders.get(counted)
        if found is None:
            found = self._senders[counted] = senders(self._nodes, counted)
        return found


def about(explanations: Iterable[Explanation]) -> str | None:
    """Id of the newest event about a security group or network ACL that did not admit a connection."""
    return newest_of(each for one in explanations for each in one.resources if each.startswith(("sg-", "acl-")))


def newest_of(resources: Iterable[str]) -> str | None:
    journal = context().journal
    return newest([journal.latest(each) for each in resources])


def newest(events: Iterable[str | None]) -> str | None:
    found = [each for each in events if each]
    return max(found, key=_number) if len(found) > 1 else next(iter(found), None)


def _number(event_id: str) -> int:
    return int(event_id[1:])


def _connection(source: IPv4Address, to: tuple[str, int]) -> Connection:
    return Connection(source=source, destination=ipv4(to[0]), port=to[1])
