"""The control plane dies and comes back: what serves goes on, what is known stays known, and what broke meanwhile is healed."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from sandbox import takeover
from sandbox.aws import state
from sandbox.core.journal import Journal
from sandbox.wiring import build
from tests.support import Fleet, VirtualSandbox, rule, virtual_sandbox
from tests.support.trials import fleet_of, recovers, suffer
from tests.support.trouble import Deed, Trouble, plans
from tests.support.watch import Watch


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state") / "state.bin"


def restarted(fleet: Fleet, watch: Watch, saved: Path) -> Fleet:
    after = fleet.after(fleet.on.restart(saved))
    watch.follow(after.on)
    return after


@rule("TG-12")
def test_nothing_changes_for_a_healthy_fleet(saved: Path) -> None:
    """No target goes through initial, no member is replaced, and all is well at every moment."""
    fleet, watch = fleet_of(virtual_sandbox())
    members, events = fleet.members(), len(fleet.on.sandbox.journal.events())
    fleet = restarted(fleet, watch, saved)
    assert fleet.well()
    fleet.on.run(600, watch.look)
    assert fleet.well() and fleet.members() == members
    assert [e for e in fleet.on.sandbox.journal.events()[events:] if e.source != "aws.ec2"] == []  # EC2's: status checks pass
    assert watch.violations == []


def test_the_load_balancer_is_told_the_same_again(saved: Path) -> None:
    fleet, watch = fleet_of(virtual_sandbox())
    fleet = restarted(fleet, watch, saved)
    fleet.on.run(1)
    proxy = fleet.on.sandbox.simulated.proxy
    assert {proxy.request(fleet.listener).target_id for _ in range(3)} == set(fleet.members())


@rule("ASG-41", "ASG-49")
def test_what_died_meanwhile_is_replaced(saved: Path) -> None:
    fleet, watch = fleet_of(virtual_sandbox())
    victim = fleet.in_service()[0]
    machine = fleet.on.world.machine(victim)
    machine.running, machine.answers_from = False, None  # nobody was there to see it
    fleet = restarted(fleet, watch, saved)
    recovers(fleet, watch, Trouble(fleet))
    assert victim not in fleet.members()


def test_a_launch_under_way_is_not_forgotten_nor_done_twice(saved: Path) -> None:
    fleet, watch = fleet_of(virtual_sandbox())
    fleet.on.client("autoscaling").set_desired_capacity(AutoScalingGroupName=fleet.name, DesiredCapacity=5)
    assert fleet.on.until(lambda: "Pending" in fleet.members().values(), 30, step=0.1) is not None
    fleet = restarted(fleet, watch, saved)
    recovers(fleet, watch, Trouble(fleet))
    assert len(fleet.in_service()) == len(fleet.on.world.machines) == 5


def test_draining_goes_on_where_it_was(saved: Path) -> None:
    """TG-20: the delay counts from deregistration, not from the restart."""
    fleet, watch = fleet_of(virtual_sandbox())
    fleet.on.client("autoscaling").set_desired_capacity(AutoScalingGroupName=fleet.name, DesiredCapacity=2)
    assert fleet.on.until(lambda: "draining" in fleet.health().values(), 30, step=0.1) is not None
    fleet.on.run(15)
    fleet = restarted(fleet, watch, saved)
    left = fleet.on.until(lambda: "draining" not in fleet.health().values(), 60, step=0.5)
    assert left is not None and 4 <= left <= 6


@given(before=plans(longest=3), after=plans(longest=3))
@settings(max_examples=4, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_no_moment_is_a_wrong_one_to_die(saved: Path, before: list[Deed], after: list[Deed]) -> None:
    fleet, watch = fleet_of(virtual_sandbox())
    detached = suffer(fleet, watch, before).detached
    healthy = {i for i, state in fleet.health().items() if state == "healthy"}
    fleet = restarted(fleet, watch, saved)
    fleet.on.sandbox.engine.run_due()
    assert all(state in ("healthy", "unused", "draining") for i, state in fleet.health().items() if i in healthy)
    trouble = suffer(fleet, watch, after)
    trouble.detached |= detached
    recovers(fleet, watch, trouble)


def taken_up(on: VirtualSandbox, saved: Path) -> Journal:
    """The journal of the control plane that comes after, which finds what is on disk."""
    earlier = on.sandbox.journal.events()
    on.sandbox.close()
    again = build(on.sandbox.settings, virtual=True, start=on.now(), world=on.world)
    takeover.take_up(again, earlier, saved)
    return again.journal


def test_what_was_not_saved_before_the_death_is_told(saved: Path) -> None:
    on = virtual_sandbox()
    on.client("ec2").create_key_pair(KeyName="saved")
    state.save(saved, lambda: on.sandbox.journal.newest)
    on.client("ec2").create_key_pair(KeyName="late")
    journal = taken_up(on, saved)
    *_, forgotten, started = journal.events()
    assert [forgotten.detail_type, started.detail_type] == ["State Forgotten", "Sandbox Started"]
    [lost] = forgotten.detail["events"]
    late = journal.get(lost)
    assert late is not None and late.detail["requestParameters"] == {"KeyName": "late"}
    assert forgotten.summary == f"the control plane died before it saved the effects of 1 event ({lost} to {lost})"


def test_a_control_plane_that_saved_all_has_forgotten_nothing(saved: Path) -> None:
    on = virtual_sandbox()
    on.client("ec2").create_key_pair(KeyName="saved")
    state.save(saved, lambda: on.sandbox.journal.newest)
    *_, before, started = taken_up(on, saved).events()
    assert [before.summary, started.detail_type] == ["a user called CreateKeyPair", "Sandbox Started"]
