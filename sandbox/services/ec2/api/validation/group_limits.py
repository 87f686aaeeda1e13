"""Quotas of security groups and network ACLs (SG-9). moto counts only some of a request's rules, and only after it has entered others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.ec2.api.validation import groups as groups_validation

MOST_RULES = 60  # of one direction and one kind of addresses, IPv4 or IPv6
MOST_GROUPS = 5  # of a network interface
MOST_ACL_ENTRIES = 20  # of one direction, without the last one


def check_permissions(direction: str) -> Callable[[Any, Mapping[str, Any]], None]:
    """`direction`: "ingress" or "egress". AuthorizeSecurityGroup…: rules that are right in themselves, and not too many."""

    def check(backend: Any, parameters: Mapping[str, Any]) -> None:
        groups_validation.check_permissions(backend, parameters)
        named = parameters.get("GroupId") or parameters.get("GroupName")
        groups = (group for of_vpc in backend.groups.values() for group in of_vpc.values())
        group = next((each for each in groups if named in (each.id, each.name)), None)
        if group is None:
            return
        existing = group.ingress_rules if direction == "ingress" else group.egress_rules
        for ranges, block in (("IpRanges", "cidr_ipv4"), ("Ipv6Ranges", "cidr_ipv6")):
            held = sum(_weight(backend, rule, block) for rule in existing)
            new = sum(_new(backend, permission, ranges) for permission in _permissions(parameters))
            if new and held + new > MOST_RULES:
                text = "The maximum number of rules per security group has been reached."
                raise ApiError("RulesPerSecurityGroupLimitExceeded", text)

    return check


def _permissions(parameters: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if parameters.get("CidrIp"):
        return [{"IpRanges": [{"CidrIp": parameters["CidrIp"]}]}]
    return parameters.get("IpPermissions") or ()


def _weight(backend: Any, rule: Any, block: str) -> int:
    """How many rules an existing one counts as. A reference to a group counts for both kinds of addresses."""
    if rule.prefix_list_id:
        return _entries(backend, rule.prefix_list_id)
    return 1 if rule.source_group or getattr(rule, block) else 0


def _new(backend: Any, permission: Mapping[str, Any], ranges: str) -> int:
    lists = sum(_entries(backend, each["PrefixListId"]) for each in permission.get("PrefixListIds") or ())
    return len(permission.get(ranges) or ()) + len(permission.get("UserIdGroupPairs") or ()) + lists


def _entries(backend: Any, prefix_list: str) -> int:
    """A prefix list counts as many rules as it may have entries."""
    found = backend.managed_prefix_lists.get(prefix_list)
    return int(found.max_entries or 1) if found is not None else 1


def check_interface(groups: Sequence[str] | None) -> None:
    if len(set(groups or ())) > MOST_GROUPS:
        text = "The maximum number of security groups per interface has been reached."
        raise ApiError("SecurityGroupsPerInterfaceLimitExceeded", text)


def check_groups(backend: Any, parameters: Mapping[str, Any]) -> None:
    """ModifyNetworkInterfaceAttribute."""
    check_interface(parameters.get("Groups"))


def check_acl_entries(backend: Any, parameters: Mapping[str, Any]) -> None:
    """CreateNetworkAclEntry."""
    acl = backend.network_acls.get(parameters.get("NetworkAclId"))
    same = [each for each in acl.network_acl_entries if str(each.egress).lower() == str(parameters["Egress"]).lower()] if acl else []
    if sum(int(each.rule_number) < 32767 for each in same) >= MOST_ACL_ENTRIES:
        raise ApiError("NetworkAclEntryLimitExceeded", "The maximum number of network ACL entries has been reached.")
