"""What every Network does, with the kernel's packet filter or in the simulated world."""

from collections.abc import Iterator
from ipaddress import IPv4Network

import pytest

from tests.support.drivers.networks import HERE, THERE, NetworkHarness, NftHarness, SimulatedHarness
from tests.support.waiting import until


@pytest.fixture(params=["simulated", pytest.param("nft", marks=pytest.mark.docker)])
def on(request: pytest.FixtureRequest) -> Iterator[NetworkHarness]:
    made = {"simulated": SimulatedHarness, "nft": NftHarness}[request.param]()
    yield made
    made.close()


def apply(on: NetworkHarness, *ranges: IPv4Network) -> None:
    """And waits until it is in force."""
    on.network.apply(frozenset(ranges))
    until(lambda: on.network.cut_off() == frozenset(ranges))


def test_nothing_is_cut_off_at_first(on: NetworkHarness) -> None:
    assert (on.network.cut_off(), on.network.available()) == (frozenset(), None)
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [True, True]


def test_a_range_that_is_cut_off_is_silent_until_it_is_connected_again(on: NetworkHarness) -> None:
    apply(on, THERE)
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [True, False]
    apply(on)
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [True, True]


def test_what_is_applied_replaces_what_was_cut_off_before(on: NetworkHarness) -> None:
    apply(on, HERE, THERE)
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [False, False]
    apply(on, HERE)
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [False, True]


def test_ranges_stay_cut_off_when_the_control_plane_ends_and_the_next_one_sees_them(on: NetworkHarness) -> None:
    apply(on, THERE)
    assert on.again().cut_off() == {THERE}
    assert not on.answers(THERE)
    apply(on)
    assert on.answers(THERE)


def test_the_same_again_changes_nothing_and_calls_nobody(on: NetworkHarness) -> None:
    changes: list[frozenset[IPv4Network]] = []
    on.network.on_change(lambda: changes.append(on.network.cut_off()))
    apply(on, THERE)
    apply(on, THERE)
    on.again().on_change(lambda: changes.append(on.network.cut_off()))
    apply(on, THERE)
    apply(on)
    assert changes == [{THERE}, frozenset()]


def test_adjacent_and_overlapping_ranges_are_one(on: NetworkHarness) -> None:
    low, high = THERE.subnets()
    on.network.apply(frozenset((low, high, IPv4Network(f"{THERE[10]}/32"))))
    until(lambda: on.network.cut_off() == {THERE})
    assert not on.answers(THERE)


def test_one_address_can_be_cut_off(on: NetworkHarness) -> None:
    apply(on, IPv4Network(f"{THERE[10]}/32"))
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [True, False]
