"""Deletes the tutorial's resources in the order that AWS requires (TUT-54). Idempotent: runs before and after each scenario."""

from datetime import timedelta

from scenarios.kit.fleet import ALARM, CONFIGURATION, GROUP, INSTANCE_GROUP, LB_GROUP, LOAD_BALANCER, TARGET_GROUP, TOPIC
from scenarios.kit.resources.deletion import (
    delete_alarms,
    delete_group,
    delete_launch_template,
    delete_load_balancer,
    delete_security_groups,
    delete_target_group,
    wait_for_instances_of,
)
from scenarios.kit.stage import Stage

KEY_PAIR = "your-key-pair"
SECURITY_GROUPS = (INSTANCE_GROUP, LB_GROUP, "your-security-group")  # the first references the second
PATIENCE = timedelta(minutes=10)


def clean_up(stage: Stage, what: str) -> None:
    stage.chapter(f"Clean up: {what}")
    deleted = [
        delete_group(stage, GROUP, PATIENCE),
        delete_alarms(stage, {"AlarmNames": [ALARM]}),
        delete_load_balancer(stage, LOAD_BALANCER),
        delete_target_group(stage, TARGET_GROUP),
        _launch_configuration(stage),
        delete_launch_template(stage, CONFIGURATION),
    ]
    wait_for_instances_of(stage, GROUP, PATIENCE)
    deleted += [delete_security_groups(stage, SECURITY_GROUPS), _key_pair(stage), _topic(stage)]
    stage.log("done" if any(deleted) else "nothing to delete")


def _launch_configuration(stage: Stage) -> bool:
    names = {"LaunchConfigurationNames": [CONFIGURATION]}
    found = stage.query("autoscaling", "describe_launch_configurations", **names)["LaunchConfigurations"]
    if found:
        stage.try_silently("autoscaling", "delete_launch_configuration", LaunchConfigurationName=CONFIGURATION)
    return bool(found)


def _key_pair(stage: Stage) -> bool:
    filters = [{"Name": "key-name", "Values": [KEY_PAIR]}]
    found = stage.query("ec2", "describe_key_pairs", Filters=filters)["KeyPairs"]
    if found:
        stage.try_silently("ec2", "delete_key_pair", KeyName=KEY_PAIR)
    return bool(found)


def _topic(stage: Stage) -> bool:
    found = [t["TopicArn"] for t in stage.query("sns", "list_topics")["Topics"] if t["TopicArn"].endswith(f":{TOPIC}")]
    for arn in found:
        stage.try_silently("sns", "delete_topic", TopicArn=arn)
    return bool(found)
