"""A policy as one AWS account sees it: the same verdicts, and no name of another account's resources. For view.py.

A connection to another account's instance is judged by that account's rules too, so they stay in the policy.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from sandbox.drivers.firewall.policy import Interface, Permission, Policy, SecurityGroup, Subnet

Rename = Callable[[str], str]


def without_foreign_names(policy: Policy, own: Callable[[Interface], bool]) -> Policy:
    """`own`: whether an interface belongs to the account. So do the subnets, VPCs, groups and network ACLs of its interfaces."""
    mine = [each for each in policy.interfaces if own(each)]
    placed = {each.subnet for each in mine}
    subnets = [each for each in policy.subnets if each.subnet_id in placed]
    vpcs = {each.vpc for each in subnets}
    tables = {each.route_table for each in policy.subnets if each.vpc in vpcs}
    group = _rename("security group", (each.group_id for each in policy.groups), {name for each in mine for name in each.groups})
    acl = _rename("network ACL", (each.acl_id for each in policy.acls), {each.acl for each in subnets if each.acl})
    subnet = _rename("subnet", (each.subnet_id for each in policy.subnets), {each.subnet_id for each in policy.subnets if each.vpc in vpcs})
    vpc = _rename("VPC", (each.vpc for each in policy.subnets), vpcs)
    table = _rename("route table", (each.route_table for each in policy.subnets if each.route_table), tables)
    return Policy(
        interfaces=tuple(_interface(each, subnet, group, own=own(each)) for each in policy.interfaces),
        groups=tuple(_group(each, group) for each in policy.groups),
        subnets=tuple(_subnet(each, subnet, vpc, table, acl) for each in policy.subnets),
        acls=tuple(replace(each, acl_id=acl(each.acl_id)) for each in policy.acls),
        clients=policy.clients,
    )


def _rename(kind: str, names: Iterable[str], own: set[str]) -> Rename:
    """Foreign names stay apart: "subnet 2 of another account"."""
    foreign = [name for name in dict.fromkeys(names) if name not in own]
    found = {name: f"{kind} {number} of another account" for number, name in enumerate(foreign, 1)}
    return lambda name: found.get(name, name)


def _interface(interface: Interface, subnet: Rename, group: Rename, *, own: bool) -> Interface:
    placed = replace(interface, subnet=subnet(interface.subnet), groups=tuple(group(each) for each in interface.groups))
    return placed if own else replace(placed, interface_id="a network interface of another account", owner="")


def _group(group: SecurityGroup, rename: Rename) -> SecurityGroup:
    return SecurityGroup(
        group_id=rename(group.group_id),
        ingress=tuple(_permission(each, rename) for each in group.ingress),
        egress=tuple(_permission(each, rename) for each in group.egress),
    )


def _permission(permission: Permission, rename: Rename) -> Permission:
    return permission if permission.group is None else replace(permission, group=rename(permission.group))


def _subnet(subnet: Subnet, name: Rename, vpc: Rename, table: Rename, acl: Rename) -> Subnet:
    return replace(
        subnet,
        subnet_id=name(subnet.subnet_id),
        vpc=vpc(subnet.vpc),
        route_table=table(subnet.route_table),
        acl=acl(subnet.acl) if subnet.acl else subnet.acl,
    )
