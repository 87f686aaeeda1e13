"""The packet filter rules of a set of cuts, and the cuts that nft's listing shows. nft.py runs them in the VPC router."""

import json
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from typing import Any

from sandbox.drivers.network.base import Cut, Cuts, Direction, normal

TABLE = "sandbox_cut"
_LOSS = "_loss"
_FIRST, _LAST = -300, 300  # hook priorities: before connection tracking, and after address translation
_CHAINS = {
    "arriving": f"prerouting priority {_FIRST}",
    "leaving": f"postrouting priority {_LAST}",
    "forwarded": "forward priority -10",
    "to_router": "input priority -10",
    "from_router": "output priority -10",
}


_WITHIN = "0x7375626e"  # the mark of a packet that leaves by the interface by which it came: from one address of a subnet to another
_FIRST_RULES = {
    "arriving": f"fib daddr . iif oif exists meta mark set {_WITHIN} accept",
    "leaving": f"meta mark {_WITHIN} accept",
}
"""Before the others of the chain: what stays within a subnet passes the router (router.py), and no cut drops it."""


def ruleset(cuts: Cuts, edge: str | None) -> str:
    """The transaction that puts exactly these cuts in force, whatever was there before. `edge`: the interface to the
    internet."""
    gone = f"add table ip {TABLE}\ndelete table ip {TABLE}\n"
    if not cuts:
        return gone
    named = [(_name(cut, n), cut) for n, cut in enumerate(sorted(cuts, key=_order))]
    sets = "\n".join(_set(name, cut) for name, cut in named)
    rules = [(where, _of_share(text, cut.percent)) for name, cut in named for where, text in _RULES[cut.direction](f"@{name}", edge)]
    chains = "\n".join(_chain(chain, hook, [text for where, text in rules if where == chain]) for chain, hook in _CHAINS.items())
    return f"{gone}table ip {TABLE} {{\n{sets}\n{chains}\n}}\n"


def cuts_in(listing: str) -> Cuts:
    """The cuts of our table in what `nft -j list sets ip` prints; none when there is no such table."""
    listed = [each["set"] for each in json.loads(listing)["nftables"] if "set" in each]
    return normal(_cut(each) for each in listed if each["table"] == TABLE)


def edge_in(routes: str) -> str | None:
    """The interface of the default route in what `ip -j route show default` prints."""
    return next((str(route["dev"]) for route in json.loads(routes or "[]")), None)


def _name(cut: Cut, number: int) -> str:
    """Of the set of a cut's ranges: what the cut is can be read from it."""
    loss = f"{_LOSS}{cut.percent}" if cut.percent < 100 else ""
    return f"{cut.direction.value.replace('-', '_')}{loss}_{number}"


def _order(cut: Cut) -> tuple[str, int, list[IPv4Network]]:
    return cut.direction.value, cut.percent, sorted(cut.ranges)


def _of_share(rule: str, percent: int) -> str:
    """The rule for a share of the packets, drawn for each of them."""
    return rule if percent >= 100 else f"{rule.removesuffix(' drop')} numgen random mod 100 < {percent} drop"


def _set(name: str, cut: Cut) -> str:
    elements = ", ".join(str(network) for network in sorted(cut.ranges))
    return f"set {name} {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {elements} }}; }}"


def _chain(name: str, hook: str, rules: list[str]) -> str:
    first = [_FIRST_RULES[name]] if name in _FIRST_RULES else []
    return f"chain {name} {{ type filter hook {hook}; {'; '.join([*first, *rules, ''])} }}" if rules else ""


# ---- the rules of each direction: (chain, rule) --------------------------------------------------------------------------------------


def _both(ranges: str, edge: str | None) -> Iterator[tuple[str, str]]:
    yield "arriving", f"ip saddr {ranges} drop"
    yield "leaving", f"ip daddr {ranges} drop"


def _inbound(ranges: str, edge: str | None) -> Iterator[tuple[str, str]]:
    yield "forwarded", f"ip saddr != {ranges} ip daddr {ranges} ct direction original drop"
    yield "from_router", f"ip daddr {ranges} ct direction original drop"


def _outbound(ranges: str, edge: str | None) -> Iterator[tuple[str, str]]:
    yield "forwarded", f"ip saddr {ranges} ip daddr != {ranges} ct direction original drop"
    yield "to_router", f"ip saddr {ranges} ct direction original drop"


def _cross_zone(ranges: str, edge: str | None) -> Iterator[tuple[str, str]]:
    to_peers, from_peers = (f'oifname != "{edge}" ', f'iifname != "{edge}" ') if edge else ("", "")
    yield "forwarded", f"{to_peers}ip saddr {ranges} ip daddr != {ranges} drop"
    yield "forwarded", f"{from_peers}ip saddr != {ranges} ip daddr {ranges} drop"
    yield "from_router", f"ip daddr {ranges} ct direction original drop"


_RULES = {
    Direction.BOTH: _both,
    Direction.INBOUND: _inbound,
    Direction.OUTBOUND: _outbound,
    Direction.CROSS_ZONE: _cross_zone,
}


# ---- what nft lists ------------------------------------------------------------------------------------------------------------------


def _cut(listed: Any) -> Cut:
    direction, _, percent = listed["name"].rpartition("_")[0].partition(_LOSS)
    ranges = frozenset(network for element in listed.get("elem", ()) for network in _networks(element))
    return Cut(ranges=ranges, direction=Direction(direction.replace("_", "-")), percent=int(percent or 100))


def _networks(element: Any) -> Iterable[IPv4Network]:
    """An element is an address, {"prefix": {"addr", "len"}} or {"range": [first, last]}."""
    match element:
        case {"prefix": {"addr": address, "len": length}}:
            return (IPv4Network((address, length)),)
        case {"range": [first, last]}:
            return summarize_address_range(IPv4Address(first), IPv4Address(last))
        case _:
            return (IPv4Network(element),)
