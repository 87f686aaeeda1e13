"""nft's listings read, and an nft that is missing or refuses: without a kernel."""

from collections.abc import Sequence
from ipaddress import IPv4Network

import pytest

from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.nft import NftNetwork, ranges_in
from tests.support.waiting import until

SUBNET = IPv4Network("10.0.0.0/24")
NO_SETS = '{"nftables": [{"metainfo": {"version": "1.0.6"}}]}'


def listing(table: str, elements: str) -> str:
    return f'{{"nftables": [{{"metainfo": {{}}}}, {{"set": {{"table": "{table}", "name": "ranges", "elem": [{elements}]}}}}]}}'


@pytest.mark.parametrize(
    ("said", "ranges"),
    [
        (NO_SETS, []),
        (listing("sandbox_cut", '{"prefix": {"addr": "10.0.0.0", "len": 23}}, "1.2.3.4"'), ["1.2.3.4/32", "10.0.0.0/23"]),
        (listing("sandbox_cut", '{"range": ["10.0.0.0", "10.0.2.255"]}'), ["10.0.0.0/23", "10.0.2.0/24"]),
        (listing("sandbox", '"1.2.3.4"'), []),
        ('{"nftables": [{"set": {"table": "sandbox_cut", "name": "ranges"}}]}', []),
    ],
    ids=["no sets", "prefix and address", "range", "another table", "empty"],
)
def test_ranges_are_those_of_our_set(said: str, ranges: list[str]) -> None:
    assert ranges_in(said) == {IPv4Network(text) for text in ranges}


class Nft:
    """Keeps a set, and fails with `error` while there is one."""

    def __init__(self, error: str | None = None) -> None:
        self.error, self.elements = error, ""

    def run(self, command: Sequence[str], text: str | None) -> str:
        if self.error:
            raise Misconfigured(self.error)
        if text is not None:
            self.elements = '"10.0.0.0/24"' if "10.0.0.0/24" in text else ""
        return listing("sandbox_cut", self.elements)


def test_an_nft_that_is_missing_is_named_and_nothing_counts_as_cut_off() -> None:
    network = NftNetwork(Nft("The VPC router needs nft, which is not installed here.").run)
    network.apply(frozenset({SUBNET}))
    network.close()
    assert network.available() == "The VPC router needs nft, which is not installed here."
    assert network.cut_off() == frozenset()


def test_what_failed_is_carried_out_when_it_is_asked_for_again() -> None:
    nft = Nft()
    network = NftNetwork(nft.run)
    nft.error = "`nft -f -` failed in the VPC router: Operation not permitted"
    network.apply(frozenset({SUBNET}))
    assert until(network.available) == nft.error
    nft.error = None
    network.apply(frozenset({SUBNET}))
    until(lambda: network.cut_off() == {SUBNET})
    assert network.available() is None
    network.close()
