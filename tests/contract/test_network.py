"""What every Network does: the packet filter, loopback addresses, and the simulated world."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network

import pytest

from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.base import Cut, Cuts, Direction, both_ways, normal
from tests.support.drivers.networks import HERE, THERE, LoopbackHarness, NetworkHarness, NftHarness, SimulatedHarness
from tests.support.waiting import until


@pytest.fixture(params=["simulated", "loopback", pytest.param("nft", marks=pytest.mark.docker)])
def on(request: pytest.FixtureRequest) -> Iterator[NetworkHarness]:
    harnesses: dict[str, Callable[[], NetworkHarness]] = {"simulated": SimulatedHarness, "loopback": LoopbackHarness, "nft": NftHarness}
    made = harnesses[request.param]()
    yield made
    made.close()


def apply(on: NetworkHarness, cuts: Cuts) -> None:
    """And waits until it is in force."""
    on.network.apply(cuts)
    until(lambda: on.network.cut_off() == normal(cuts))


def partition(direction: Direction, *ranges: IPv4Network) -> Cut:
    return Cut(ranges=frozenset(ranges), direction=direction)


def is_refused(on: NetworkHarness, cut: Cut) -> bool:
    """Whether this network cannot do it; then it says so when it is asked to."""
    if on.network.cannot(cut) is None:
        return False
    with pytest.raises(Misconfigured):
        on.network.apply(frozenset({cut}))
    return True


def test_nothing_is_cut_off_at_first(on: NetworkHarness) -> None:
    assert (on.network.cut_off(), on.network.available()) == (frozenset(), None)
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [True, True]


def test_a_range_that_is_cut_off_is_silent_until_it_is_connected_again(on: NetworkHarness) -> None:
    apply(on, both_ways(THERE))
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [True, False]
    apply(on, both_ways())
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [True, True]


def test_what_is_applied_replaces_what_was_cut_off_before(on: NetworkHarness) -> None:
    apply(on, both_ways(HERE, THERE))
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [False, False]
    apply(on, both_ways(HERE))
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [False, True]


def test_ranges_stay_cut_off_when_the_control_plane_ends_and_the_next_one_sees_them(on: NetworkHarness) -> None:
    apply(on, both_ways(THERE))
    assert on.again().cut_off() == both_ways(THERE)
    assert not on.answers(THERE)
    apply(on, both_ways())
    assert on.answers(THERE)


def test_the_same_again_changes_nothing_and_calls_nobody(on: NetworkHarness) -> None:
    changes: list[Cuts] = []
    on.network.on_change(lambda: changes.append(on.network.cut_off()))
    apply(on, both_ways(THERE))
    apply(on, both_ways(THERE))
    on.again().on_change(lambda: changes.append(on.network.cut_off()))
    apply(on, both_ways(THERE))
    apply(on, both_ways())
    assert changes == [both_ways(THERE), frozenset()]


def test_adjacent_and_overlapping_ranges_are_one(on: NetworkHarness) -> None:
    low, high = THERE.subnets()
    on.network.apply(both_ways(low, high, IPv4Network(f"{THERE[10]}/32")))
    until(lambda: on.network.cut_off() == both_ways(THERE))
    assert not on.answers(THERE)


def test_one_address_can_be_cut_off(on: NetworkHarness) -> None:
    apply(on, both_ways(IPv4Network(f"{THERE[10]}/32")))
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [True, False]


@pytest.mark.parametrize(
    ("direction", "answers"),
    [(Direction.BOTH, False), (Direction.INBOUND, False), (Direction.OUTBOUND, True), (Direction.CROSS_ZONE, False)],
)
def test_a_partition_hides_a_range_from_the_load_balancer_unless_it_is_outbound(
    on: NetworkHarness, direction: Direction, answers: bool
) -> None:
    if is_refused(on, partition(direction, THERE)):
        return
    apply(on, frozenset({partition(direction, THERE)}))
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [True, answers]


def test_two_partitions_and_a_cut_stand_side_by_side_and_survive_the_control_plane(on: NetworkHarness) -> None:
    low, high = THERE.subnets()
    wanted = frozenset({*both_ways(HERE), partition(Direction.INBOUND, low), partition(Direction.INBOUND, high)})
    apply(on, wanted)
    assert on.again().cut_off() == wanted
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [False, False]


def test_a_loss_of_packets_is_observed_lets_some_through_and_ends(on: NetworkHarness) -> None:
    loss = Cut(ranges=frozenset({THERE}), percent=30)
    if is_refused(on, loss):
        return
    apply(on, frozenset({loss}))
    assert on.again().cut_off() == frozenset({loss})
    assert any(on.answers(THERE) for _ in range(10))
    apply(on, frozenset())
    assert on.network.cut_off() == frozenset()


def test_a_loss_beside_a_cut_leaves_the_cut_whole(on: NetworkHarness) -> None:
    loss = Cut(ranges=frozenset({HERE, THERE}), percent=1)
    if is_refused(on, loss):
        return
    apply(on, frozenset({Cut(ranges=frozenset({THERE})), loss}))
    assert [on.answers(subnet) for subnet in (HERE, THERE)] == [True, False]
    assert {(cut.percent, cut.ranges) for cut in on.network.cut_off()} == {(100, frozenset({THERE})), (1, frozenset({HERE}))}
