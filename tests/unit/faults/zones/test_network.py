"""Zones whose network fails: what is cut off, for how long, and how several faults combine."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.core.errors import UserError
from sandbox.core.ports import KnownSubnet
from sandbox.drivers.network.unsupported import UnsupportedNetwork
from sandbox.faults.store import Saved
from tests.support import rule
from tests.support.services.faults import FaultsInTime, instance

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
A, B = {"10.0.0.0/24"}, {"10.0.1.0/24"}


@pytest.fixture
def faults() -> FaultsInTime:
    return FaultsInTime()


@rule("AZ-6")
def test_a_blackhole_cuts_all_subnets_of_the_zone_those_made_later_too(faults: FaultsInTime) -> None:
    faults.inject("zone-blackhole", "use1-az1", lasts=10 * MINUTE)
    assert faults.cut_off() == {"both": A}
    faults.inventory.known_subnets.append(KnownSubnet(subnet_id="subnet-new", zone="us-east-1a", cidr="10.9.0.0/24"))
    faults.wait(SECOND)
    assert faults.cut_off() == {"both": {*A, "10.9.0.0/24"}}
    faults.wait(10 * MINUTE)
    assert (faults.cut_off(), faults.registry.active()) == ({}, ())


@pytest.mark.parametrize("direction", ["inbound", "outbound", "cross-zone"])
def test_a_partition_has_its_direction(faults: FaultsInTime, direction: str) -> None:
    fault = faults.inject("zone-partition", "us-east-1b", direction=direction)
    assert faults.cut_off() == {direction: B}
    faults.injector.clear(fault.id)
    assert faults.cut_off() == {}


def test_a_subnet_can_be_cut_off_alone(faults: FaultsInTime) -> None:
    faults.inject("zone-blackhole", "subnet-b")
    assert faults.cut_off() == {"both": B}
    assert faults.hooks.impaired_zones() == {}


def test_a_fault_that_ends_restores_only_what_no_other_fault_cuts(faults: FaultsInTime) -> None:
    first = faults.inject("zone-blackhole", "us-east-1a")
    second = faults.inject("zone-blackhole", "subnet-a", "us-east-1b")
    faults.injector.clear(second.id)
    assert faults.cut_off() == {"both": A}
    faults.injector.clear(first.id)
    assert faults.cut_off() == {}


@rule("ARC-6")
def test_telemetry_sees_a_zone_that_nothing_reaches_and_not_a_partition(faults: FaultsInTime) -> None:
    faults.inject("zone-partition", "us-east-1b")
    fault = faults.inject("zone-blackhole", "us-east-1a")
    assert faults.hooks.impaired_zones() == {"us-east-1a": fault.since}


@rule("AZ-6")
def test_a_flapping_network_is_down_then_up_and_each_change_is_an_event(faults: FaultsInTime) -> None:
    fault = faults.inject("zone-flap", "us-east-1a", down="10s", up="20s")
    seen = []
    for _ in range(7):
        seen.append(bool(faults.cut_off()))
        faults.wait(10 * SECOND)
    assert seen == [True, False, False, True, False, False, True]
    told = [event for event in faults.journal.events() if event.detail_type == "Zone Network Change"]
    assert [event.detail["down"] for event in told] == [False, True, False, True, False]
    assert {event.cause for event in told} == {fault.cause}


def test_after_kill_9_the_next_control_plane_goes_on_at_the_same_point_of_the_flapping(faults: FaultsInTime) -> None:
    faults.inject("zone-flap", "us-east-1a", down="10s", up="20s")
    faults.wait(15 * SECOND)
    again = FaultsInTime(store=faults.store, start=faults.clock.now(), world=faults.context.network._world)  # type: ignore[attr-defined]
    again.injector.take_up()
    again.wait(SECOND)
    assert again.cut_off() == {}
    again.wait(15 * SECOND)
    assert again.cut_off() == {"both": A}


def test_a_network_that_is_cut_off_without_a_fault_is_connected_again_at_the_next_start(faults: FaultsInTime) -> None:
    faults.inject("zone-blackhole", "us-east-1a")
    faults.store.write(Saved())  # the file was lost
    faults.registry.read_saved()
    again = FaultsInTime(store=faults.store, world=faults.context.network._world)  # type: ignore[attr-defined]
    assert again.cut_off() == {"both": A}
    again.injector.take_up()
    assert again.cut_off() == {}


def test_without_a_router_it_is_refused_with_the_reason_and_nothing_is_a_fault(faults: FaultsInTime) -> None:
    faults.context = replace(faults.context, network=UnsupportedNetwork("there is no VPC router here."))
    with pytest.raises(UserError, match=r"The network cannot be cut: there is no VPC router here\."):
        faults.inject("zone-blackhole", "us-east-1a")
    assert (faults.registry.active(), faults.titles()) == ((), [])


@rule("EC2-30")
def test_instances_launched_during_the_fault_have_no_network_until_it_ends(faults: FaultsInTime) -> None:
    fault = faults.inject("launches-without-network", "us-east-1a")
    late = replace(instance("i-2"), launched_at=faults.clock.now() + MINUTE, private_ip_address="10.0.0.77")
    faults.inventory.known += [instance("i-1"), late]
    faults.wait(SECOND)
    assert faults.cut_off() == {"both": {"10.0.0.77/32"}}
    assert [faults.hooks.without_network(faults.hosted(each)) for each in ("i-1", "i-2", "i-3")] == [False, True, False]
    faults.injector.clear(fault.id)
    assert (faults.cut_off(), faults.hooks.without_network(faults.hosted("i-2"))) == ({}, False)


def test_launches_are_slow_in_the_zone_alone_and_delays_add_up(faults: FaultsInTime) -> None:
    faults.inject("slow-launches", "us-east-1a", seconds=30)
    faults.inject("slow-launches", "us-east-1b", seconds=60)
    assert [faults.hooks.launch_delay(f"us-east-1{letter}") for letter in "abc"] == [30 * SECOND, 60 * SECOND, timedelta(0)]
