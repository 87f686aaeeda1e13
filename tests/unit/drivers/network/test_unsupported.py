"""A sandbox without a VPC router refuses to cut anything off, by name."""

from ipaddress import IPv4Network

import pytest

from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.base import both_ways
from sandbox.drivers.network.unsupported import UnsupportedNetwork


def test_a_cut_is_refused_with_the_reason_and_connecting_again_is_not() -> None:
    network = UnsupportedNetwork("the process runtime has no VPC router")
    with pytest.raises(Misconfigured, match="the process runtime has no VPC router"):
        network.apply(both_ways(IPv4Network("10.0.0.0/24")))
    network.apply(frozenset())
    assert (network.cut_off(), network.available()) == (frozenset(), "the process runtime has no VPC router")
