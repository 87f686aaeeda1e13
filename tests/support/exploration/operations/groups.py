"""What users do to Auto Scaling groups."""

import random
from typing import Any

from tests.support.exploration.account import Account, one_of, some_of
from tests.support.exploration.registry import operation
from tests.support.fleet import AMI

NAMES = ("web", "api", "batch")
PROCESSES = (
    "Launch",
    "Terminate",
    "HealthCheck",
    "ReplaceUnhealthy",
    "AZRebalance",
    "AlarmNotification",
    "ScheduledActions",
    "AddToLoadBalancer",
)
POLICIES = ("Default", "OldestInstance", "NewestInstance", "OldestLaunchConfiguration", "ClosestToNextInstanceHour", "AllocationStrategy")
NOTICES = ("LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR")


def sizes(pick: random.Random) -> dict[str, int]:
    """Often a desired capacity outside the limits, which AWS refuses."""
    smallest = pick.randint(0, 3)
    return {"MinSize": smallest, "MaxSize": pick.randint(max(smallest - 1, 0), 6), "DesiredCapacity": pick.randint(0, 6)}


def settings(account: Account, pick: random.Random) -> dict[str, Any]:
    return {
        **sizes(pick),
        "VPCZoneIdentifier": ",".join(account.subnets(pick)),
        "HealthCheckType": pick.choice(["EC2", "ELB", "EC2,ELB"]),
        "HealthCheckGracePeriod": pick.choice([0, 30, 300]),
        "DefaultCooldown": pick.choice([0, 60, 300]),
        "DefaultInstanceWarmup": pick.choice([0, 30, 120]),
        "TerminationPolicies": pick.sample(POLICIES, pick.randint(1, 2)),
        "NewInstancesProtectedFromScaleIn": pick.random() < 0.2,
        "AvailabilityZoneDistribution": {"CapacityDistributionStrategy": pick.choice(["balanced-best-effort", "balanced-only"])},
    }


@operation
def create_group(account: Account, pick: random.Random) -> None:
    arns = [group["TargetGroupArn"] for group in account.target_groups()]
    given = sizes(pick) | {"VPCZoneIdentifier": ",".join(account.subnets(pick)), "LaunchConfigurationName": "web"}
    given |= some_of(pick, settings(account, pick)) | {"TargetGroupARNs": pick.sample(arns, pick.randint(0, len(arns)))}
    if pick.random() < 0.4:
        given["LaunchTemplate"] = {"LaunchTemplateName": "base", "Version": pick.choice(["$Latest", "$Default", "1"])}
        del given["LaunchConfigurationName"]
    account.autoscaling.create_auto_scaling_group(AutoScalingGroupName=pick.choice(NAMES), **given)


@operation
def update_group(account: Account, pick: random.Random) -> None:
    name = account.group(pick)["AutoScalingGroupName"]
    account.autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, **some_of(pick, settings(account, pick)))


@operation
def change_launch_source(account: Account, pick: random.Random) -> None:
    template = {"LaunchTemplate": {"LaunchTemplateName": "base", "Version": "$Latest"}}
    source = pick.choice([{"LaunchConfigurationName": "web"}, {"LaunchConfigurationName": "large"}, template])
    account.autoscaling.update_auto_scaling_group(AutoScalingGroupName=account.group(pick)["AutoScalingGroupName"], **source)


@operation
def create_launch_configuration(account: Account, pick: random.Random) -> None:
    monitoring = {"Enabled": pick.random() < 0.5}
    account.autoscaling.create_launch_configuration(
        LaunchConfigurationName="large", ImageId=AMI, InstanceType="t3.large", InstanceMonitoring=monitoring
    )


@operation
def delete_launch_configuration(account: Account, pick: random.Random) -> None:
    account.autoscaling.delete_launch_configuration(LaunchConfigurationName="large")


@operation
def create_launch_template_version(account: Account, pick: random.Random) -> None:
    data = {"ImageId": AMI, "InstanceType": pick.choice(["t3.micro", "t3.small"])}
    names = [t["LaunchTemplateName"] for t in account.ec2.describe_launch_templates()["LaunchTemplates"]]
    if "base" not in names:
        account.ec2.create_launch_template(LaunchTemplateName="base", LaunchTemplateData=data)
        return
    account.ec2.create_launch_template_version(LaunchTemplateName="base", LaunchTemplateData=data)


@operation
def delete_launch_template(account: Account, pick: random.Random) -> None:
    account.ec2.delete_launch_template(LaunchTemplateName="base")


@operation
def delete_group(account: Account, pick: random.Random) -> None:
    account.autoscaling.delete_auto_scaling_group(
        AutoScalingGroupName=account.group(pick)["AutoScalingGroupName"], ForceDelete=pick.random() < 0.5
    )


@operation
def set_desired_capacity(account: Account, pick: random.Random) -> None:
    account.autoscaling.set_desired_capacity(
        AutoScalingGroupName=account.group(pick)["AutoScalingGroupName"],
        DesiredCapacity=pick.randint(0, 6),
        HonorCooldown=pick.random() < 0.2,
    )


@operation
def suspend_processes(account: Account, pick: random.Random) -> None:
    some = pick.sample(PROCESSES, pick.randint(1, 2))
    account.autoscaling.suspend_processes(AutoScalingGroupName=account.group(pick)["AutoScalingGroupName"], ScalingProcesses=some)


@operation
def resume_processes(account: Account, pick: random.Random) -> None:
    account.autoscaling.resume_processes(AutoScalingGroupName=account.group(pick)["AutoScalingGroupName"])


@operation
def attach_target_group(account: Account, pick: random.Random) -> None:
    account.autoscaling.attach_load_balancer_target_groups(
        AutoScalingGroupName=account.group(pick)["AutoScalingGroupName"], TargetGroupARNs=[account.target_group(pick)]
    )


@operation
def detach_target_group(account: Account, pick: random.Random) -> None:
    group = account.group(pick)
    account.autoscaling.detach_load_balancer_target_groups(
        AutoScalingGroupName=group["AutoScalingGroupName"], TargetGroupARNs=[one_of(pick, group.get("TargetGroupARNs", []))]
    )


@operation
def tag_group(account: Account, pick: random.Random) -> None:
    name = account.group(pick)["AutoScalingGroupName"]
    tag = {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": "team", "Value": "a", "PropagateAtLaunch": True}
    change = pick.choice([account.autoscaling.create_or_update_tags, account.autoscaling.delete_tags])
    change(Tags=[tag])


@operation
def collect_group_metrics(account: Account, pick: random.Random) -> None:
    name = account.group(pick)["AutoScalingGroupName"]
    if pick.random() < 0.7:
        account.autoscaling.enable_metrics_collection(AutoScalingGroupName=name, Granularity="1Minute")
        return
    account.autoscaling.disable_metrics_collection(AutoScalingGroupName=name)


@operation
def put_notification(account: Account, pick: random.Random) -> None:
    kinds = [f"autoscaling:EC2_INSTANCE_{kind}" for kind in pick.sample(NOTICES, 2)]
    account.autoscaling.put_notification_configuration(
        AutoScalingGroupName=account.group(pick)["AutoScalingGroupName"],
        TopicARN=one_of(pick, account.topics()),
        NotificationTypes=kinds,
    )
