"""The tutorial's service in its shortest form: three instances in three zones behind a load balancer. For scenarios with load and alarms.

scenarios/tutorial.py explains each parameter. Resource names and clean-up are the tutorial's.
"""

import json
from datetime import timedelta
from typing import Any

from scenarios.kit.fleet import (
    CONFIGURATION,
    GROUP,
    IMAGE,
    INSTANCE_GROUP,
    LB_GROUP,
    LOAD_BALANCER,
    POLICY,
    TARGET_GROUP,
    Resources,
    listener_url,
    settled,
)
from scenarios.kit.resources.security_groups import create_groups
from scenarios.kit.stage import Stage

SIZE, MAX_SIZE = 3, 10  # instances: initial and maximum
WARMUP = 120  # seconds (TUT-27)
TARGET = 70.0  # percent of CPU
CHECKS: dict[str, Any] = {
    "HealthCheckPath": "/health",
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckTimeoutSeconds": 20,  # two real seconds at speed 10: instances do not respond faster because the clock runs faster
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 3,
}


def create(stage: Stage, resources: Resources, *, instance_type: str, detailed: bool, health_check_type: str = "ELB") -> None:
    """`detailed`: CPU metrics every minute instead of every five (EC2-40)."""
    stage.chapter("A group of three instances behind a load balancer")
    _find_subnets(stage, resources)
    groups = create_groups(stage, resources.vpc, load_balancer=LB_GROUP, instances=INSTANCE_GROUP, of="the service")
    resources.lb_security_group, resources.instance_security_group = groups
    _create_load_balancer(stage, resources)
    monitoring = {"Enabled": detailed}
    data = {"ImageId": IMAGE, "InstanceType": instance_type, "Monitoring": monitoring, "SecurityGroupIds": [groups.instances]}
    stage.step(
        "ec2",
        "create_launch_template",
        {"LaunchTemplateData": json.dumps(data).join("''")},
        LaunchTemplateName=CONFIGURATION,
        LaunchTemplateData=data,
    )
    stage.step(
        "autoscaling",
        "create_auto_scaling_group",
        AutoScalingGroupName=GROUP,
        LaunchTemplate={"LaunchTemplateName": CONFIGURATION, "Version": "$Latest"},
        MinSize=SIZE,
        MaxSize=MAX_SIZE,
        DesiredCapacity=SIZE,
        VPCZoneIdentifier=",".join(resources.subnets),
        TargetGroupARNs=[resources.target_group],
        HealthCheckType=health_check_type,
        HealthCheckGracePeriod=120,
        DefaultInstanceWarmup=WARMUP,
    )
    stage.wait_until("3 instances are in service and 3 targets are healthy", lambda: settled(stage, resources), timedelta(minutes=10))
    resources.url = stage.wait_until("the listener answers on this machine", lambda: listener_url(stage), timedelta(minutes=5))


def _find_subnets(stage: Stage, resources: Resources) -> None:
    resources.vpc = stage.query("ec2", "describe_vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    found = stage.query("ec2", "describe_subnets", Filters=[{"Name": "vpc-id", "Values": [resources.vpc]}])["Subnets"]
    zones = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in reversed(found)}
    resources.subnets = [zones[zone] for zone in sorted(zones)][:3]


def _create_load_balancer(stage: Stage, resources: Resources) -> None:
    made = stage.step("elbv2", "create_target_group", Name=TARGET_GROUP, Protocol="HTTP", Port=80, VpcId=resources.vpc, **CHECKS)
    resources.target_group = made["TargetGroups"][0]["TargetGroupArn"]
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    stage.step("elbv2", "modify_target_group_attributes", TargetGroupArn=resources.target_group, Attributes=delay)
    made = stage.step(
        "elbv2", "create_load_balancer", Name=LOAD_BALANCER, Subnets=resources.subnets, SecurityGroups=[resources.lb_security_group]
    )
    resources.load_balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    forward = [{"Type": "forward", "TargetGroupArn": resources.target_group}]
    stage.step("elbv2", "create_listener", LoadBalancerArn=resources.load_balancer, Protocol="HTTP", Port=80, DefaultActions=forward)


def track_cpu(stage: Stage) -> dict[str, str]:
    """Creates the tutorial's scaling policy (TUT-40). Returns the names of its two alarms (SCL-11): {"AlarmHigh": …, "AlarmLow": …}."""
    made = stage.step(
        "autoscaling",
        "put_scaling_policy",
        AutoScalingGroupName=GROUP,
        PolicyName=POLICY,
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": TARGET,
        },
    )
    names = [alarm["AlarmName"] for alarm in made["Alarms"]]
    return {which: next(name for name in names if which in name) for which in ("AlarmHigh", "AlarmLow")}


def balancer_dimension(resources: Resources) -> dict[str, Any]:
    """The CloudWatch dimension of the load balancer (LBM-1)."""
    return {"Name": "LoadBalancer", "Value": resources.load_balancer.split(":loadbalancer/")[1]}


def target_group_dimension(resources: Resources) -> dict[str, Any]:
    return {"Name": "TargetGroup", "Value": resources.target_group.split(":")[-1]}
