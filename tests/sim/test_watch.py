"""The inspector sees what may not be: each test makes one impossible thing, or one that has no cause, and finds it noted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from moto.autoscaling.models import autoscaling_backends
from moto.elbv2.models import elbv2_backends

from sandbox.core.events import Event
from sandbox.services.elbv2 import model
from sandbox.services.elbv2.state import writes
from tests.support import HERE, Fleet, virtual_sandbox
from tests.support.watch import Watch


def moto_group(fleet: Fleet) -> Any:
    return autoscaling_backends[HERE.account][HERE.region].autoscaling_groups[fleet.name]


def healthy_without_a_check(fleet: Fleet) -> None:
    group = elbv2_backends[HERE.account][HERE.region].target_groups[fleet.target_group]
    for key in list(group.sandbox.targets):
        writes.set_health(HERE, fleet.name, key, model.HEALTHY, fleet.on.now())


def pending_again(fleet: Fleet) -> None:
    moto_group(fleet).instance_states[0].lifecycle_state = "Pending"


def smaller_than_it_is(fleet: Fleet) -> None:
    moto_group(fleet).max_size = 2


def serving_without_a_machine(fleet: Fleet) -> None:
    fleet.on.world.boot_time = timedelta(hours=1)
    fleet.on.client("autoscaling").set_desired_capacity(AutoScalingGroupName=fleet.name, DesiredCapacity=4)
    fleet.on.until(lambda: "Pending" in fleet.members().values(), 30)
    moto_group(fleet).instance_states[-1].lifecycle_state = "InService"


def nothing_led_to_it(fleet: Fleet) -> None:
    fleet.on.sandbox.journal.record(
        Event(source="aws.ec2", detail_type="EC2 Instance State-change Notification", summary="out of the blue")
    )


def it_led_to_its_own_cause(fleet: Fleet) -> None:
    fleet.on.sandbox.journal.record(Event(source="aws.ec2", detail_type="x", summary="before its cause", cause="e999999"))


def a_loop_fails(fleet: Fleet) -> None:
    moto_group(fleet).instance_states[0].instance = None
    fleet.on.sandbox.engine.wake()
    fleet.on.sandbox.engine.run_due()


@pytest.mark.parametrize(
    ("wrong", "noted", "after"),
    [
        (healthy_without_a_check, "healthy and never passed a check", 1),
        (pending_again, "went from InService to Pending", 15),
        (smaller_than_it_is, "3 members and MaxSize 2", 15),
        (serving_without_a_machine, "in service and its machine never ran", 15),
        (nothing_led_to_it, "no cause", 15),
        (it_led_to_its_own_cause, "is not earlier", 15),
        (a_loop_fails, "autoscaling failed on", 15),
    ],
)
def test_what_may_not_be_is_noted(wrong: Callable[[Fleet], None], noted: str, after: float) -> None:
    sandbox = virtual_sandbox()
    fleet, watch = Fleet(sandbox).make(), Watch(sandbox, "web")
    sandbox.run(after if after > 1 else 6, watch.look)
    assert watch.violations == []
    wrong(fleet)
    if wrong is not a_loop_fails:
        watch.look()
    assert any(noted in sentence for sentence in watch.violations), watch.violations
