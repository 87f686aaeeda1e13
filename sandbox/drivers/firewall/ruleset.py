"""The packet filter rules of a policy, as one transaction, and what nft's listing says of them. nft.py runs them in the VPC router.

Every packet of an instance passes the router, also within its subnet (docs/decisions/001-topology.md). A packet is judged by its addresses:
first by the routes between VPCs (SG-11), then by the network ACLs of the subnets whose border it crosses, for every packet (SG-5); then,
only for a new connection, by the security groups of its sender and its receiver (SG-1, SG-4). The addresses of a group's interfaces are a
set, so that rules name groups.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from typing import Any

from sandbox.drivers.firewall.policy import (
    ALL,
    EVERYWHERE,
    AclEntry,
    Connection,
    Interface,
    NetworkAcl,
    Permission,
    Policy,
    Subnet,
    Traffic,
    permissions,
)

TABLE = "sandbox_firewall"
APART = "apart"  # the set of subnets without a route from one to the other
DROPPED = "dropped"  # the set of dropped connections, each kept for a minute
PROTOCOLS = {"6": "tcp", "17": "udp"}
PRIORITY = -5  # after the cuts of faults, before the router's own rules
_IN_FORCE = "policy_"
_REFUSE = f"""
    set {DROPPED} {{ type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags dynamic,timeout; timeout 1m; size 4096; }}
    chain refuse {{
        meta l4proto {{ tcp, udp }} add @{DROPPED} {{ ip saddr . ip daddr . meta l4proto . th dport }}
        drop
    }}
"""


def ruleset(policy: Policy) -> str:
    """The transaction that puts exactly this policy in force, whatever was there before."""
    body = "\n".join(
        [_REFUSE, *_sets(policy), *_acl_chains(policy), *_group_chains(policy), _check(policy), _hooks(), f"chain {mark(policy)} {{ }}"]
    )
    return f"add table ip {TABLE}\ndelete table ip {TABLE}\ntable ip {TABLE} {{\n{body}\n}}\n"


def mark(policy: Policy) -> str:
    """The name of an empty chain by which the policy in force is known: equal policies have the same one."""
    parts = repr((_ordered(policy), policy.groups, policy.subnets, policy.acls, policy.clients))
    return f"{_IN_FORCE}{hashlib.sha256(parts.encode()).hexdigest()[:24]}"


def mark_in(listing: str) -> str | None:
    """The mark of the policy in force, in what `nft -j list chains ip` prints; None: there is none."""
    chains = [each["chain"] for each in json.loads(listing)["nftables"] if "chain" in each]
    return next((str(one["name"]) for one in chains if one["table"] == TABLE and one["name"].startswith(_IN_FORCE)), None)


def drops_in(listing: str) -> tuple[Connection, ...]:
    """The connections in what `nft -j list set ip sandbox_firewall dropped` prints."""
    sets = [each["set"] for each in json.loads(listing)["nftables"] if "set" in each]
    return tuple(_connection(element) for one in sets for element in one.get("elem", ()))


def _connection(element: Any) -> Connection:
    """Elements with a timeout are {"elem": {"val": {"concat": […]}, …}}."""
    source, destination, protocol, port = element["elem"]["val"]["concat"]
    name = PROTOCOLS.get(str(protocol), str(protocol))  # nft may print numbers
    return Connection(source=IPv4Address(source), destination=IPv4Address(destination), protocol=name, port=int(port))


# ---- sets --------------------------------------------------------------------------------------------------------------------------------


def _sets(policy: Policy) -> Iterator[str]:
    """Of the members of each group that a rule names."""
    named = {rule.group for group in policy.groups for rule in (*group.ingress, *group.egress) if rule.group is not None}
    for group_id in sorted(named):
        yield _set(_group_set(group_id), policy.members(group_id))
    inside = [each.address for each in policy.interfaces if each.in_router]
    yield _set("router", [*inside, *policy.clients])
    if pairs := _apart(policy):
        yield f"set {APART} {{ type ipv4_addr . ipv4_addr; flags interval; elements = {{ {', '.join(pairs)} }}; }}"


def _apart(policy: Policy) -> list[str]:
    """Both directions where one of them has no route."""
    return [
        f"{one.network} . {other.network}"
        for one in policy.subnets
        for other in policy.subnets
        if not (policy.has_route(one, other) and policy.has_route(other, one))
    ]


def _set(name: str, addresses: Iterable[IPv4Address]) -> str:
    elements = ", ".join(map(str, sorted(addresses)))
    return f"set {name} {{ type ipv4_addr; {f'elements = {{ {elements} }};' if elements else ''} }}"


def _group_set(group_id: str) -> str:
    return f"members_{_word(group_id)}"


def _word(text: str) -> str:
    return text.replace("-", "_")


# ---- security groups -----------------------------------------------------------------------------------------------------------------


def _group_chains(policy: Policy) -> Iterator[str]:
    """One chain for each combination of groups and each direction; `return` admits."""
    for number, groups in enumerate(_combinations(policy)):
        for direction, side in (("ingress", "saddr"), ("egress", "daddr")):
            rules = [f"{_permission(each, side)} return" for each in permissions(policy, groups, direction)]
            yield _chain(f"{direction}_{number}", [*dict.fromkeys(rules), "goto refuse"])


def _combinations(policy: Policy) -> list[tuple[str, ...]]:
    return sorted({each.groups for each in policy.interfaces})


def _permission(permission: Permission, side: str) -> str:
    if permission.group is not None:
        peers = f"ip {side} @{_group_set(permission.group)}"
    elif EVERYWHERE in permission.networks:
        peers = ""
    else:
        peers = f"ip {side} {{ {', '.join(map(str, permission.networks)) or '255.255.255.255'} }}"
    return f"{peers} {_traffic(permission.traffic)}"


def _traffic(traffic: Traffic) -> str:
    protocol = traffic.protocol
    if protocol == ALL:
        return ""
    if traffic.first is None:
        return f"meta l4proto {protocol}"
    if protocol == "icmp":
        code = "" if traffic.last is None else f" icmp code {traffic.last}"
        return f"icmp type {traffic.first}{code}"
    last = traffic.first if traffic.last is None else traffic.last
    return f"{protocol} dport {traffic.first}-{last}"


# ---- network ACLs ------------------------------------------------------------------------------------------------------------------------


def _acl_chains(policy: Policy) -> Iterator[str]:
    """Of the ACLs that deny anything: one chain for each of their directions, and for each subnet one that lets its own traffic pass."""
    acls = {acl.acl_id: acl for acl in policy.acls if not _admits_all(acl)}
    for acl in acls.values():
        yield _chain(f"in_{_word(acl.acl_id)}", [*(_entry(each, "saddr") for each in acl.ingress), "goto refuse"])
        yield _chain(f"out_{_word(acl.acl_id)}", [*(_entry(each, "daddr") for each in acl.egress), "goto refuse"])
    for subnet in _guarded(policy):
        yield _chain(f"enter_{_word(subnet.subnet_id)}", [f"ip saddr {subnet.network} return", f"goto in_{_word(subnet.acl or '')}"])
        yield _chain(f"leave_{_word(subnet.subnet_id)}", [f"ip daddr {subnet.network} return", f"goto out_{_word(subnet.acl or '')}"])


def _guarded(policy: Policy) -> list[Subnet]:
    denying = {acl.acl_id for acl in policy.acls if not _admits_all(acl)}
    return [subnet for subnet in policy.subnets if subnet.acl in denying]


def _admits_all(acl: NetworkAcl) -> bool:
    """As a VPC's default network ACL does."""
    first = [entries[0] for entries in (acl.ingress, acl.egress) if entries]
    return len(first) == 2 and all(each.allow and each.network == EVERYWHERE and each.traffic.protocol == ALL for each in first)


