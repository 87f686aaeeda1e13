"""Zones whose hosts lose their power: what EC2 would see of them, and how they come back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.aws.active_faults import LaunchAttempt
from sandbox.drivers.runtime.base import ContainerState, LaunchSpec
from sandbox.drivers.world import Answer
from tests.support import rule
from tests.support.services.faults import FaultsInTime, instance

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def faults() -> FaultsInTime:
    """Two machines in a, one in b."""
    made = FaultsInTime()
    for instance_id, zone in (("i-1", "us-east-1a"), ("i-2", "us-east-1a"), ("i-3", "us-east-1b")):
        known = instance(instance_id, zone)
        made.inventory.known.append(known)
        made.context.runtime.launch(spec(instance_id, zone, known.private_ip_address or ""))
    made.wait(5 * SECOND)
    return made


def spec(instance_id: str, zone: str, address: str) -> LaunchSpec:
    place = {"vpc_id": "vpc-1", "subnet_id": "subnet-1", "subnet_cidr": "10.0.0.0/24", "private_dns_name": "ip"}
    about = {"image_id": "ami-1", "instance_type": "t3.micro", "account": "123456789012", "region": "us-east-1"}
    return LaunchSpec(instance_id=instance_id, availability_zone=zone, private_ip_address=address, **place, **about)  # type: ignore[arg-type]


def answers(faults: FaultsInTime) -> list[Answer]:
    assert faults.context.runtime.name == "simulated"
    world = faults.context.runtime._world  # type: ignore[attr-defined]
    return [world.connect(each.private_ip_address, 80)[0] for each in faults.inventory.known]


UP, GONE = Answer.RESPONSE, Answer.BLACKHOLE


@rule("AZ-6", "AZ-7")
def test_hosts_without_power_answer_nothing_and_their_machines_stay_and_boot_when_it_is_back(faults: FaultsInTime) -> None:
    assert answers(faults) == [UP, UP, UP]
    fault = faults.inject("zone-power-off", "us-east-1a")
    assert answers(faults) == [GONE, GONE, UP]
    assert {faults.context.runtime.containers()[i].state for i in ("i-1", "i-2")} == {ContainerState.RUNNING}
    faults.wait(5 * MINUTE)
    faults.injector.clear(fault.id)
    faults.wait(5 * SECOND)
    assert answers(faults) == [UP, UP, UP]
    assert [faults.context.runtime.containers()[i].boots for i in ("i-1", "i-2", "i-3")] == [2, 2, 1]
    assert (faults.cut_off(), faults.registry.impaired) == ({}, frozenset())


@rule("AZ-7", "EC2-30")
def test_the_system_status_check_fails_from_a_minute_on(faults: FaultsInTime) -> None:
    faults.inject("zone-power-off", "us-east-1a")
    seen = []
    for _ in range(3):
        seen.append(
            [(faults.hooks.unnoticed(faults.hosted(each)), faults.hooks.host_unreachable(faults.hosted(each))) for each in ("i-1", "i-3")]
        )
        faults.wait(30 * SECOND)
    well, early, late = (False, False), (True, False), (False, True)
    assert seen == [[early, well], [early, well], [late, well]]


@rule("AZ-7", "ASG-60")
def test_launches_find_no_capacity_meanwhile_unless_they_are_to(faults: FaultsInTime) -> None:
    asked = [LaunchAttempt(zone=zone, instance_type="t3.micro") for zone in ("us-east-1a", "us-east-1b")]
    fault = faults.inject("zone-power-off", "us-east-1a")
    assert [bool(faults.hooks.no_capacity(each)) for each in asked] == [True, False]
    faults.injector.clear(fault.id)
    faults.inject("zone-power-off", "us-east-1a", launches="succeed")
    assert [bool(faults.hooks.no_capacity(each)) for each in asked] == [False, False]


def test_where_launches_succeed_a_new_instance_is_not_affected(faults: FaultsInTime) -> None:
    faults.inject("zone-power-off", "us-east-1a", launches="succeed")
    late = replace(instance("i-4"), launched_at=faults.clock.now() + SECOND)
    faults.inventory.known.append(late)
    faults.context.runtime.launch(spec("i-4", "us-east-1a", late.private_ip_address or ""))
    faults.wait(5 * SECOND)
    assert answers(faults) == [GONE, GONE, UP, UP]


def test_a_machine_that_is_rebooted_without_power_is_off_again(faults: FaultsInTime) -> None:
    faults.inject("zone-power-off", "us-east-1a")
    faults.context.runtime.reboot("i-1")
    faults.wait(5 * SECOND)
    faults.wait(SECOND)
    assert faults.context.runtime.containers()["i-1"].impairment.frozen


def test_two_faults_on_one_machine_end_with_the_second(faults: FaultsInTime) -> None:
    power = faults.inject("zone-power-off", "us-east-1a")
    network = faults.inject("zone-blackhole", "us-east-1a")
    faults.injector.clear(power.id)
    faults.wait(5 * SECOND)
    assert answers(faults) == [GONE, GONE, UP]
    faults.injector.clear(network.id)
    assert answers(faults) == [UP, UP, UP]


def test_after_kill_9_a_fault_whose_time_is_over_leaves_nothing(faults: FaultsInTime) -> None:
    faults.inject("zone-power-off", "us-east-1a", lasts=10 * MINUTE)
    world = faults.context.runtime._world  # type: ignore[attr-defined]
    again = FaultsInTime(faults.inventory, faults.store, faults.clock.now() + 20 * MINUTE, world)
    world.clock, world.at = again.clock, again.engine.at
    again.injector.take_up()
    again.wait(5 * SECOND)
    assert answers(again) == [UP, UP, UP]
    assert (again.cut_off(), again.registry.active(), again.registry.impaired) == ({}, (), frozenset())


@rule("AZ-6")
def test_a_cooling_failure_switches_hosts_off_and_brings_them_back_and_tells_each_step(faults: FaultsInTime) -> None:
    course: dict[str, Any] = {"ramp": "4m", "shutdown": "2m", "return_after": "20m", "return_over": "10m", "return_batches": 2}
    fault = faults.inject("zone-thermal", "us-east-1a", lasts=60 * MINUTE, residual_percent=0, cpu_percent=20, **course)
    faults.wait(30 * SECOND)
    seen = []
    for _ in range(4):
        seen.append(sum(each is GONE for each in answers(faults)))
        faults.wait(10 * MINUTE)
    assert seen == [0, 2, 1, 0]
    steps = [event for event in faults.journal.events() if event.detail_type == "Zone Thermal Step"]
    assert {event.cause for event in steps} == {fault.cause}
    assert [event.summary for event in steps if "cooling works" in event.summary] == [
        "us-east-1a: the cooling works again: racks return in batches"
    ]
    assert sum("returned" in event.summary for event in steps) == 2
    assert [faults.context.runtime.containers()[i].boots for i in ("i-1", "i-2", "i-3")] == [2, 2, 1]


def test_hosts_that_are_on_slow_down_and_recover_with_the_cooling(faults: FaultsInTime) -> None:
    faults.inject("zone-thermal", "us-east-1a", ramp="10m", first_hosts_percent=0, return_after="10m", return_over="1m", cpu_percent=20)
    left = []
    for _ in range(3):
        faults.wait(timedelta(minutes=4))
        left.append({faults.context.runtime.containers()[i].impairment.cpu_percent for i in ("i-1", "i-2")})
    assert all(percent < 100 for percent in left[0] | left[1])
    assert left[2] == {100.0}
    assert faults.context.runtime.containers()["i-3"].impairment.cpu_percent == 100


def test_a_cooling_failure_that_is_cleared_brings_back_what_would_never_have_returned(faults: FaultsInTime) -> None:
    fault = faults.inject("zone-thermal", "us-east-1a", residual_percent=100, ramp="1m", shutdown="1m", return_after="5m", return_over="1m")
    faults.wait(10 * MINUTE)
    assert answers(faults) == [GONE, GONE, UP]
    faults.injector.clear(fault.id)
    faults.wait(5 * SECOND)
    assert answers(faults) == [UP, UP, UP]
