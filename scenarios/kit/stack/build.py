"""Builds the reference service of a profile with the calls that its owner would make, each printed as its `aws` command.

Capacity is real: a request to /burn uses CPU time, and an instance has the CPU of one vCPU (cores_per_vcpu in `sandbox settings`). So an
instance answers `capacity` requests per second, and later ones wait. In virtual time the queue is that of sandbox/virtual/work.py.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from scenarios.kit.definition.profiles import CAPACITY, Profile
from scenarios.kit.resources.security_groups import ServiceGroups, create_groups
from scenarios.kit.stack import view
from scenarios.kit.stack.names import (
    GROUP,
    IMAGE,
    INSTANCE_SECURITY_GROUP,
    INSTANCE_TYPE,
    LB_SECURITY_GROUP,
    LOAD_BALANCER,
    TARGET_GROUP,
    TEMPLATE,
    Stack,
)
from scenarios.kit.stage import Stage

FAIL_OPEN = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"
PATIENCE = timedelta(minutes=10)
HTTP_COST = 0.0006  # live: seconds of CPU time that a request needs besides /burn; on containers running/calibration.py corrects it


def build(stage: Stage, profile: Profile, live_scale: float, image: str = IMAGE) -> Stack:
    """`image`: the AMI. Returns when every instance is in service and every target is healthy. Raises WaitTimeout or StepFailed."""
    stage.chapter(f"The service ({profile.name}): {profile.size} instances over {profile.zones} zones")
    vpc = stage.query("ec2", "describe_vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets, zone_ids = _zones(stage, vpc, profile.zones)
    target_group = _target_group(stage, profile, vpc)
    groups = create_groups(stage, vpc, load_balancer=LB_SECURITY_GROUP, instances=INSTANCE_SECURITY_GROUP, of="the service")
    load_balancer = _load_balancer(stage, list(subnets.values()), target_group, groups)
    _template(stage, profile, groups, image)
    _group(stage, profile, list(subnets.values()), target_group)
    stage.wait_until(
        f"{profile.size} instances are in service",
        lambda: len(view.in_service(stage)) == profile.size and stage.client.now(),
        PATIENCE,
    )
    if not profile.attached:
        stage.say("As in the tutorial, the targets are registered by hand: the group does not know the target group.")
        targets = [{"Id": instance} for instance in view.in_service(stage)]
        stage.step("elbv2", "register_targets", TargetGroupArn=target_group, Targets=targets)
    stage.wait_until(f"{profile.size} targets are healthy", lambda: len(view.healthy(stage, target_group)) == profile.size, PATIENCE)
    url = stage.wait_until("the listener answers on this machine", lambda: view.listener_url(stage), PATIENCE)
    capacity = CAPACITY * (1.0 if stage.client.virtual else live_scale)
    cost = _cores(stage) / capacity
    burn = cost - (0.0 if stage.client.virtual else HTTP_COST)
    offered = capacity * profile.size * profile.load / 100
    return Stack(
        vpc=vpc,
        subnets=subnets,
        zone_ids=zone_ids,
        target_group=target_group,
        load_balancer=load_balancer,
        url=url,
        path=burning(burn),
        cost=cost,
        burn=burn,
        capacity=capacity,
        offered=offered,
    )


def burning(seconds: float) -> str:
    """The path of a request that uses so many seconds of CPU time."""
    return f"burn?seconds={max(seconds, 0.0):.5g}"


def _zones(stage: Stage, vpc: str, count: int) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """One default subnet of each of the first zones: zone name → subnet id, and zone name → zone id."""
    found = stage.query("ec2", "describe_subnets", Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    by_zone = {subnet["AvailabilityZone"]: subnet for subnet in found}
    chosen = sorted(by_zone)[:count]
    return {zone: by_zone[zone]["SubnetId"] for zone in chosen}, {zone: by_zone[zone]["AvailabilityZoneId"] for zone in chosen}


def _target_group(stage: Stage, profile: Profile, vpc: str) -> str:
    made = stage.step(
        "elbv2",
        "create_target_group",
        Name=TARGET_GROUP,
        Protocol="HTTP",
        Port=80,
        VpcId=vpc,
        HealthCheckPath=profile.path,
        HealthCheckIntervalSeconds=profile.interval,
        HealthCheckTimeoutSeconds=profile.timeout,
        HealthyThresholdCount=profile.healthy,
        UnhealthyThresholdCount=profile.unhealthy,
    )
    arn = str(made["TargetGroups"][0]["TargetGroupArn"])
    attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": str(profile.deregistration_delay)}]
    if profile.fail_open:
        attributes.append({"Key": FAIL_OPEN, "Value": str(profile.fail_open)})
    stage.step("elbv2", "modify_target_group_attributes", TargetGroupArn=arn, Attributes=attributes)
    return arn


def _load_balancer(stage: Stage, subnets: list[str], target_group: str, groups: ServiceGroups) -> str:
    made = stage.step("elbv2", "create_load_balancer", Name=LOAD_BALANCER, Subnets=subnets, SecurityGroups=[groups.load_balancer])
    arn = str(made["LoadBalancers"][0]["LoadBalancerArn"])
    forward = [{"Type": "forward", "TargetGroupArn": target_group}]
    stage.step("elbv2", "create_listener", LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward)
    return arn


def _template(stage: Stage, profile: Profile, groups: ServiceGroups, image: str) -> None:
    monitoring = {"Enabled": profile.detailed}
    data = {
        "ImageId": image,
        "InstanceType": INSTANCE_TYPE,
        "CreditSpecification": {
            "CpuCredits": "unlimited"
        },  # else an hour of load uses them up, and capacity falls to the baseline (TYPE-2)
        "Monitoring": monitoring,
        "SecurityGroupIds": [groups.instances],
    }
    shown = {"LaunchTemplateData": json.dumps(data).join("''")}
    stage.step("ec2", "create_launch_template", shown, LaunchTemplateName=TEMPLATE, LaunchTemplateData=data)


def _group(stage: Stage, profile: Profile, subnets: list[str], target_group: str) -> None:
    attached: dict[str, Any] = {"TargetGroupARNs": [target_group]} if profile.attached else {}
    warmup: dict[str, Any] = {"DefaultInstanceWarmup": profile.warmup} if profile.warmup >= 0 else {}
    stage.step(
        "autoscaling",
        "create_auto_scaling_group",
        AutoScalingGroupName=GROUP,
        LaunchTemplate={"LaunchTemplateName": TEMPLATE, "Version": "1"},
        MinSize=profile.size,
        MaxSize=max(profile.max_size, profile.size),
        DesiredCapacity=profile.size,
        VPCZoneIdentifier=",".join(subnets),
        HealthCheckType=profile.health_check_type,
        HealthCheckGracePeriod=profile.grace,
        **attached,
        **warmup,
    )
    if profile.target_cpu:
        _policy(stage, profile.target_cpu)


def _policy(stage: Stage, target: float) -> None:
    metric = {"PredefinedMetricType": "ASGAverageCPUUtilization"}
    stage.step(
        "autoscaling",
        "put_scaling_policy",
        AutoScalingGroupName=GROUP,
        PolicyName=f"{GROUP}-cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={"PredefinedMetricSpecification": metric, "TargetValue": target},
    )


def _cores(stage: Stage) -> float:
    """CPU cores that one instance can use here."""
    found = stage.query("ec2", "describe_instance_types", InstanceTypes=[INSTANCE_TYPE])["InstanceTypes"][0]
    vcpus = int(found["VCpuInfo"]["DefaultVCpus"])
    return vcpus * float(stage.client.get("settings")["settings"]["cores_per_vcpu"])
