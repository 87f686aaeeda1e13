"""What every Firewall does: the packet filter, loopback addresses, and the simulated world."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network

import pytest

from sandbox.drivers.firewall.policy import EVERYWHERE, AclEntry, Policy, Traffic
from tests.support import rule
from tests.support.drivers.firewalls import (
    EVERYTHING,
    NODE,
    OTHER,
    PORT,
    TARGET,
    FirewallHarness,
    LoopbackHarness,
    NftHarness,
    SimulatedHarness,
    acl,
    from_node,
    policy,
    tcp,
    two_vpcs,
)
from tests.support.waiting import until

ALLOW_ALL = AclEntry(number=100, traffic=Traffic(), network=EVERYWHERE, allow=True)


@pytest.fixture(params=["simulated", "loopback", pytest.param("nft", marks=pytest.mark.docker)])
def on(request: pytest.FixtureRequest) -> Iterator[FirewallHarness]:
    harnesses: dict[str, Callable[[], FirewallHarness]] = {"simulated": SimulatedHarness, "loopback": LoopbackHarness, "nft": NftHarness}
    made = harnesses[request.param]()
    yield made
    made.close()


def apply(on: FirewallHarness, wanted: Policy) -> None:
    """And waits until it is in force."""
    on.firewall.apply(wanted)
    until(lambda: on.firewall.in_force() == wanted)


def entry(number: int, *, allow: bool, port: int | None = None, network: IPv4Network = EVERYWHERE) -> AclEntry:
    traffic = Traffic() if port is None else Traffic(protocol="tcp", first=port, last=port)
    return AclEntry(number=number, traffic=traffic, network=network, allow=allow)


def test_without_a_policy_nothing_is_filtered(on: FirewallHarness) -> None:
    assert (on.firewall.in_force(), on.firewall.available()) == (None, None)
    assert on.answers()


@rule("SG-1")
def test_a_group_without_a_rule_that_covers_a_connection_drops_it_until_it_has_one(on: FirewallHarness) -> None:
    apply(on, policy(from_node(80)))
    assert not on.answers()
    apply(on, policy(from_node(80), from_node()))
    assert on.answers()
    apply(on, policy())
    assert not on.answers()


@pytest.mark.parametrize(
    ("ingress", "answers"),
    [
        pytest.param((tcp(networks=(IPv4Network(f"{NODE}/32"),)),), True, id="its address"),
        pytest.param((tcp(networks=(IPv4Network("10.231.9.0/24"),)),), True, id="its subnet"),
        pytest.param((tcp(networks=(IPv4Network("10.231.8.0/24"), IPv4Network("10.231.9.0/25"))),), True, id="a prefix list"),
        pytest.param((tcp(networks=(IPv4Network("10.231.8.0/24"),)),), False, id="another subnet"),
        pytest.param((tcp(networks=()),), False, id="an empty prefix list"),
        pytest.param((tcp(group="sg-web"),), False, id="the group of the target itself"),
        pytest.param((tcp(group="sg-empty"),), False, id="a group without members"),
        pytest.param((EVERYTHING,), True, id="everything"),
    ],
)
@rule("SG-2")
def test_peers_are_blocks_prefix_lists_and_the_members_of_groups(on: FirewallHarness, ingress: tuple, answers: bool) -> None:  # type: ignore[type-arg]
    apply(on, policy(*ingress))
    assert on.answers() is answers


@rule("SG-1")
def test_the_senders_group_has_to_admit_it_too(on: FirewallHarness) -> None:
    apply(on, policy(EVERYTHING, lb_egress=(tcp(80, networks=(EVERYWHERE,)),)))
    assert not on.answers()
    apply(on, policy(EVERYTHING, lb_egress=(tcp(group="sg-web"),)))
    assert on.answers()


@pytest.mark.parametrize(
    ("network_acl", "answers"),
    [
        pytest.param(acl(ALLOW_ALL), True, id="everything"),
        pytest.param(acl(), False, id="nothing"),
        pytest.param(acl(entry(90, allow=False, port=PORT), ALLOW_ALL), False, id="a denial before"),
        pytest.param(acl(entry(90, allow=True, port=PORT), entry(95, allow=False)), True, id="a denial after"),
        pytest.param(acl(entry(90, allow=False, network=IPv4Network("10.231.9.0/24")), ALLOW_ALL), False, id="of its subnet"),
        pytest.param(acl(ALLOW_ALL, egress=()), False, id="no answers"),
        pytest.param(acl(ALLOW_ALL, egress=(entry(90, allow=True, port=PORT),)), False, id="answers to the wrong port"),
    ],
)
@rule("SG-5")
def test_a_network_acl_admits_by_its_first_entry_that_covers_a_packet_answers_too(
    on: FirewallHarness, network_acl: object, answers: bool
) -> None:
    apply(on, policy(EVERYTHING, acl=network_acl))  # type: ignore[arg-type]
    assert on.answers() is answers


def test_targets_are_judged_each_by_itself(on: FirewallHarness) -> None:
    apply(on, policy(tcp(networks=(IPv4Network(f"{NODE}/32"),)), acl=acl(entry(1, allow=True))))
    assert [on.answers(target) for target in (TARGET, OTHER)] == [True, True]


def test_the_policy_outlives_the_control_plane(on: FirewallHarness) -> None:
    apply(on, policy(from_node(80)))
    on.again()
    assert not on.answers()
    apply(on, policy(from_node()))
    assert on.answers()


def test_the_same_policy_again_calls_nobody(on: FirewallHarness) -> None:
    changes: list[Policy | None] = []
    on.firewall.on_change(lambda: changes.append(on.firewall.in_force()))
    first, second = policy(from_node(80)), policy()
    for each in (first, policy(from_node(80)), second):
        apply(on, each)
    assert changes == [first, second]


@rule("SG-11")
@pytest.mark.parametrize(
    ("there", "back", "answers"),
    [
        pytest.param("", "", False, id="no route"),
        pytest.param("10.231.7.0/24", "", False, id="no route for the answers"),
        pytest.param("", "10.231.9.0/24", False, id="no route for the requests"),
        pytest.param("10.231.0.0/20", "10.231.9.0/24", True, id="routes both ways"),
    ],
)
def test_another_vpc_is_reached_by_routes_only_whatever_the_groups_admit(on: FirewallHarness, there: str, back: str, answers: bool) -> None:
    apply(on, two_vpcs(there, back))
    assert on.answers() is answers
