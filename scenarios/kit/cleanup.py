"""Deletes the tutorial's resources in the order that AWS requires (TUT-54). Idempotent: runs before and after each scenario."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from scenarios.kit.fleet import ALARM, CONFIGURATION, GROUP, LOAD_BALANCER, TARGET_GROUP, TOPIC
from scenarios.kit.stage import Stage

KEY_PAIR = "your-key-pair"
SECURITY_GROUPS = ("coinbase-instances", "coinbase-lb", "your-security-group")


def clean_up(stage: Stage, what: str) -> None:
    stage.chapter(f"Clean up: {what}")
    deleted = [_group(stage), delete_alarms(stage, [ALARM]), _load_balancer(stage), _target_group(stage)]
    deleted += [_launch_configuration(stage), _launch_template(stage)]
    _wait_for_instances(stage)
    deleted += [_security_groups(stage), _key_pair(stage), _topic(stage)]
    stage.log("done" if any(deleted) else "nothing to delete")


def _group(stage: Stage) -> bool:
    if not _groups(stage):
        return False
    stage.try_silently("autoscaling", "delete_auto_scaling_group", AutoScalingGroupName=GROUP, ForceDelete=True)
    stage.wait_until("the Auto Scaling group is deleted", lambda: not _groups(stage), timedelta(minutes=10))
    return True


def _groups(stage: Stage) -> list[Any]:
    return list(stage.query("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[GROUP])["AutoScalingGroups"])


def delete_alarms(stage: Stage, names: Sequence[str]) -> bool:
    found = [alarm["AlarmName"] for alarm in stage.query("cloudwatch", "describe_alarms", AlarmNames=list(names))["MetricAlarms"]]
    if found:
        stage.try_silently("cloudwatch", "delete_alarms", AlarmNames=found)
    return bool(found)


def _load_balancer(stage: Stage) -> bool:
    found = stage.try_silently("elbv2", "describe_load_balancers", Names=[LOAD_BALANCER]).answer.get("LoadBalancers", [])
    for lb in found:
        for listener in stage.query("elbv2", "describe_listeners", LoadBalancerArn=lb["LoadBalancerArn"])["Listeners"]:
            stage.try_silently("elbv2", "delete_listener", ListenerArn=listener["ListenerArn"])
        stage.try_silently("elbv2", "delete_load_balancer", LoadBalancerArn=lb["LoadBalancerArn"])
    return bool(found)


def _target_group(stage: Stage) -> bool:
    found = stage.try_silently("elbv2", "describe_target_groups", Names=[TARGET_GROUP]).answer.get("TargetGroups", [])
    for target_group in found:
        stage.try_silently("elbv2", "delete_target_group", TargetGroupArn=target_group["TargetGroupArn"])
    return bool(found)


def _launch_configuration(stage: Stage) -> bool:
    names = {"LaunchConfigurationNames": [CONFIGURATION]}
    found = stage.query("autoscaling", "describe_launch_configurations", **names)["LaunchConfigurations"]
    if found:
        stage.try_silently("autoscaling", "delete_launch_configuration", LaunchConfigurationName=CONFIGURATION)
    return bool(found)


def _launch_template(stage: Stage) -> bool:
    filters = [{"Name": "launch-template-name", "Values": [CONFIGURATION]}]
    found = stage.query("ec2", "describe_launch_templates", Filters=filters)["LaunchTemplates"]
    if found:
        stage.try_silently("ec2", "delete_launch_template", LaunchTemplateName=CONFIGURATION)
    return bool(found)


def _wait_for_instances(stage: Stage) -> None:
    """AWS deletes a security group only when no instance uses it."""
    members = [{"Name": "tag:aws:autoscaling:groupName", "Values": [GROUP]}]
    alive = [*members, {"Name": "instance-state-name", "Values": ["pending", "running", "shutting-down", "stopping", "stopped"]}]

    def gone() -> bool:
        return not stage.query("ec2", "describe_instances", Filters=alive)["Reservations"]

    if not gone():
        stage.wait_until("all instances are terminated", gone, timedelta(minutes=10))


def _security_groups(stage: Stage) -> bool:
    names = [{"Name": "group-name", "Values": list(SECURITY_GROUPS)}]
    found = {g["GroupName"]: g["GroupId"] for g in stage.query("ec2", "describe_security_groups", Filters=names)["SecurityGroups"]}
    for name in SECURITY_GROUPS:  # the instances' group first: it references the load balancer's
        if name in found:
            stage.try_silently("ec2", "delete_security_group", GroupId=found[name])
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
