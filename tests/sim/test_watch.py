"""The inspector notes what may never be: each case makes one impossible thing, or one that has no cause."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.core.events import Event
from sandbox.core.metrics import MetricDatum, of_value
from sandbox.drivers.world import Machine
from sandbox.services.cloudwatch.state.writes import publish_metrics
from sandbox.services.elbv2 import model
from sandbox.services.elbv2.state import writes
from tests.support import HERE
from tests.support.exploration import reading
from tests.support.exploration.explorer import Explorer


def group(explorer: Explorer) -> Any:
    return reading.groups()[explorer.account.fleet.name]


def healthy_without_a_check(explorer: Explorer) -> None:
    """As soon as the targets are registered anew."""
    arn = explorer.account.fleet.target_group
    target = {"Id": explorer.account.fleet.in_service()[0], "Port": 81}
    explorer.account.elbv2.register_targets(TargetGroupArn=arn, Targets=[target])
    writes.set_health(HERE, "web", model.TargetKey(target["Id"], 81), model.HEALTHY, explorer.account.on.now())


def pending_again(explorer: Explorer) -> None:
    group(explorer).instance_states[0].lifecycle_state = "Pending"


def larger_than_its_maximum(explorer: Explorer) -> None:
    group(explorer).desired_capacity, group(explorer).max_size = 2, 1


def a_launch_above_the_desired_capacity(explorer: Explorer) -> None:
    explorer.account.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    explorer.account.on.run(5)
    group(explorer).desired_capacity = 3


def serving_without_a_machine(explorer: Explorer) -> None:
    explorer.account.world.boot_time = timedelta(hours=1)
    explorer.account.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    explorer.run(10)
    group(explorer).instance_states[-1].lifecycle_state = "InService"


def a_member_of_two_groups(explorer: Explorer) -> None:
    explorer.account.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="api", MinSize=0, MaxSize=3, LaunchConfigurationName="web", AvailabilityZones=["us-east-1a"]
    )
    reading.groups()["api"].instance_states.append(group(explorer).instance_states[0])


def a_machine_that_nobody_knows(explorer: Explorer) -> None:
    explorer.account.world.machines["i-unknown"] = Machine(instance_id="i-unknown", address="172.31.0.99", zone="us-east-1a", running=True)


def a_running_instance_without_a_machine(explorer: Explorer) -> None:
    explorer.account.on.runtime._entries.pop(explorer.account.fleet.in_service()[0])
    explorer.account.on.runtime._snapshot = None


def progress_that_goes_back(explorer: Explorer) -> None:
    activities = group(explorer).sandbox.activities
    for key, activity in activities.items():
        activities[key] = replace(activity, progress=10)


def nothing_led_to_it(explorer: Explorer) -> None:
    event = Event(source="aws.ec2", detail_type="EC2 Instance State-change Notification", summary="out of the blue")
    explorer.account.on.sandbox.journal.record(event)


def it_led_to_its_own_cause(explorer: Explorer) -> None:
    event = Event(source="aws.ec2", detail_type="x", summary="before its cause", cause="e999999")
    explorer.account.on.sandbox.journal.record(event)


def a_loop_fails(explorer: Explorer) -> None:
    group(explorer).instance_states[0].instance = None
    explorer.account.on.sandbox.engine.wake()
    explorer.account.on.sandbox.engine.run_due()


def data_of_an_instance_that_never_was(explorer: Explorer) -> None:
    of_it = {"scope": HERE, "namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": (("InstanceId", "i-never"),)}
    publish_metrics([MetricDatum(**of_it, unit="Percent", at=explorer.account.on.now(), sample=of_value(50.0))])
    explorer.check_metrics()


def an_answer_of_a_target_that_is_not_registered(explorer: Explorer) -> None:
    """Nothing has told the load balancer yet."""
    for target_group in reading.target_groups().values():
        target_group.sandbox.targets.clear()
    explorer.check_descriptions()


@pytest.mark.parametrize(
    ("wrong", "noted"),
    [
        (healthy_without_a_check, "healthy and never passed a check"),
        (pending_again, "went from LifecycleState.IN_SERVICE to LifecycleState.PENDING"),
        (larger_than_its_maximum, "has MinSize, DesiredCapacity and MaxSize (2, 2, 1)"),
        (a_launch_above_the_desired_capacity, "launched up to 4 members, desired 3"),
        (serving_without_a_machine, "in service and its machine never ran"),
        (a_member_of_two_groups, "an instance is a member twice"),
        (a_machine_that_nobody_knows, "a machine of i-unknown is there"),
        (a_running_instance_without_a_machine, "is running and has no machine"),
        (progress_that_goes_back, "activity went back to 10 %"),
        (nothing_led_to_it, "no cause"),
        (it_led_to_its_own_cause, "is not earlier"),
        (a_loop_fails, "autoscaling failed on"),
        (data_of_an_instance_that_never_was, "('InstanceId', 'i-never') has data"),
        (an_answer_of_a_target_that_is_not_registered, "answered a request and is not registered"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_may_not_be_is_noted(wrong: Callable[[Explorer], None], noted: str, explorer: Explorer) -> None:
    assert explorer.violations == []
    wrong(explorer)
    explorer.watch.look_at_rest()
    assert any(noted in sentence for sentence in explorer.violations), explorer.violations
