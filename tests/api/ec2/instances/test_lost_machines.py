"""Machines that end, disappear or start outside the API, and Docker away."""

import random
from pathlib import Path

import pytest

from sandbox.aws import state
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import World
from sandbox.services.ec2.controller import Ec2Controller
from tests.support import rule
from tests.support.api.ec2 import UNKNOWN, Ec2, status


@rule("EC2-10", "EC2-11", "EC2-12")
@pytest.mark.parametrize(("behavior", "state", "told"), [("stop", "stopped", "stopping"), ("terminate", "terminated", "shutting-down")])
def test_a_machine_that_ends_by_itself(ec2: Ec2, behavior: str, state: str, told: str) -> None:
    (instance_id,) = ec2.running()
    ec2.api.modify_instance_attribute(InstanceId=instance_id, InstanceInitiatedShutdownBehavior={"Value": behavior})
    ec2.machines.exit(instance_id, exit_code=137, oom_killed=True)
    ec2.settle()
    assert ec2.states_told(instance_id)[2] == told
    ec2.wait(3)
    described = ec2.describe(instance_id)
    assert described["State"]["Name"] == state
    code = "Client.InstanceInitiatedShutdown"
    assert described["StateReason"] == {"Code": code, "Message": f"{code}: Instance initiated shutdown"}
    assert described["StateTransitionReason"] == code
    exited = next(e for e in ec2.journal.about(instance_id) if e.detail_type == "Instance Machine Exited")
    assert exited.summary == f"the machine of {instance_id} ran out of memory and was killed"
    last = ec2.journal.about(instance_id)[-1]
    assert exited in ec2.journal.chain(last)


@rule("EC2-10")
def test_an_instance_that_shut_itself_down_can_be_started(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.machines.exit(instance_id)
    ec2.wait(3)
    ec2.api.start_instances(InstanceIds=[instance_id])
    ec2.wait(3)
    assert ec2.state(instance_id) == "running"
    assert "StateReason" not in ec2.describe(instance_id)


@pytest.mark.parametrize("stopped", [False, True])
def test_a_machine_that_was_removed_outside_the_api_ends_the_instance(ec2: Ec2, stopped: bool) -> None:
    (instance_id,) = ec2.running()
    if stopped:
        ec2.api.stop_instances(InstanceIds=[instance_id])
        ec2.wait(3)
    ec2.machines.remove(instance_id)
    ec2.settle()
    described = ec2.describe(instance_id)
    assert described["State"]["Name"] == "terminated"
    assert described["StateReason"] == {
        "Code": "Server.InternalError",
        "Message": "Server.InternalError: The machine of the instance was lost",
    }
    assert ec2.states_told(instance_id)[-2:] == ["shutting-down", "terminated"]


def test_while_docker_is_away_no_instance_is_taken_as_dead(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.machines.away = "Docker does not answer"
    ec2.wait(600)
    assert ec2.state(instance_id) == "running"


def test_what_never_ran_can_be_terminated_while_docker_is_away(ec2: Ec2) -> None:
    ec2.machines.away = "Docker does not answer"
    ids = ec2.running()
    ec2.api.terminate_instances(InstanceIds=ids)
    ec2.wait(1)
    assert ec2.state(ids[0]) == "terminated"
    ec2.machines.away = None
    ec2.wait(10)
    assert ec2.machines.containers() == {}


def test_a_termination_is_done_when_docker_is_back(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.machines.away = "Docker does not answer"
    ec2.api.terminate_instances(InstanceIds=[instance_id])
    ec2.wait(60)
    assert ec2.state(instance_id) == "shutting-down"
    ec2.machines.away = None
    ec2.wait(10)
    assert ec2.state(instance_id) == "terminated"
    assert ec2.machines.containers() == {}


def test_a_container_without_an_instance_is_removed(ec2: Ec2) -> None:
    ec2.machines.add(UNKNOWN)
    ec2.wait(3)
    assert ec2.machines.containers() == {}
    assert [e.detail_type for e in ec2.journal.about(UNKNOWN)] == ["Orphan Removed"]
    assert [loop.key for loop in ec2.engine.loops()] == []


def test_a_stopped_machine_that_somebody_starts_is_stopped_again(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.api.stop_instances(InstanceIds=[instance_id])
    ec2.wait(3)
    ec2.machines.run(instance_id)
    ec2.wait(3)
    assert ec2.machines.containers()[instance_id].state.value == "exited"
    assert ec2.state(instance_id) == "stopped"


def test_the_loop_goes_on_after_its_memory_and_its_process_are_lost(ec2: Ec2, tmp_path: Path) -> None:
    """What is saved is moto's backends; the controller is new."""
    pending, running, stopping = ec2.running(3)
    ec2.api.stop_instances(InstanceIds=[pending])
    ec2.wait(3)
    ec2.api.start_instances(InstanceIds=[pending])
    ec2.api.stop_instances(InstanceIds=[stopping])
    state.save(tmp_path / "state")
    state.reset()
    state.load(tmp_path / "state")
    ec2.engine.add([Ec2Controller(ec2.journal, ec2.machines)])
    ec2.wait(5)
    assert [ec2.state(i) for i in (pending, running, stopping)] == ["running", "running", "stopped"]
    (fresh,) = ec2.run()
    assert ec2.describe(fresh)["PrivateIpAddress"] == "172.31.0.7"


def test_the_same_life_on_machines_of_the_simulated_world(ec2: Ec2) -> None:
    world = World(clock=ec2.clock, at=ec2.engine.at, random=random.Random(0))
    runtime = SimulatedRuntime(world)
    controller = Ec2Controller(ec2.journal, runtime)
    ec2.engine.add([controller])  # in the place of the first
    left, crashed, rebooted = ids = ec2.running(3)
    assert {i: world.machine(i).address for i in ids} == {i: ec2.describe(i)["PrivateIpAddress"] for i in ids}
    ec2.api.terminate_instances(InstanceIds=[left])
    runtime.crash(crashed)
    ec2.api.reboot_instances(InstanceIds=[rebooted])
    ec2.wait(120)
    assert [ec2.state(i) for i in ids] == ["terminated", "stopped", "running"]
    assert status(ec2, rebooted) == ("ok", "ok")
    assert runtime.containers()[rebooted].boots == 2
    ec2.api.start_instances(InstanceIds=[crashed])
    ec2.wait(3)
    assert ec2.state(crashed) == "running"
    world.machine(rebooted).impaired = True
    ec2.wait(60)
    assert status(ec2, rebooted) == ("ok", "impaired")