def _entry(entry: AclEntry, side: str) -> str:
    network = "" if entry.network == EVERYWHERE else f"ip {side} {entry.network}"
    return f"{network} {_traffic(entry.traffic)} {'return' if entry.allow else 'goto refuse'}"


# ---- where packets come by -----------------------------------------------------------------------------------------------------------


def _check(policy: Policy) -> str:
    """Chains that a packet is admitted by return here; the others drop it."""
    chains = {groups: number for number, groups in enumerate(_combinations(policy))}
    guarded = _guarded(policy)
    rules = [
        f"ip saddr . ip daddr @{APART} goto refuse" if _apart(policy) else "",
        _map("saddr", [(str(each.network), f"leave_{_word(each.subnet_id)}") for each in guarded]),
        _map("daddr", [(str(each.network), f"enter_{_word(each.subnet_id)}") for each in guarded]),
        "ct state established,related return",
        _map("saddr", [(str(each.address), f"egress_{chains[each.groups]}") for each in _ordered(policy)]),
        _map("daddr", [(str(each.address), f"ingress_{chains[each.groups]}") for each in _ordered(policy)]),
    ]
    return _chain("check", [rule for rule in rules if rule])


def _ordered(policy: Policy) -> list[Interface]:
    return sorted(policy.interfaces, key=lambda each: each.address)


def _map(side: str, jumps: list[tuple[str, str]]) -> str:
    return f"ip {side} vmap {{ {', '.join(f'{what} : jump {chain}' for what, chain in jumps)} }}" if jumps else ""


def _hooks() -> str:
    """Of the router's own packets, those of load balancers' nodes and of clients: not the metadata service's, DNS, the API or the gateway's
    (SG-7)."""
    return "\n".join(
        [
            _chain("forwarded", [f"type filter hook forward priority {PRIORITY}", "jump check"]),
            _chain("to_router", [f"type filter hook input priority {PRIORITY}", "ip daddr @router jump check"]),
            _chain("from_router", [f"type filter hook output priority {PRIORITY}", "ip saddr @router jump check"]),
        ]
    )


def _chain(name: str, rules: list[str]) -> str:
    return f"chain {name} {{ {'; '.join(rule.strip() for rule in rules)}; }}"
