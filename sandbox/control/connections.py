"""`sandbox explain SOURCE --to DESTINATION:PORT`: whether security groups and network ACLs admit a connection, and which does not. Pure.

It asks the policy that is in force, as Reachability Analyzer does (SG-10): no packet is sent, and whether something listens is not known.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from sandbox.control.api.shapes import Connection as Explained
from sandbox.control.api.shapes import Reachability
from sandbox.core.errors import UserError
from sandbox.drivers.firewall.policy import Connection, Policy

CLIENT = "client"  # a client on this machine
EXAMPLE = "sandbox explain client --to i-0123456789abcdef0:80"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    source: str
    destination: str
    port: int
    protocol: str = "tcp"


def asked(source: str, to: str, protocol: str) -> Asked:
    """`to`: "i-…:80", "my-load-balancer:80", "10.0.1.5:80". Raises UserError."""
    found = re.fullmatch(r"([^:\s]+):(\d{1,5})", to)
    if not found or int(found[2]) > 65_535:
        raise UserError(f"{to} is no destination: expected an instance, a load balancer or an address with a port", EXAMPLE)
    if protocol not in ("tcp", "udp"):
        raise UserError(f"{protocol} is no protocol with ports: expected tcp or udp", EXAMPLE)
    return Asked(source=source, destination=found[1], port=int(found[2]), protocol=protocol)


def explained(policy: Policy, wanted: Asked) -> Explained:
    """One result for each pair of addresses: a load balancer has one in each of its subnets. Raises UserError."""
    sources, destinations = _addresses(policy, wanted.source), _addresses(policy, wanted.destination)
    connections = [
        Connection(source=source, destination=destination, protocol=wanted.protocol, port=wanted.port)
        for source in sources
        for destination in destinations
        if source != destination
    ]
    results = [_result(policy, each) for each in connections]
    return {"results": results, "text": [line for each in results for line in _lines(each)]}


def _result(policy: Policy, connection: Connection) -> Reachability:
    explanations = policy.verdict(connection).explanations
    return {
        "connection": str(connection),
        "reachable": not explanations,
        "explanations": [
            {"code": each.code, "component": each.component, "direction": each.direction, "text": each.text} for each in explanations
        ],
    }


def _lines(result: Reachability) -> list[str]:
    reachable = "reachable" if result["reachable"] else "not reachable"
    return [f"{result['connection']}: {reachable}", *(f"  {each['code']}: {each['text']}" for each in result["explanations"])]


def _addresses(policy: Policy, name: str) -> Sequence[IPv4Address]:
    if name == CLIENT:
        return policy.clients
    found = [each.address for each in policy.interfaces if name in (each.interface_id, each.owner) or each.owner.startswith(f"app/{name}/")]
    if found:
        return found
    try:
        return [IPv4Address(name)]
    except ValueError:
        raise UserError(f"There is no network interface of {name}.", "sandbox status") from None
