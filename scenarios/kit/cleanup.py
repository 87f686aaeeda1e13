"""Removes what the tutorial makes, in the order that AWS wants (TUT-54). Before a run, after it, and twice in a row it does the same."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from scenarios.kit.fleet import ALARM, CONFIGURATION, GROUP, LOAD_BALANCER, TARGET_GROUP, TOPIC
from scenarios.kit.stage import Stage

KEY_PAIR = "your-key-pair"
SECURITY_GROUPS = ("coinbase-instances", "coinbase-lb", "your-security-group")


def clean_up(stage: Stage, what: str) -> None:
    stage.chapter(f"Clearing away {what}")
    gone = [_group(stage), clear_alarms(stage, [ALARM]), _load_balancer(stage), _target_group(stage)]
    gone += [_launch_configuration(stage), _launch_template(stage)]
    _wait_for_instances(stage)
    gone += [_security_groups(stage), _key_pair(stage), _topic(stage)]
    stage.stamped("done" if any(gone) else "there was nothing")


def _group(stage: Stage) -> bool:
    if not _groups(stage):
        return False
    stage.quietly("autoscaling", "delete_auto_scaling_group", AutoScalingGroupName=GROUP, ForceDelete=True)
    stage.wait_until("the Auto Scaling group is deleted", lambda: not _groups(stage), timedelta(minutes=10))
    return True


def _groups(stage: Stage) -> list[Any]:
    return list(stage.ask("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[GROUP])["AutoScalingGroups"])


def clear_alarms(stage: Stage, names: Sequence[str]) -> bool:
    found = [alarm["AlarmName"] for alarm in stage.ask("cloudwatch", "describe_alarms", AlarmNames=list(names))["MetricAlarms"]]
    if found:
        stage.quietly("cloudwatch", "delete_alarms", AlarmNames=found)
    return bool(found)


def _load_balancer(stage: Stage) -> bool:
    found = stage.quietly("elbv2", "describe_load_balancers", Names=[LOAD_BALANCER]).answer.get("LoadBalancers", [])
    for lb in found:
        for listener in stage.ask("elbv2", "describe_listeners", LoadBalancerArn=lb["LoadBalancerArn"])["Listeners"]:
            stage.quietly("elbv2", "delete_listener", ListenerArn=listener["ListenerArn"])
        stage.quietly("elbv2", "delete_load_balancer", LoadBalancerArn=lb["LoadBalancerArn"])
    return bool(found)


def _target_group(stage: Stage) -> bool:
    found = stage.quietly("elbv2", "describe_target_groups", Names=[TARGET_GROUP]).answer.get("TargetGroups", [])
    for target_group in found:
        stage.quietly("elbv2", "delete_target_group", TargetGroupArn=target_group["TargetGroupArn"])
    return bool(found)


def _launch_configuration(stage: Stage) -> bool:
    names = {"LaunchConfigurationNames": [CONFIGURATION]}
    found = stage.ask("autoscaling", "describe_launch_configurations", **names)["LaunchConfigurations"]
    if found:
        stage.quietly("autoscaling", "delete_launch_configuration", LaunchConfigurationName=CONFIGURATION)
    return bool(found)


def _launch_template(stage: Stage) -> bool:
    filters = [{"Name": "launch-template-name", "Values": [CONFIGURATION]}]
    found = stage.ask("ec2", "describe_launch_templates", Filters=filters)["LaunchTemplates"]
    if found:
        stage.quietly("ec2", "delete_launch_template", LaunchTemplateName=CONFIGURATION)
    return bool(found)


def _wait_for_instances(stage: Stage) -> None:
    """Security groups go only when no instance uses them."""
    members = [{"Name": "tag:aws:autoscaling:groupName", "Values": [GROUP]}]
    alive = [*members, {"Name": "instance-state-name", "Values": ["pending", "running", "shutting-down", "stopping", "stopped"]}]

    def gone() -> bool:
        return not stage.ask("ec2", "describe_instances", Filters=alive)["Reservations"]

    if not gone():
        stage.wait_until("its instances are terminated", gone, timedelta(minutes=10))


def _security_groups(stage: Stage) -> bool:
    names = [{"Name": "group-name", "Values": list(SECURITY_GROUPS)}]
    found = {g["GroupName"]: g["GroupId"] for g in stage.ask("ec2", "describe_security_groups", Filters=names)["SecurityGroups"]}
    for name in SECURITY_GROUPS:  # the instances' first: it refers to the load balancer's
        if name in found:
            stage.quietly("ec2", "delete_security_group", GroupId=found[name])
    return bool(found)


def _key_pair(stage: Stage) -> bool:
    filters = [{"Name": "key-name", "Values": [KEY_PAIR]}]
    found = stage.ask("ec2", "describe_key_pairs", Filters=filters)["KeyPairs"]
    if found:
        stage.quietly("ec2", "delete_key_pair", KeyName=KEY_PAIR)
    return bool(found)


def _topic(stage: Stage) -> bool:
    found = [t["TopicArn"] for t in stage.ask("sns", "list_topics")["Topics"] if t["TopicArn"].endswith(f":{TOPIC}")]
    for arn in found:
        stage.quietly("sns", "delete_topic", TopicArn=arn)
    return bool(found)
