"""The packet filter rules of a set of cuts, and nft's listings read: without a kernel."""

from ipaddress import IPv4Network

import pytest

from sandbox.drivers.network.base import Cut, Cuts, Direction, both_ways
from sandbox.drivers.network.ruleset import cuts_in, edge_in, ruleset

SUBNET = IPv4Network("10.0.0.0/24")
NO_SETS = '{"nftables": [{"metainfo": {"version": "1.0.6"}}]}'


def listing(table: str, name: str, elements: str) -> str:
    return f'{{"nftables": [{{"metainfo": {{}}}}, {{"set": {{"table": "{table}", "name": "{name}", "elem": [{elements}]}}}}]}}'


def networks(*texts: str) -> Cuts:
    return both_ways(*(IPv4Network(text) for text in texts))


@pytest.mark.parametrize(
    ("said", "cuts"),
    [
        (NO_SETS, frozenset()),
        (listing("sandbox_cut", "both_0", '{"prefix": {"addr": "10.0.0.0", "len": 23}}, "1.2.3.4"'), networks("1.2.3.4/32", "10.0.0.0/23")),
        (listing("sandbox_cut", "both_0", '{"range": ["10.0.0.0", "10.0.2.255"]}'), networks("10.0.0.0/23", "10.0.2.0/24")),
        (listing("sandbox", "subnets", '"1.2.3.4"'), frozenset()),
        ('{"nftables": [{"set": {"table": "sandbox_cut", "name": "both_0"}}]}', frozenset()),
        (
            listing("sandbox_cut", "cross_zone_1", '{"prefix": {"addr": "10.0.0.0", "len": 24}}'),
            frozenset({Cut(ranges=frozenset({SUBNET}), direction=Direction.CROSS_ZONE)}),
        ),
    ],
    ids=["no sets", "prefix and address", "range", "another table", "empty", "partition"],
)
def test_cuts_are_those_of_our_table(said: str, cuts: Cuts) -> None:
    assert cuts_in(said) == cuts


def test_no_cuts_leave_no_table() -> None:
    assert ruleset(frozenset(), None).split("\n") == ["add table ip sandbox_cut", "delete table ip sandbox_cut", ""]


def test_packets_that_stay_within_a_subnet_pass_before_any_is_dropped() -> None:
    rules = ruleset(both_ways(SUBNET), None)
    for chain, passes, drops in (("arriving", "fib daddr . iif oif exists", "ip saddr"), ("leaving", "meta mark", "ip daddr")):
        text = rules[rules.index(f"chain {chain}") :].split("\n")[0]
        assert 0 < text.index(passes) < text.index("accept") < text.index(drops)


def test_a_partition_between_zones_leaves_the_way_to_the_internet_open() -> None:
    rules = ruleset(frozenset({Cut(ranges=frozenset({SUBNET}), direction=Direction.CROSS_ZONE)}), "eth0")
    assert 'oifname != "eth0" ip saddr @cross_zone_0 ip daddr != @cross_zone_0 drop' in rules
    assert 'iifname != "eth0" ip saddr != @cross_zone_0 ip daddr @cross_zone_0 drop' in rules
    assert "reject" not in rules


@pytest.mark.parametrize(("said", "edge"), [('[{"dst": "default", "dev": "eth1"}]', "eth1"), ("[]", None), ("", None)])
def test_the_edge_is_the_interface_of_the_default_route(said: str, edge: str | None) -> None:
    assert edge_in(said) == edge
