"""Removes the reference service and everything that scenarios name with its prefix. Idempotent: runs before and after each run, also when a
run was stopped or raised."""

from datetime import timedelta

from scenarios.kit.resources.deletion import (
    delete_alarms,
    delete_group,
    delete_launch_template,
    delete_load_balancer,
    delete_security_groups,
    delete_target_group,
    wait_for_instances_of,
)
from scenarios.kit.stack.names import (
    GROUP,
    INSTANCE_SECURITY_GROUP,
    LB_SECURITY_GROUP,
    LOAD_BALANCER,
    PREFIX,
    TARGET_GROUP,
    TEMPLATE,
)
from scenarios.kit.stage import Stage

PATIENCE = timedelta(minutes=15)


def remove(stage: Stage, what: str) -> None:
    stage.chapter(f"Clean up: {what}")
    found = [
        delete_group(stage, GROUP, PATIENCE),
        delete_alarms(stage, {"AlarmNamePrefix": PREFIX}),
        delete_load_balancer(stage, LOAD_BALANCER),
        delete_target_group(stage, TARGET_GROUP),
        delete_launch_template(stage, TEMPLATE),
        wait_for_instances_of(stage, GROUP, PATIENCE),
        delete_security_groups(stage, (INSTANCE_SECURITY_GROUP, LB_SECURITY_GROUP)),  # the first names the second
    ]
    stage.log("done" if any(found) else "nothing to delete")
