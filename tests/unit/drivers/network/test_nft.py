"""An nft that is missing or refuses: without a kernel."""

from collections.abc import Sequence
from ipaddress import IPv4Network

from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.base import both_ways
from sandbox.drivers.network.nft import NftNetwork
from tests.support.waiting import until

SUBNET = IPv4Network("10.0.0.0/24")


class Nft:
    """Keeps a set, and fails with `error` while there is one."""

    def __init__(self, error: str | None = None) -> None:
        self.error, self.elements = error, ""

    def run(self, command: Sequence[str], text: str | None) -> str:
        if self.error:
            raise Misconfigured(self.error)
        if command[0] == "ip":
            return "[]"
        if text is not None:
            self.elements = '"10.0.0.0/24"' if "10.0.0.0/24" in text else ""
        return f'{{"nftables": [{{"set": {{"table": "sandbox_cut", "name": "both_0", "elem": [{self.elements}]}}}}]}}'


def test_an_nft_that_is_missing_is_named_and_nothing_counts_as_cut_off() -> None:
    network = NftNetwork(Nft("The VPC router needs nft, which is not installed here.").run)
    network.apply(both_ways(SUBNET))
    network.close()
    assert network.available() == "The VPC router needs nft, which is not installed here."
    assert network.cut_off() == frozenset()


def test_what_failed_is_carried_out_when_it_is_asked_for_again() -> None:
    nft = Nft()
    network = NftNetwork(nft.run)
    nft.error = "`nft -f -` failed in the VPC router: Operation not permitted"
    network.apply(both_ways(SUBNET))
    assert until(network.available) == nft.error
    nft.error = None
    network.apply(both_ways(SUBNET))
    until(lambda: network.cut_off() == both_ways(SUBNET))
    assert network.available() is None
    network.close()
