"""Cuts address ranges off with the packet filter (nft) of the VPC router, through which all traffic between subnets goes.

It owns one table, replaced as a whole in one transaction, so there is no moment with half of the rules. What is in force is read back from
the kernel: `cut_off()` never reports what was only asked for.
"""

import json
import threading
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from typing import Any

from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.base import Ranges, merged
from sandbox.drivers.network.namespace import Run, run_here
from sandbox.drivers.worker import Workers

TABLE, SET = "sandbox_cut", "ranges"
_FIRST, _LAST = -300, 300  # hook priorities: before connection tracking, and after address translation


class NftNetwork:
    def __init__(self, run: Run = run_here) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._wanted: Ranges | None = None  # None: `apply` was not called yet
        self._cut_off: Ranges = frozenset()
        self._why_not: str | None = None
        self._callbacks: list[Callable[[], None]] = []
        try:
            self._cut_off = self._read()
        except Misconfigured as error:
            self._why_not = str(error)
        self._workers = Workers(1, "network", lambda _, error: self._failed(error))

    def apply(self, ranges: Ranges) -> None:
        wanted = merged(ranges)
        with self._lock:
            if wanted == self._wanted and self._why_not is None:
                return
            self._wanted = wanted
        self._workers.submit(TABLE, self._carry_out)

    def cut_off(self) -> Ranges:
        return self._cut_off

    def on_change(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def available(self) -> str | None:
        return self._why_not

    def close(self) -> None:
        self._workers.close()

    # ---- worker thread -----------------------------------------------------------------------------------------------------------------

    def _carry_out(self) -> None:
        with self._lock:
            wanted = self._wanted or frozenset()
        self._run(["nft", "-f", "-"], ruleset(wanted))
        before, self._cut_off = self._cut_off, self._read()
        self._why_not = None
        if before != self._cut_off:
            for callback in self._callbacks:
                callback()

    def _failed(self, error: Exception) -> None:
        self._why_not = str(error) if isinstance(error, Misconfigured) else f"{type(error).__name__}: {error}"

    def _read(self) -> Ranges:
        return ranges_in(self._run(["nft", "-j", "list", "sets", "ip"], None))


def ruleset(ranges: Ranges) -> str:
    """The transaction that puts exactly these ranges in force, whatever was there before."""
    gone = f"add table ip {TABLE}\ndelete table ip {TABLE}\n"
    if not ranges:
        return gone
    elements = ", ".join(str(network) for network in sorted(ranges))
    return f"""{gone}
        table ip {TABLE} {{
            set {SET} {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {elements} }}; }}
            chain arriving {{ type filter hook prerouting priority {_FIRST}; ip saddr @{SET} drop; }}
            chain leaving {{ type filter hook postrouting priority {_LAST}; ip daddr @{SET} drop; }}
        }}
    """


def ranges_in(listing: str) -> Ranges:
    """The ranges of our set in what `nft -j list sets ip` prints; none when there is no such set."""
    listed = [each["set"] for each in json.loads(listing)["nftables"] if "set" in each]
    elements = [element for each in listed if (each["table"], each["name"]) == (TABLE, SET) for element in each.get("elem", ())]
    return merged(network for element in elements for network in _networks(element))


def _networks(element: Any) -> Iterable[IPv4Network]:
    """An element is an address, {"prefix": {"addr", "len"}} or {"range": [first, last]}."""
    match element:
        case {"prefix": {"addr": address, "len": length}}:
            return (IPv4Network((address, length)),)
        case {"range": [first, last]}:
            return summarize_address_range(IPv4Address(first), IPv4Address(last))
        case _:
            return (IPv4Network(element),)
