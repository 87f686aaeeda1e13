"""The tutorial's service in its shortest form: three instances in three zones behind a load balancer, for stories about load and alarms.

Why each parameter is as it is, tells scenarios/tutorial.py; names and clearing away are shared with it.
"""

import json
from datetime import timedelta
from typing import Any

from scenarios.kit.fleet import CONFIGURATION, GROUP, IMAGE, LOAD_BALANCER, POLICY, TARGET_GROUP, Scene, settled, url
from scenarios.kit.stage import Stage

SIZE, MOST = 3, 10  # instances at first, and at most
WARMUP = 120  # seconds (TUT-27)
TARGET = 70.0  # percent of CPU
CHECKS: dict[str, Any] = {
    "HealthCheckPath": "/health",
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckTimeoutSeconds": 20,  # two real seconds at speed 10: machines do not answer faster because the clock runs faster
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 3,
}


def make(stage: Stage, scene: Scene, *, instance_type: str, detailed: bool, health_check_type: str = "ELB") -> None:
    """`detailed`: CPU is measured each minute, not each five (EC2-40)."""
    stage.chapter("A group of three instances behind a load balancer")
    _place(stage, scene)
    _balance(stage, scene)
    monitoring = {"Enabled": detailed}
    data = {"ImageId": IMAGE, "InstanceType": instance_type, "Monitoring": monitoring}
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
        MaxSize=MOST,
        DesiredCapacity=SIZE,
        VPCZoneIdentifier=",".join(scene.subnets),
        TargetGroupARNs=[scene.target_group],
        HealthCheckType=health_check_type,
        HealthCheckGracePeriod=120,
        DefaultInstanceWarmup=WARMUP,
    )
    stage.wait_until("3 instances are in service and 3 targets are healthy", lambda: settled(stage, scene), timedelta(minutes=10))
    scene.url = stage.wait_until("the listener answers on this machine", lambda: url(stage), timedelta(minutes=5))


def _place(stage: Stage, scene: Scene) -> None:
    scene.vpc = stage.ask("ec2", "describe_vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    found = stage.ask("ec2", "describe_subnets", Filters=[{"Name": "vpc-id", "Values": [scene.vpc]}])["Subnets"]
    zones = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in reversed(found)}
    scene.subnets = [zones[zone] for zone in sorted(zones)][:3]


def _balance(stage: Stage, scene: Scene) -> None:
    made = stage.step("elbv2", "create_target_group", Name=TARGET_GROUP, Protocol="HTTP", Port=80, VpcId=scene.vpc, **CHECKS)
    scene.target_group = made["TargetGroups"][0]["TargetGroupArn"]
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    stage.step("elbv2", "modify_target_group_attributes", TargetGroupArn=scene.target_group, Attributes=delay)
    made = stage.step("elbv2", "create_load_balancer", Name=LOAD_BALANCER, Subnets=scene.subnets)
    scene.load_balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    forward = [{"Type": "forward", "TargetGroupArn": scene.target_group}]
    stage.step("elbv2", "create_listener", LoadBalancerArn=scene.load_balancer, Protocol="HTTP", Port=80, DefaultActions=forward)


def track_cpu(stage: Stage) -> dict[str, str]:
    """The tutorial's scaling policy (TUT-40). → the names of the two alarms that it makes (SCL-11): {"AlarmHigh": …, "AlarmLow": …}."""
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


def balancer_dimension(scene: Scene) -> dict[str, Any]:
    """LBM-1."""
    return {"Name": "LoadBalancer", "Value": scene.load_balancer.split(":loadbalancer/")[1]}


def target_group_dimension(scene: Scene) -> dict[str, Any]:
    return {"Name": "TargetGroup", "Value": scene.target_group.split(":")[-1]}
