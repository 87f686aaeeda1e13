"""The network between subnets, as far as faults need it: which address ranges are cut off, and in which direction. nft.py does it with
packet filter rules in the VPC router, loopback.py for processes, simulated.py in the simulated world; one contract suite for all
(tests/contract/test_network.py).

The set of cuts is a value. `apply` takes the whole of it and returns at once; what is in force is seen in `cut_off()`. It survives the
control plane: after a restart `cut_off()` is what the earlier one applied, and it stays until the first `apply`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from typing import Protocol

Ranges = frozenset[IPv4Network]


class Direction(Enum):
    """Which packets are dropped. Never rejected: who sends them gets no answer at all.

    The load balancer and the health checks are in the VPC router, so they count as a peer outside the ranges.
    """

    BOTH = "both"  # every packet that enters or leaves a subnet
    INBOUND = "inbound"  # of connections that a peer outside the ranges has opened
    OUTBOUND = "outbound"  # of connections that the ranges have opened to a peer outside
    CROSS_ZONE = "cross-zone"  # to and from other subnets and the load balancer; the AWS API and the internet stay reachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """`ranges` belong together: only BOTH also drops the packets from one of them to another."""

    ranges: Ranges
    direction: Direction = Direction.BOTH
    percent: int = 100  # of the packets that are dropped, by chance; less than 100 is a packet loss

    def hides(self, address: IPv4Address) -> bool:
        """Whether connections from outside the ranges to this address get no answer."""
        whole = self.direction is not Direction.OUTBOUND and self.percent >= 100
        return whole and any(address in network for network in self.ranges)

    def loss(self, address: IPv4Address) -> float:
        """The share of packets to and from this address that are lost, 0 to 1; 0 for a cut that drops all."""
        return self.percent / 100 if self.percent < 100 and any(address in network for network in self.ranges) else 0.0


Cuts = frozenset[Cut]


class Network(Protocol):
    def apply(self, cuts: Cuts) -> None:
        """Exactly these cuts are in force. Traffic within one subnet is never cut. Idempotent. Raises
        Misconfigured when this sandbox cannot cut anything and `cuts` is not empty."""
        ...

    def cut_off(self) -> Cuts:
        """The cuts in force now, as `normal` gives them. No I/O."""
        ...

    def on_change(self, callback: Callable[[], None]) -> None:
        """Called when `cut_off()` has changed."""
        ...

    def available(self) -> str | None:
        """None when ranges can be cut off, else one sentence why not."""
        ...

    def cannot(self, cut: Cut) -> str | None:
        """None when this cut is possible here, else one sentence why not."""
        ...

    def close(self) -> None:
        """Stops work. What is cut off stays cut off."""
        ...


def merged(ranges: Iterable[IPv4Network]) -> Ranges:
    """The fewest ranges with the same addresses: the one form in which sets of ranges are compared."""
    return frozenset(collapse_addresses(ranges))


def both_ways(*ranges: IPv4Network) -> Cuts:
    """The cuts that isolate each of these ranges."""
    return normal((Cut(ranges=frozenset(ranges)),))


def normal(cuts: Iterable[Cut]) -> Cuts:
    """The one form in which sets of cuts are compared: of those in both directions one for each share of packets, and no empty ones. Of two
    losses on one address, the worse one is in force."""
    given = tuple(cuts)
    shares = {cut.percent for cut in given if cut.direction is Direction.BOTH}
    both = {Cut(ranges=_of_share(given, share), percent=share) for share in shares}
    others = {replace(cut, ranges=merged(cut.ranges)) for cut in given if cut.direction is not Direction.BOTH}
    return frozenset(cut for cut in (*both, *others) if cut.ranges)


def _of_share(cuts: Iterable[Cut], share: int) -> Ranges:
    """The ranges that lose this share of their packets, without those that lose more."""
    both = [cut for cut in cuts if cut.direction is Direction.BOTH]
    worse = {network for cut in both if cut.percent > share for network in cut.ranges}
    return merged(network for cut in both if cut.percent == share for network in cut.ranges if network not in worse)
