"""What the packet filter of a policy contains, and what is read from nft's listings."""

import json
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from sandbox.drivers.firewall.policy import EVERYWHERE, AclEntry, Connection, Permission, Policy, Subnet, Traffic
from sandbox.drivers.firewall.ruleset import drops_in, mark, mark_in, ruleset
from tests.support import rule
from tests.support.drivers.firewalls import EVERYTHING, NODE, PORT, TARGET, acl, from_node, policy, tcp, two_vpcs


def test_the_transaction_replaces_whatever_was_there() -> None:
    lines = ruleset(policy(from_node())).splitlines()
    assert lines[:2] == ["add table ip sandbox_firewall", "delete table ip sandbox_firewall"]


def test_members_of_a_group_are_a_set_so_that_a_rule_is_one_whatever_their_number() -> None:
    rendered = ruleset(policy(from_node()))
    assert f"set members_sg_lb {{ type ipv4_addr; elements = {{ {NODE} }}; }}" in rendered
    assert rendered.count("@members_sg_lb") == 1


@pytest.mark.parametrize(
    ("traffic", "match"),
    [
        (Traffic(), "  return"),
        (Traffic(protocol="tcp", first=80, last=90), " tcp dport 80-90 return"),
        (Traffic(protocol="udp"), " meta l4proto udp return"),
        (Traffic(protocol="icmp", first=8), " icmp type 8 return"),
        (Traffic(protocol="icmp", first=3, last=4), " icmp type 3 icmp code 4 return"),
        (Traffic(protocol="47"), " meta l4proto 47 return"),
    ],
)
def test_a_rule_matches_its_traffic(traffic: Traffic, match: str) -> None:
    permission = Permission(rule_id="sgr-1", traffic=traffic, group="sg-lb")
    assert f"ip saddr @members_sg_lb{match};" in ruleset(policy(permission))


@rule("SG-5")
def test_network_acls_are_asked_before_established_connections_pass_and_groups_after() -> None:
    denying = acl(AclEntry(number=1, traffic=Traffic(), network=EVERYWHERE, allow=False))
    check = next(line for line in ruleset(policy(EVERYTHING, acl=denying)).splitlines() if line.startswith("chain check"))
    assert check.index("enter_subnet_web") < check.index("ct state established,related return") < check.index("ingress_")


def test_a_network_acl_that_allows_everything_has_no_rule() -> None:
    everything = acl(AclEntry(number=100, traffic=Traffic(), network=EVERYWHERE, allow=True))
    assert "acl_1" not in ruleset(policy(EVERYTHING, acl=everything))


def test_a_prefix_list_without_entries_admits_nobody() -> None:
    assert "ip saddr { 255.255.255.255 } tcp dport 9-9 return" in ruleset(policy(tcp(networks=())))


@rule("SG-7")
def test_of_the_routers_own_packets_only_those_of_load_balancers_and_clients_are_judged() -> None:
    rendered = ruleset(replace(policy(), clients=(IPv4Address("203.0.113.10"),)))
    assert f"set router {{ type ipv4_addr; elements = {{ {NODE}, 203.0.113.10 }}; }}" in rendered
    assert "hook input priority -5; ip daddr @router jump check;" in rendered
    assert "hook output priority -5; ip saddr @router jump check;" in rendered
    assert "hook forward priority -5; jump check;" in rendered


def test_the_mark_tells_policies_apart_and_is_found_in_the_listing() -> None:
    one, other = policy(from_node()), policy()
    chains = [{"chain": {"table": "sandbox", "name": "policy_x"}}, {"chain": {"table": "sandbox_firewall", "name": mark(one)}}]
    assert mark_in(json.dumps({"nftables": chains})) == mark(one) != mark(other)
    assert mark_in(json.dumps({"nftables": []})) is None


@pytest.mark.parametrize("protocol", ["tcp", 6])
def test_dropped_connections_are_read_whichever_way_nft_prints_their_protocol(protocol: object) -> None:
    element = {"elem": {"val": {"concat": [str(NODE), str(TARGET), protocol, PORT]}, "timeout": 60, "expires": 59}}
    listing = json.dumps({"nftables": [{"set": {"name": "dropped", "elem": [element]}}]})
    assert drops_in(listing) == (Connection(source=NODE, destination=TARGET, protocol="tcp", port=PORT),)


@rule("SG-7")
def test_the_metadata_service_and_the_resolver_are_filtered_by_nobody() -> None:
    for address in ("169.254.169.254", "169.254.169.253"):
        asked = Connection(source=TARGET, destination=IPv4Address(address), protocol="udp", port=53)
        assert policy(lb_egress=()).verdict(asked).allowed


@rule("SG-11")
def test_subnets_without_a_route_are_pairs_of_one_set_and_asked_before_established_connections_pass() -> None:
    rendered = ruleset(two_vpcs())
    assert "elements = { 10.231.9.0/24 . 10.231.7.0/24, 10.231.7.0/24 . 10.231.9.0/24 }" in rendered
    check = next(line for line in rendered.splitlines() if line.startswith("chain check"))
    assert check.index("@apart goto refuse") < check.index("ct state established,related return")
    assert "apart" not in ruleset(two_vpcs("10.231.7.0/24", "10.231.9.0/24"))


@rule("SG-11")
def test_a_missing_route_is_explained_with_the_route_table_that_lacks_it() -> None:
    found = two_vpcs("10.231.7.0/24").verdict(Connection(source=NODE, destination=TARGET, port=PORT))
    assert [str(each) for each in found.explanations] == [
        f"NO_ROUTE_TO_DESTINATION: rtb-vpc-web of subnet-web has no route to {NODE}, which is in another VPC (vpc-lb)."
    ]


def test_vpcs_with_the_same_addresses_are_not_kept_apart_which_would_cut_each_of_them_in_two() -> None:
    one, other = (
        Subnet(subnet_id=f"subnet-{vpc}", network=IPv4Network(network), vpc=f"vpc-{vpc}")
        for vpc, network in (("a", "10.1.0.0/20"), ("b", "10.1.16.0/20"))
    )
    same = Subnet(subnet_id="subnet-c", network=IPv4Network("10.1.0.0/20"), vpc="vpc-b")
    assert "apart" in ruleset(Policy(subnets=(one, other)))
    assert "apart" not in ruleset(Policy(subnets=(one, other, same)))
