"""Lifecycle hooks in a whole sandbox, behind a load balancer, in virtual seconds: launches and terminations that wait, and restarts."""

from pathlib import Path
from typing import Any

import pytest

from tests.support import Fleet, rule, virtual_sandbox

LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
SLOW = "Launching a new EC2 instance: {}.  Status Reason: Instance failed to complete user's Lifecycle Action: Lifecycle Action with token "


@pytest.fixture
def fleet() -> Fleet:
    """Three instances in service, each a healthy target."""
    made = Fleet(virtual_sandbox()).make(delay=20)
    assert made.on.until(made.well, 120) is not None
    return made


def put(fleet: Fleet, name: str, transition: str, **more: Any) -> None:
    given = {"HeartbeatTimeout": 60} | more
    asg = fleet.on.client("autoscaling")
    asg.put_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName=name, LifecycleTransition=transition, **given)


def complete(fleet: Fleet, hook: str, instance: str, result: str = "CONTINUE") -> None:
    named = {"AutoScalingGroupName": "web", "LifecycleHookName": hook, "InstanceId": instance}
    fleet.on.client("autoscaling").complete_lifecycle_action(**named, LifecycleActionResult=result)


def resize(fleet: Fleet, desired: int) -> None:
    fleet.on.client("autoscaling").set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=desired)


def waiting(fleet: Fleet, state: str, limit: float = 60) -> str:
    """Runs until one instance is in that state."""
    assert fleet.on.until(lambda: state in fleet.members().values(), limit) is not None
    [instance] = [i for i, each in fleet.members().items() if each == state]
    return instance


def activity(fleet: Fleet, instance: str) -> dict[str, Any]:
    """The newest about the instance."""
    return next(each for each in fleet.activities() if instance in each["Description"])


@rule("ASG-79", "ASG-89")
def test_a_launched_instance_is_no_target_until_its_hook_continues(fleet: Fleet) -> None:
    put(fleet, "boot", LAUNCHING)
    resize(fleet, 4)
    instance = waiting(fleet, "Pending:Wait")
    fleet.on.run(50)
    assert instance not in fleet.health() and activity(fleet, instance)["StatusCode"] == "MidLifecycleAction"
    complete(fleet, "boot", instance)
    assert fleet.on.until(lambda: instance in fleet.in_service(), 3) is not None
    assert instance in fleet.health() and fleet.on.until(fleet.well, 30) is not None


@rule("ASG-88", "ASG-90")
def test_a_launch_that_nobody_completes_is_abandoned_and_done_again(fleet: Fleet) -> None:
    put(fleet, "boot", LAUNCHING)
    resize(fleet, 4)
    lost = waiting(fleet, "Pending:Wait")
    fleet.on.run(59)
    assert lost in fleet.members()
    fleet.on.run(3)
    cancelled = next(each for each in fleet.activities() if each["StatusCode"] == "Cancelled")
    assert cancelled["Description"].startswith(SLOW.format(lost)) and cancelled["Description"].endswith("was abandoned: Heartbeat Timeout")
    assert cancelled["StatusMessage"] == cancelled["Description"].split("Status Reason: ")[1]
    again = waiting(fleet, "Pending:Wait")
    assert again != lost
    complete(fleet, "boot", again)
    assert fleet.on.until(fleet.well, 60) is not None and lost not in fleet.members()


@rule("ASG-80", "ASG-59", "ASG-88")
def test_a_terminating_instance_drains_then_waits_for_its_hook_then_goes(fleet: Fleet) -> None:
    put(fleet, "drain", TERMINATING, DefaultResult="CONTINUE")
    resize(fleet, 2)
    instance = waiting(fleet, "Terminating")
    fleet.on.run(1)
    seen: list[str] = []
    while instance in fleet.members():
        seen.append(f"{fleet.members()[instance]} {activity(fleet, instance)['StatusCode']}")
        fleet.on.run(1)
    draining, waits = (
        seen.count("Terminating WaitingForELBConnectionDraining"),
        seen.count("Terminating:Wait MidTerminatingLifecycleAction"),
    )
    assert draining == 20 and waits in (60, 61)
    assert set(seen[draining + waits :]) <= {"Terminating:Proceed InProgress"}
    assert activity(fleet, instance)["StatusCode"] == "Successful"


@rule("ASG-90")
def test_the_first_abandon_ends_a_termination_and_continue_waits_for_the_other_hook(fleet: Fleet) -> None:
    put(fleet, "logs", TERMINATING)
    put(fleet, "drain", TERMINATING)
    resize(fleet, 2)
    instance = waiting(fleet, "Terminating:Wait")
    complete(fleet, "logs", instance)
    fleet.on.run(2)
    assert fleet.members()[instance] == "Terminating:Wait"
    complete(fleet, "drain", instance, "ABANDON")
    fleet.on.run(2)
    assert fleet.members().get(instance) != "Terminating:Wait"


@rule("ASG-91")
def test_standby_and_detachment_run_no_hooks(fleet: Fleet) -> None:
    put(fleet, "boot", LAUNCHING)
    put(fleet, "drain", TERMINATING)
    asg, (one, two, _) = fleet.on.client("autoscaling"), fleet.in_service()
    asg.enter_standby(AutoScalingGroupName="web", InstanceIds=[one], ShouldDecrementDesiredCapacity=True)
    assert fleet.on.until(lambda: fleet.members()[one] == "Standby", 60) is not None
    asg.exit_standby(AutoScalingGroupName="web", InstanceIds=[one])
    assert fleet.on.until(lambda: fleet.members()[one] == "InService", 5) is not None
    asg.detach_instances(AutoScalingGroupName="web", InstanceIds=[two], ShouldDecrementDesiredCapacity=True)
    assert fleet.on.until(lambda: two not in fleet.members(), 60) is not None
    asg.attach_instances(AutoScalingGroupName="web", InstanceIds=[two])
    assert fleet.on.until(lambda: fleet.members()[two] == "InService", 5) is not None


@rule("ASG-70")
def test_an_instance_terminated_at_ec2_goes_without_its_hook(fleet: Fleet) -> None:
    put(fleet, "drain", TERMINATING)
    lost = fleet.in_service()[0]
    fleet.on.client("ec2").terminate_instances(InstanceIds=[lost])
    seen = set()
    while lost in fleet.members():
        seen.add(fleet.members()[lost])
        fleet.on.run(1)
    assert "Terminating:Wait" not in seen


@rule("ASG-89", "ASG-93")
def test_a_wait_outlives_the_control_plane(fleet: Fleet, tmp_path: Path) -> None:
    put(fleet, "drain", TERMINATING, DefaultResult="CONTINUE")
    resize(fleet, 2)
    instance = waiting(fleet, "Terminating:Wait")
    [told] = [e for e in fleet.on.sandbox.journal.events() if e.detail_type == "EC2 Instance-terminate Lifecycle Action"]
    fleet.on.run(30)
    after = fleet.after(fleet.on.restart(tmp_path / "state.bin"))
    assert after.members()[instance] == "Terminating:Wait"
    named = {"AutoScalingGroupName": "web", "LifecycleHookName": "drain", "LifecycleActionToken": told.detail["LifecycleActionToken"]}
    after.on.client("autoscaling").record_lifecycle_action_heartbeat(**named)
    after.on.run(50)
    assert after.members()[instance] == "Terminating:Wait"
    assert after.on.until(lambda: instance not in after.members(), 30) is not None
