"""The control plane dies and comes back: what serves goes on, what is known stays known, and what broke meanwhile is healed."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from sandbox import takeover
from sandbox.aws import state
from sandbox.core.journal import Journal
from sandbox.services.elbv2.model import TargetState
from sandbox.wiring import build
from tests.support import VirtualSandbox, rule, virtual_sandbox
from tests.support.exploration import reading
from tests.support.exploration.explorer import Explorer
from tests.support.exploration.plans import Step, plans


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return tmp_path / "state.bin"


@rule("TG-12")
def test_nothing_changes_for_a_healthy_fleet(explorer: Explorer) -> None:
    """No target goes through initial, no member is replaced, and all is well at every moment."""
    fleet = explorer.account.fleet
    members, events = fleet.members(), len(fleet.on.sandbox.journal.events())
    explorer.restart()
    fleet = explorer.account.fleet
    assert fleet.well()
    explorer.run(600)
    assert fleet.well() and fleet.members() == members
    assert [e for e in fleet.on.sandbox.journal.events()[events:] if e.source != "aws.ec2"] == []  # EC2's: status checks pass
    assert explorer.violations == []


def test_the_load_balancer_gets_the_same_configuration_again(explorer: Explorer) -> None:
    explorer.restart()
    explorer.run(1)
    fleet = explorer.account.fleet
    responses = [explorer.account.send(fleet.listener) for _ in range(3)]
    assert {response.target_id for response in responses if response} == set(fleet.members())


@rule("ASG-41", "ASG-49")
def test_what_died_meanwhile_is_replaced(explorer: Explorer) -> None:
    victim = explorer.account.fleet.in_service()[0]
    machine = explorer.account.world.machine(victim)
    machine.running, machine.answers_from = False, None  # no control plane was there to see it
    explorer.restart()
    explorer.recover()
    assert explorer.violations == []
    assert victim not in explorer.account.fleet.members()


def test_a_launch_under_way_is_not_forgotten_nor_done_twice(explorer: Explorer) -> None:
    fleet = explorer.account.fleet
    explorer.account.autoscaling.set_desired_capacity(AutoScalingGroupName=fleet.name, DesiredCapacity=5)
    assert fleet.on.until(lambda: "Pending" in fleet.members().values(), 30, step=0.1) is not None
    explorer.restart()
    explorer.recover()
    assert explorer.violations == []
    assert len(explorer.account.fleet.in_service()) == len(explorer.account.world.machines) == 5


def test_draining_goes_on_where_it_was(explorer: Explorer) -> None:
    """TG-20: the delay counts from deregistration, not from the restart."""
    fleet = explorer.account.fleet
    explorer.account.autoscaling.set_desired_capacity(AutoScalingGroupName=fleet.name, DesiredCapacity=2)
    assert fleet.on.until(lambda: "draining" in fleet.health().values(), 30, step=0.1) is not None
    explorer.run(15)
    explorer.restart()
    fleet = explorer.account.fleet
    left = fleet.on.until(lambda: "draining" not in fleet.health().values(), 60, step=0.5)
    assert left is not None and 4 <= left <= 6


@given(before=plans(longest=3), after=plans(longest=3))
@settings(max_examples=4, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_no_moment_is_a_wrong_one_to_die(tmp_path: Path, before: list[Step], after: list[Step]) -> None:
    explorer = Explorer(0, tmp_path / "state.bin").begin()
    for step in before:
        explorer.carry_out(step)
    healthy = {target for target, state in reading.targets().items() if state is TargetState.HEALTHY}
    explorer.restart()
    explorer.account.on.sandbox.engine.run_due()
    now = reading.targets()
    assert {now[target] for target in healthy} <= {TargetState.HEALTHY, TargetState.UNUSED, TargetState.DRAINING}
    for step in after:
        explorer.carry_out(step)
    explorer.recover()
    assert explorer.violations == []


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
