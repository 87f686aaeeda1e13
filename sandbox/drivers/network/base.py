"""The network between subnets, as far as faults need it: which address ranges are cut off from everything else. nft.py does it with packet
filter rules in the VPC router, simulated.py in the simulated world; one contract suite for both (tests/contract/test_network.py).

The set of cut ranges is a value. `apply` takes the whole of it and returns at once; what is in force is seen in `cut_off()`. It survives
the control plane: after a restart `cut_off()` is what the earlier one applied, and it stays until the first `apply`.
"""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, collapse_addresses
from typing import Protocol

Ranges = frozenset[IPv4Network]


class Network(Protocol):
    def apply(self, ranges: Ranges) -> None:
        """No packet enters or leaves these ranges, and every other range is connected again. Traffic within one subnet does not pass the
        router and is not cut. Idempotent. Raises Misconfigured when this sandbox cannot cut anything and `ranges` is not empty."""
        ...

    def cut_off(self) -> Ranges:
        """The ranges that are cut off now, adjacent ones merged. No I/O."""
        ...

    def on_change(self, callback: Callable[[], None]) -> None:
        """Called when `cut_off()` has changed."""
        ...

    def available(self) -> str | None:
        """None when ranges can be cut off, else one sentence why not."""
        ...

    def close(self) -> None:
        """Stops work. What is cut off stays cut off."""
        ...


def merged(ranges: Iterable[IPv4Network]) -> Ranges:
    """The fewest ranges with the same addresses: the one form in which sets of ranges are compared."""
    return frozenset(collapse_addresses(ranges))
