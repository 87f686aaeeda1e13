"""The policy of the firewall, as moto's objects say it now: security groups, prefix lists, network interfaces with their groups, subnets
with their network ACLs (SG-1 to SG-8) and their routes to other VPCs (SG-11). Of all accounts and Regions. Reads only.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends

from sandbox.aws.backends import walk
from sandbox.aws.context import context
from sandbox.drivers.firewall.policy import ALL, AclEntry, Interface, NetworkAcl, Permission, Policy, SecurityGroup, Subnet, Traffic
from sandbox.services.ec2.state.networks import route_table

LOAD_BALANCERS = "amazon-elb"  # the requester of their interfaces (ALB-60)
NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp"}
ANY = -1  # of ICMP: every type, every code; of ports: all


def policy() -> Policy:
    backends = [backend for _, backend in walk(ec2_backends)]
    return Policy(
        interfaces=tuple(each for backend in backends for each in _interfaces(backend)),
        groups=tuple(_group(each, backend) for backend in backends for each in _security_groups(backend)),
        subnets=tuple(each for backend in backends for each in _subnets(backend)),
        acls=tuple(_acl(each) for backend in backends for each in backend.network_acls.values()),
        clients=(IPv4Address(context().settings.client_address),),
    )


# ---- interfaces and subnets ------------------------------------------------------------------------------------------------------------


def _interfaces(backend: Any) -> Iterator[Interface]:
    for eni in backend.enis.values():
        if eni.private_ip_address:
            balancer = eni.requester_id == LOAD_BALANCERS
            owner = eni.description.removeprefix("ELB ") if balancer else getattr(eni.instance, "id", "")
            yield Interface(
                interface_id=eni.id,
                address=IPv4Address(eni.private_ip_address),
                subnet=eni.subnet.id,
                groups=tuple(sorted({group.id for group in eni.group_set})),
                owner=owner,
                in_router=balancer,
            )


def _subnets(backend: Any) -> Iterator[Subnet]:
    acls = {one.subnet_id: acl.id for acl in backend.network_acls.values() for one in acl.associations}
    for zones in backend.subnets.values():
        for subnet in zones.values():
            table = route_table(backend, subnet)
            yield Subnet(
                subnet_id=subnet.id,
                network=IPv4Network(subnet.cidr_block),
                acl=acls.get(subnet.id),
                vpc=subnet.vpc_id,
                route_table=table.id if table else "",
                reaches=tuple(_to_other_vpcs(table)) if table else (),
            )


def _to_other_vpcs(table: Any) -> Iterator[IPv4Network]:
    """Where routes to active peering connections and to transit gateways lead."""
    for route in table.routes:
        peering = route.vpc_pcx
        if route.destination_cidr_block and (route.transit_gateway or (peering and peering.status["Code"] == "active")):
            yield IPv4Network(route.destination_cidr_block, strict=False)


# ---- security groups -----------------------------------------------------------------------------------------------------------------


def _security_groups(backend: Any) -> Iterator[Any]:
    for groups in backend.groups.values():
        yield from groups.values()


def _group(group: Any, backend: Any) -> SecurityGroup:
    return SecurityGroup(
        group_id=group.id,
        ingress=tuple(_permissions(group.ingress_rules, backend)),
        egress=tuple(_permissions(group.egress_rules, backend)),
    )


def _permissions(rules: list[Any], backend: Any) -> Iterator[Permission]:
    for rule in rules:
        traffic = _traffic(str(rule.ip_protocol), rule.from_port, rule.to_port)
        if group_id := rule.source_group.get("GroupId"):
            yield Permission(rule_id=rule.id, traffic=traffic, group=group_id)
        elif rule.prefix_list_id:
            yield Permission(rule_id=rule.id, traffic=traffic, networks=_entries(backend.managed_prefix_lists.get(rule.prefix_list_id)))
        elif block := rule.ip_range.get("CidrIp"):
            yield Permission(rule_id=rule.id, traffic=traffic, networks=(IPv4Network(block, strict=False),))


def _entries(prefix_list: Any | None) -> tuple[IPv4Network, ...]:
    """Of the list's current version."""
    entries = prefix_list.entries.get(prefix_list.version) or [] if prefix_list else []
    return tuple(IPv4Network(entry["Cidr"], strict=False) for entry in entries if ":" not in entry["Cidr"])


def _traffic(protocol: str, first: Any, last: Any) -> Traffic:
    """`first` and `last`: ports, or type and code of ICMP. AWS ignores them for all other protocols."""
    name = NUMBERS.get(protocol, protocol)
    if name not in ("tcp", "udp", "icmp") or first is None or int(first) == ANY:
        return Traffic(protocol=name)
    if name == "icmp":
        return Traffic(protocol=name, first=int(first), last=None if last is None or int(last) == ANY else int(last))
    return Traffic(protocol=name, first=int(first), last=int(last))


# ---- network ACLs ----------------------------------------------------------------------------------------------------------------------


def _acl(acl: Any) -> NetworkAcl:
    entries = sorted((entry for entry in acl.network_acl_entries if entry.cidr_block), key=lambda entry: int(entry.rule_number))
    return NetworkAcl(
        acl_id=acl.id,
        ingress=tuple(_entry(each) for each in entries if not _is_egress(each)),
        egress=tuple(_entry(each) for each in entries if _is_egress(each)),
    )


def _is_egress(entry: Any) -> bool:
    return str(entry.egress).lower() == "true"


def _entry(entry: Any) -> AclEntry:
    icmp = str(entry.protocol) in ("1", "icmp")
    first, last = (entry.icmp_type, entry.icmp_code) if icmp else (entry.port_range_from, entry.port_range_to)
    return AclEntry(
        number=int(entry.rule_number),
        traffic=Traffic() if str(entry.protocol) == ALL else _traffic(str(entry.protocol), first, last),
        network=IPv4Network(entry.cidr_block, strict=False),
        allow=entry.rule_action == "allow",
    )
