"""Deletes one thing by its name, if it exists. → whether it existed. What a scenario creates is deleted with these in the order that AWS
requires (TUT-54): cleanup.py for the tutorial's resources, stack/remove.py for the reference service."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from scenarios.kit.stage import Stage

NOT_TERMINATED = ["pending", "running", "shutting-down", "stopping", "stopped"]


def delete_group(stage: Stage, name: str, patience: timedelta) -> bool:
    def found() -> list[Any]:
        return list(stage.query("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[name])["AutoScalingGroups"])

    if not found():
        return False
    stage.try_silently("autoscaling", "delete_auto_scaling_group", AutoScalingGroupName=name, ForceDelete=True)
    stage.wait_until("the Auto Scaling group is deleted", lambda: not found(), patience)
    return True


def delete_alarms(stage: Stage, selection: Mapping[str, Any]) -> bool:
    """`selection`: parameters of DescribeAlarms."""
    found = [alarm["AlarmName"] for alarm in stage.query("cloudwatch", "describe_alarms", **selection)["MetricAlarms"]]
    if found:
        stage.try_silently("cloudwatch", "delete_alarms", AlarmNames=found)
    return bool(found)


def delete_load_balancer(stage: Stage, name: str) -> bool:
    """With its listeners."""
    found = stage.try_silently("elbv2", "describe_load_balancers", Names=[name]).answer.get("LoadBalancers", [])
    for lb in found:
        for listener in stage.query("elbv2", "describe_listeners", LoadBalancerArn=lb["LoadBalancerArn"])["Listeners"]:
            stage.try_silently("elbv2", "delete_listener", ListenerArn=listener["ListenerArn"])
        stage.try_silently("elbv2", "delete_load_balancer", LoadBalancerArn=lb["LoadBalancerArn"])
    return bool(found)


def delete_target_group(stage: Stage, name: str) -> bool:
    found = stage.try_silently("elbv2", "describe_target_groups", Names=[name]).answer.get("TargetGroups", [])
    for target_group in found:
        stage.try_silently("elbv2", "delete_target_group", TargetGroupArn=target_group["TargetGroupArn"])
    return bool(found)


def delete_launch_template(stage: Stage, name: str) -> bool:
    filters = [{"Name": "launch-template-name", "Values": [name]}]
    found = stage.query("ec2", "describe_launch_templates", Filters=filters)["LaunchTemplates"]
    if found:
        stage.try_silently("ec2", "delete_launch_template", LaunchTemplateName=name)
    return bool(found)


def delete_security_groups(stage: Stage, names: Sequence[str]) -> bool:
    """In this order: one that references another comes before it."""
    filters = [{"Name": "group-name", "Values": list(names)}]
    found = {g["GroupName"]: g["GroupId"] for g in stage.query("ec2", "describe_security_groups", Filters=filters)["SecurityGroups"]}
    for name in names:
        if name in found:
            stage.try_silently("ec2", "delete_security_group", GroupId=found[name])
    return bool(found)


def wait_for_instances_of(stage: Stage, group: str, patience: timedelta) -> bool:
    """Until all that the group launched are terminated: then their machines are gone, and AWS deletes their security groups."""
    members = [{"Name": "tag:aws:autoscaling:groupName", "Values": [group]}, {"Name": "instance-state-name", "Values": NOT_TERMINATED}]

    def gone() -> bool:
        return not stage.query("ec2", "describe_instances", Filters=members)["Reservations"]

    if gone():
        return False
    stage.wait_until("all instances are terminated", gone, patience)
    return True
