"""Rules of security groups. moto reads a list of them one by one and enters those before a wrong one."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.validation.kinds import SECURITY_GROUP
from sandbox.services.ec2.api.validation.references import check_ids

NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
WORDS = ("tcp", "udp", "icmp", "icmpv6")
WITH_PORTS = ("tcp", "udp")
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
