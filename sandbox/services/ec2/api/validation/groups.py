"""Security groups: their rules, of which moto enters those before a wrong one, and groups that are in use (EC2-59, EC2-62)."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.validation.kinds import SECURITY_GROUP
from sandbox.services.ec2.api.validation.networks import holds_load_balancer
from sandbox.services.ec2.api.validation.references import check_ids

NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
WORDS = ("tcp", "udp", "icmp", "icmpv6")
WITH_PORTS = ("tcp", "udp")
SOURCES = ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
LARGEST_PORT, LARGEST_PROTOCOL = 65_535, 255


def check_rules(backend: Any, parameters: Mapping[str, Any]) -> None:
    """AuthorizeSecurityGroup… and RevokeSecurityGroup…, in both of their forms. Raises ApiError."""
    for rule in _rules(parameters):
        protocol = rule.get("IpProtocol")
        if not protocol:
            raise errors.parameter_missing("IpProtocol")
        _check_ports(_protocol(protocol), rule.get("FromPort"), rule.get("ToPort"))
        own = [pair["GroupId"] for pair in rule.get("UserIdGroupPairs") or () if _is_own(backend, pair)]
        check_ids(backend, SECURITY_GROUP, own)


def _rules(parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from parameters.get("IpPermissions") or ()
    if parameters.get("IpProtocol"):
        yield parameters


def _is_own(backend: Any, pair: Mapping[str, Any]) -> bool:
    return bool(pair.get("GroupId")) and pair.get("UserId") in (None, backend.account_id) and not pair.get("VpcPeeringConnectionId")


def _protocol(given: str) -> str:
    if given == "-1" or given.lower() in WORDS:
        return given.lower()
    if given.isascii() and given.isdigit() and len(given) < 4 and int(given) <= LARGEST_PROTOCOL:
        return NUMBERS.get(given, given)
    raise ApiError("InvalidParameterValue", f"Invalid value '{given[:100]}' for IP protocol. Unknown protocol.")


def _check_ports(protocol: str, first: int | None, last: int | None) -> None:
    if protocol not in WITH_PORTS:
        return
    if first is None or last is None:
        raise ApiError("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
    every_port: Collection[int] = (-1,)
    if not (0 <= first <= last <= LARGEST_PORT) and not (first in every_port and last in every_port):
        raise ApiError("InvalidParameterValue", f"Invalid TCP/UDP port range ({first}:{last})")


def check_permissions(backend: Any, parameters: Mapping[str, Any]) -> None:
    """AuthorizeSecurityGroupIngress and …Egress: a group is named, and no rule is there twice (EC2-59)."""
    if not parameters.get("GroupId") and not parameters.get("GroupName"):
        raise errors.parameter_missing("groupName or groupId")
    check_rules(backend, parameters)
    seen: list[Any] = []
    for permission in _rules(parameters):
        head = [permission.get(name) for name in ("IpProtocol", "FromPort", "ToPort")]
        for kind in SOURCES:
            for one in permission.get(kind) or ():
                rule = (head, kind, {name: value for name, value in one.items() if name != "Description"})
                if rule in seen:
                    raise ApiError("InvalidParameterValue", "The same permission must not appear multiple times")
                seen.append(rule)


def check_group_unused(backend: Any, parameters: Mapping[str, Any]) -> None:
    """DeleteSecurityGroup (EC2-62): no interface has it, and no other group's rule names it."""
    wanted = parameters.get("GroupId") or parameters.get("GroupName")
    groups = [group for groups in backend.groups.values() for group in groups.values()]
    group = next((one for one in groups if wanted in (one.id, one.name)), None)
    if group is None:
        return
    if group.name == "default":
        text = f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
        raise ApiError("CannotDelete", text)
    held = any(one.id == group.id for nic in backend.enis.values() for one in nic.group_set)
    rules = [rule for other in groups if other.id != group.id for rule in (*other.ingress_rules, *other.egress_rules)]
    if held or holds_load_balancer(backend, group.id) or any(rule.source_group.get("GroupId") == group.id for rule in rules):
        raise ApiError("DependencyViolation", f"resource {group.id} has a dependent object")


def check_group_rules(backend: Any, parameters: Mapping[str, Any]) -> None:
    """ModifySecurityGroupRules."""
    if any(not update.get("SecurityGroupRule") for update in parameters["SecurityGroupRules"]):
        raise errors.parameter_missing("SecurityGroupRule")
