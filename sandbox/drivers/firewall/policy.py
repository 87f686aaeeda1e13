"""Which connections security groups, network ACLs and routes admit, as one value: interfaces with their groups, subnets with their network
ACLs and their routes to other VPCs.

`Policy.verdict` is pure and the one source of truth (SG-1 to SG-8, SG-11): the packet filter is rendered from the same value (ruleset.py),
the simulated and the process runtime ask it, and `sandbox explain` repeats its explanations in the words of Reachability Analyzer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

ALL = "-1"  # every protocol
EVERYWHERE = IPv4Network("0.0.0.0/0")
EPHEMERAL = (32768, 60999)  # source ports of a Linux client: the first and the last
UNFILTERED = IPv4Network("169.254.0.0/16")  # metadata service and DNS resolver: no group and no network ACL filters them (SG-7)
GROUPS_MISMATCH, ACL_RESTRICTION = "ENI_SG_RULES_MISMATCH", "SUBNET_ACL_RESTRICTION"  # Reachability Analyzer's codes
NO_ROUTE = "NO_ROUTE_TO_DESTINATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a rule is about. `first` and `last`: ports; of ICMP the type and the code. None: all of them."""

    protocol: str = ALL  # "tcp" | "udp" | "icmp" | "-1" | a protocol number
    first: int | None = None
    last: int | None = None

    def covers(self, protocol: str, port: int | None) -> bool:
        """`port`: of the destination; of ICMP the type."""
        if self.protocol not in (ALL, protocol):
            return False
        if self.first is None or self.protocol == ALL:
            return True
        if protocol == "icmp":
            return port is None or port == self.first
        return port is not None and self.first <= port <= (self.first if self.last is None else self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One rule of a security group: it admits this traffic from (ingress) or to (egress) its peers."""

    rule_id: str  # "sgr-…"
    traffic: Traffic
    networks: tuple[IPv4Network, ...] = ()  # a CIDR block, or the entries of a prefix list
    group: str | None = None  # a security group: the addresses of its interfaces


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    group_id: str
    ingress: tuple[Permission, ...] = ()
    egress: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AclEntry:
    number: int
    traffic: Traffic
    network: IPv4Network
    allow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAcl:
    """Entries in the order of their numbers; what none covers is denied."""

    acl_id: str
    ingress: tuple[AclEntry, ...] = ()
    egress: tuple[AclEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    subnet_id: str
    network: IPv4Network
    acl: str | None = None  # id of its network ACL; None: it has none, and everything passes
    vpc: str = ""
    route_table: str = ""
    reaches: tuple[IPv4Network, ...] = ()  # where its routes to other VPCs lead


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    interface_id: str  # "eni-…"
    address: IPv4Address
    subnet: str
    groups: tuple[str, ...]
    owner: str = ""  # "i-…", or "app/<name>/<id>" of a load balancer
    in_router: bool = False  # a node of a load balancer: its packets begin and end in the VPC router


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a connection goes. `port` None: of all ports, or a protocol without ports."""

    source: IPv4Address
    destination: IPv4Address
    protocol: str = "tcp"
    port: int | None = None

    def __str__(self) -> str:
        port = "" if self.port is None else f" port {self.port}"
        return f"{self.protocol}{port} from {self.source} to {self.destination}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a connection is not admitted."""

    code: str
    component: str  # "eni-…", or "acl-…"
    direction: str  # "ingress" | "egress"
    text: str
    resources: tuple[str, ...] = ()  # ids that it is about

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    explanations: tuple[Explanation, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.explanations


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Equal policies render equal packet filters, whatever the order in which their parts were given."""

    interfaces: tuple[Interface, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    acls: tuple[NetworkAcl, ...] = ()
    clients: tuple[IPv4Address, ...] = ()  # stand-in addresses of this machine's clients, whose packets come from the VPC router
    _decided: dict[Connection, Verdict] = field(default_factory=dict, init=False, repr=False, compare=False)

    def verdict(self, connection: Connection) -> Verdict:
        """Whether a new connection is admitted both ways: groups are stateful, network ACLs are not (SG-1, SG-5)."""
        known = self._decided.get(connection)
        if known is None:
            known = self._decided[connection] = Verdict(explanations=tuple(self._refusals(connection)))
        return known

    def interface(self, address: IPv4Address) -> Interface | None:
        return self._by_address.get(address)

    def members(self, group_id: str) -> frozenset[IPv4Address]:
        return self._members.get(group_id, frozenset())

    def _refusals(self, connection: Connection) -> Iterator[Explanation]:
        source, destination = connection.source, connection.destination
        if source == destination or destination in UNFILTERED:
            return
        sender, receiver = self.interface(source), self.interface(destination)
        if sender and receiver:
            yield from self._by_routes(sender, receiver)
        if sender and (refused := self._by_groups(sender, connection, "egress")):
            yield refused
        for place, packet in self._crossings(connection, sender, receiver):
            if refused := self._by_acl(place, packet):
                yield refused
        if receiver and (refused := self._by_groups(receiver, connection, "ingress")):
            yield refused

    def has_route(self, source: Subnet, destination: Subnet) -> bool:
        """Within a VPC always. VPCs whose addresses overlap cannot be told apart by them."""
        if source.vpc == destination.vpc or self._overlap(source.vpc, destination.vpc):
            return True
        return any(destination.network.overlaps(each) for each in source.reaches)

    def _overlap(self, one: str, other: str) -> bool:
        (first, last), (others_first, others_last) = self._spans[one], self._spans[other]
        return first <= others_last and others_first <= last

    def _by_routes(self, sender: Interface, receiver: Interface) -> Iterator[Explanation]:
        """Packets need a route, and so do their answers (SG-11)."""
        here, there = self._by_subnet.get(sender.subnet), self._by_subnet.get(receiver.subnet)
        if here is None or there is None:
            return
        for subnet, other, to, direction in ((here, there, receiver, "egress"), (there, here, sender, "ingress")):
            if not self.has_route(subnet, other):
                table = subnet.route_table or "the route table"
                text = f"{table} of {subnet.subnet_id} has no route to {to.address}, which is in another VPC ({other.vpc})."
                resources = tuple(each for each in (subnet.route_table, subnet.subnet_id, sender.owner, receiver.owner) if each)
                yield Explanation(code=NO_ROUTE, component=table, direction=direction, text=text, resources=resources)

    def _by_groups(self, interface: Interface, connection: Connection, direction: str) -> Explanation | None:
        peer = connection.destination if direction == "egress" else connection.source
        for permission in permissions(self, interface.groups, direction):
            if permission.traffic.covers(connection.protocol, connection.port) and self._is_peer(permission, peer):
                return None
        groups = ", ".join(interface.groups) or "none"
        owner = f" of {interface.owner}" if interface.owner else ""
        text = f"None of the {direction} rules in these security groups of {interface.interface_id}{owner} apply to {connection}: {groups}."
        resources = tuple(each for each in (interface.interface_id, interface.owner, *interface.groups) if each)
        return Explanation(code=GROUPS_MISMATCH, component=interface.interface_id, direction=direction, text=text, resources=resources)

    def _is_peer(self, permission: Permission, peer: IPv4Address) -> bool:
        if permission.group is not None:
            return peer in self.members(permission.group)
        return any(peer in network for network in permission.networks)

    def _crossings(
        self, connection: Connection, sender: Interface | None, receiver: Interface | None
    ) -> "Iterator[tuple[_Border, Connection]]":
        """The borders of subnets that the packets of the connection pass, those of its answers too."""
        if sender and receiver and sender.subnet == receiver.subnet:
            return
        source, destination = connection.source, connection.destination
        answers = [
            Connection(source=destination, destination=source, protocol=connection.protocol, port=port) for port in _answered_at(connection)
        ]
        for interface, outgoing in ((sender, True), (receiver, False)):
            if interface is not None and (acl := self._acl_of(interface)):
                yield _Border(acl=acl, subnet=interface.subnet, direction="egress" if outgoing else "ingress"), connection
                for answer in answers:
                    yield _Border(acl=acl, subnet=interface.subnet, direction="ingress" if outgoing else "egress"), answer

    def _by_acl(self, border: "_Border", packet: Connection) -> Explanation | None:
        entries, peer = border.acl.egress, packet.destination
        if border.direction == "ingress":
            entries, peer = border.acl.ingress, packet.source
        matching = (each for each in entries if each.traffic.covers(packet.protocol, packet.port) and peer in each.network)
        found = next(matching, None)
        if found and found.allow:
            return None
        rule = f"its rule {found.number}" if found else "its rule *"
        acl = border.acl.acl_id
        text = f"The network ACL {acl} of {border.subnet} denies {packet} ({border.direction}) by {rule}."
        return Explanation(code=ACL_RESTRICTION, component=acl, direction=border.direction, text=text, resources=(acl, border.subnet))

    def _acl_of(self, interface: Interface) -> NetworkAcl | None:
        subnet = self._by_subnet.get(interface.subnet)
        return self._by_acl_id.get(subnet.acl) if subnet and subnet.acl else None

    @cached_property
    def _by_address(self) -> Mapping[IPv4Address, Interface]:
        return {each.address: each for each in self.interfaces}

    @cached_property
    def _by_subnet(self) -> Mapping[str, Subnet]:
        return {each.subnet_id: each for each in self.subnets}

    @cached_property
    def _spans(self) -> Mapping[str, tuple[IPv4Address, IPv4Address]]:
        """VPC → the first and the last address of its subnets."""
        found: dict[str, tuple[IPv4Address, IPv4Address]] = {}
        for subnet in self.subnets:
            first, last = subnet.network.network_address, subnet.network.broadcast_address
            known = found.get(subnet.vpc, (first, last))
            found[subnet.vpc] = (min(first, known[0]), max(last, known[1]))
        return found

    @cached_property
    def _by_acl_id(self) -> Mapping[str, NetworkAcl]:
        return {each.acl_id: each for each in self.acls}

    @cached_property
    def by_group_id(self) -> Mapping[str, SecurityGroup]:
        return {each.group_id: each for each in self.groups}

    @cached_property
    def _members(self) -> Mapping[str, frozenset[IPv4Address]]:
        found: dict[str, set[IPv4Address]] = {}
        for interface in self.interfaces:
            for group in interface.groups:
                found.setdefault(group, set()).add(interface.address)
        return {group: frozenset(addresses) for group, addresses in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Border:
    """Of a subnet, in one direction as the subnet sees it."""

    acl: NetworkAcl
    subnet: str
    direction: str


def permissions(policy: Policy, groups: Iterable[str], direction: str) -> Iterator[Permission]:
    """The rules of these groups in one direction: together they admit what one of them admits (SG-1)."""
    for group_id in groups:
        group = policy.by_group_id.get(group_id)
        if group is not None:
            yield from group.ingress if direction == "ingress" else group.egress


def _answered_at(connection: Connection) -> tuple[int | None, ...]:
    """The ports that answers go to. A network ACL has to admit all that a client may use: the ends stand for the range."""
    return EPHEMERAL if connection.protocol in ("tcp", "udp") else (None,)
