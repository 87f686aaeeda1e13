"""Faults on instances in a whole sandbox in virtual time: what AWS says, what clients get, what comes of it, and what is left."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.control.build import control_surface
from sandbox.control.health import Disk
from sandbox.core.errors import UserError
from sandbox.core.ports import FaultRequest
from sandbox.drivers.runtime.base import UNIMPAIRED
from tests.support import Fleet, rule, virtual_sandbox


@pytest.fixture
def fleet() -> Fleet:
    """Three healthy instances, one in each zone, that are not replaced for their targets' health."""
    made = Fleet(virtual_sandbox()).make(HealthCheckType="EC2")
    made.on.run(60)
    assert made.well()
    return made


def inject(fleet: Fleet, kind: str, *targets: str, minutes: float | None = None, **parameters: object) -> str:
    duration = timedelta(minutes=minutes) if minutes else None
    return fleet.on.sandbox.injector.inject(FaultRequest(kind=kind, targets=targets, parameters=parameters, duration=duration))


def statuses(fleet: Fleet, count: int = 300) -> Counter[int]:
    return Counter(fleet.on.sandbox.simulated.proxy.request(fleet.listener).status for _ in range(count))


def status_check(fleet: Fleet, instance_id: str) -> str:
    found = fleet.on.client("ec2").describe_instance_status(InstanceIds=[instance_id])["InstanceStatuses"]
    return str(found[0]["InstanceStatus"]["Status"])


@rule("EC2-30")
def test_an_instance_that_hangs_fails_its_health_checks_and_its_status_check_and_is_well_when_it_is_over(fleet: Fleet) -> None:
    victim = fleet.in_service()[0]
    inject(fleet, "instance-hang", victim, minutes=2)
    fleet.on.run(90)
    assert (fleet.health()[victim], status_check(fleet, victim), fleet.members()[victim]) == ("unhealthy", "impaired", "InService")
    fleet.on.run(150)
    assert (status_check(fleet, victim), fleet.well()) == ("ok", True)


def test_a_gray_failure_is_seen_by_clients_and_by_nobody_else(fleet: Fleet) -> None:
    fault = inject(fleet, "error-rate", f"web@{fleet.described()['Instances'][0]['AvailabilityZone']}", percent=100, status=503)
    fleet.on.run(120)
    assert statuses(fleet) == {200: 200, 503: 100}
    assert fleet.well()
    fleet.on.sandbox.injector.clear(fault)
    fleet.on.run(1)
    assert statuses(fleet) == {200: 300}


def test_latency_of_a_group_reaches_the_instance_that_is_launched_later(fleet: Fleet) -> None:
    inject(fleet, "latency", "web", milliseconds=700)
    inject(fleet, "instance-terminate", fleet.in_service()[0])
    fleet.on.run(120)
    assert fleet.well()
    found = {r.target_id: r.latency for r in (fleet.on.sandbox.simulated.proxy.request(fleet.listener) for _ in range(6))}
    assert set(found) == set(fleet.in_service())
    assert min(found.values()) >= timedelta(milliseconds=700)


@rule("ASG-40")
def test_what_a_fault_led_to_has_it_as_its_first_cause(fleet: Fleet) -> None:
    victim = fleet.in_service()[0]
    fault = inject(fleet, "instance-terminate", victim)
    fleet.on.run(120)
    journal = fleet.on.sandbox.journal
    launched = next(event for event in reversed(journal.events()) if event.detail_type == "EC2 Instance Launch Successful")
    assert journal.chain(launched)[0].resources[0] == fault
    assert (victim in fleet.members(), fleet.well()) == (False, True)


@pytest.mark.parametrize("kind", ["instance-stop", "instance-crash", "process-kill"])
def test_every_way_to_lose_an_instance_is_survived_by_a_group_with_elb_checks(kind: str) -> None:
    fleet = Fleet(virtual_sandbox()).make()
    fleet.on.run(60)
    victim = fleet.in_service()[0]
    inject(fleet, kind, victim)
    fleet.on.run(180)
    assert (victim in fleet.in_service(), fleet.well()) == (False, True)


def test_a_fault_of_the_api_does_not_hide_what_another_fault_acts_on_and_its_own_call_fails_in_a_sentence(fleet: Fleet) -> None:
    inject(fleet, "api-error", "ec2")
    with pytest.raises(UserError, match="TerminateInstances failed: InternalError"):
        inject(fleet, "instance-terminate", "web")
    inject(fleet, "instance-hang", "web")
    assert len(fleet.on.sandbox.faults.active()) == 2


def test_faults_go_on_in_the_next_control_plane_and_end_there(fleet: Fleet, tmp_path: Path) -> None:
    victim, other = fleet.in_service()[:2]
    inject(fleet, "instance-hang", victim, minutes=5)
    inject(fleet, "latency", other, minutes=5, milliseconds=400)
    fleet.on.run(60)
    later = fleet.after(fleet.on.restart(tmp_path / "state.bin"))
    later.on.run(30)
    answers = [later.on.sandbox.simulated.proxy.request(later.listener) for _ in range(6)]
    assert {a.target_id: a.latency > timedelta(milliseconds=300) for a in answers}[other]
    assert later.health()[victim] == "unhealthy"
    later.on.run(300)
    assert (later.well(), later.on.sandbox.faults.active(), later.on.sandbox.faults.impaired) == (True, (), frozenset())


def test_a_reset_clears_all_faults_and_leaves_no_machine(fleet: Fleet) -> None:
    inject(fleet, "instance-hang", "web")
    inject(fleet, "error-rate", "web", percent=50)
    surface: Any = control_surface(fleet.on.sandbox, Disk)
    surface.reset()
    fleet.on.run(60)
    assert (fleet.on.sandbox.faults.active(), fleet.on.sandbox.faults.impaired, dict(fleet.on.runtime.containers())) == (
        (),
        frozenset(),
        {},
    )


def test_what_is_cleared_by_hand_is_healed_at_once(fleet: Fleet) -> None:
    fault = inject(fleet, "cpu-heat", "web", percent=5)
    fleet.on.sandbox.injector.clear(fault)
    assert {c.impairment for c in fleet.on.runtime.containers().values()} == {UNIMPAIRED}
