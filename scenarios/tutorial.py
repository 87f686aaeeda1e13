"""The tutorial, steps 1 to 6, corrected so that it works on AWS. Then one instance fails under client traffic.

Each correction cites its rule (TUT-…, docs/aws-behaviour.md). The run passes if the group replaces the instance by itself, the replacement
serves requests, and no more requests fail than the health check's detection time explains.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.images import MACHINE
from scenarios.kit import alarms
from scenarios.kit.cleanup import clean_up
from scenarios.kit.failure import fail
from scenarios.kit.fleet import (
    ALARM,
    CONFIGURATION,
    GROUP,
    IMAGE,
    INSTANCE_GROUP,
    LB_GROUP,
    LOAD_BALANCER,
    TARGET_GROUP,
    TOPIC,
    Resources,
    lb_state,
    listener_url,
    settled,
)
from scenarios.kit.resources.security_groups import create_groups
from scenarios.kit.service import track_cpu
from scenarios.kit.stage import Stage

USER_DATA = MACHINE / "deploy.sh"

INTERVAL, TIMEOUT, UNHEALTHY = 10, 3, 2  # health checks: seconds, seconds, count (TUT-33)
DETECTION = timedelta(seconds=INTERVAL * UNHEALTHY + TIMEOUT)  # the longest detection time (TG-14)


def run(stage: Stage) -> bool:
    clean_up(stage, "leftovers of earlier runs")
    try:
        resources = Resources()
        introduce(stage, resources)
        launch(stage, resources)
        balance(stage, resources)
        create_policy_and_alarm(stage, resources)
        return fail(stage, resources, DETECTION)
    finally:
        clean_up(stage, "everything this run created (TUT-54)")


def introduce(stage: Stage, resources: Resources) -> None:
    stage.chapter("Steps 1 and 2: the application and its deployment script")
    stage.say(
        "app.py returns the id of its instance (TUT-3), has /health for the load balancer (TUT-4) and is part of the image (TUT-11). "
        "deploy.sh begins with a shebang (TUT-10) and writes its log to the documented path (TUT-12)."
    )
    resources.vpc = stage.step("ec2", "describe_vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    found = stage.step("ec2", "describe_subnets", Filters=[{"Name": "vpc-id", "Values": [resources.vpc]}])["Subnets"]
    zones = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in reversed(found)}
    resources.subnets = [zones[zone] for zone in sorted(zones)][:3]
    stage.say(f"Three subnets in three zones, so the loss of a zone leaves two instances (TUT-24): {', '.join(resources.subnets)}.")


def launch(stage: Stage, resources: Resources) -> None:
    stage.chapter("Step 3: the Auto Scaling group")
    stage.say(
        "Inbound rules (TUT-22, TUT-31): anyone can reach port 80 of the load balancer; only the load balancer can reach the instances."
    )
    groups = create_groups(stage, resources.vpc, load_balancer=LB_GROUP, instances=INSTANCE_GROUP, of="the tutorial")
    resources.lb_security_group, resources.instance_security_group = groups
    stage.step(
        "autoscaling",
        "create_auto_scaling_group",
        AutoScalingGroupName=GROUP,
        **template(stage, resources),
        MinSize=3,
        MaxSize=10,
        DesiredCapacity=3,
        VPCZoneIdentifier=",".join(resources.subnets),
        HealthCheckType="ELB",  # TUT-26
        HealthCheckGracePeriod=120,
        DefaultInstanceWarmup=120,  # TUT-27
        Tags=[{"Key": "Name", "Value": "coinbase", "PropagateAtLaunch": True}],
    )


def template(stage: Stage, resources: Resources) -> dict[str, Any]:
    """Creates the tutorial's launch configuration, or a launch template if the account cannot (TUT-20). Returns the group's parameter."""
    user_data = USER_DATA.read_text()
    created = stage.attempt(
        "autoscaling",
        "create_launch_configuration",
        {"UserData": "file://deploy.sh"},
        LaunchConfigurationName=CONFIGURATION,
        ImageId=IMAGE,
        InstanceType="t3.medium",
        SecurityGroups=[resources.instance_security_group],
        UserData=user_data,  # boto3 encodes it, as the CLI does (UD-2)
        InstanceMonitoring={"Enabled": True},
    )
    if not created.error_code:
        return {"LaunchConfigurationName": CONFIGURATION}
    stage.say("Accounts created since 2024-10-01 can use launch templates only, whose user data the caller must encode (TUT-20, UD-2).")
    return launch_template(stage, resources, user_data)


def launch_template(stage: Stage, resources: Resources, user_data: str) -> dict[str, Any]:
    stage.step(
        "ec2",
        "create_launch_template",
        {"LaunchTemplateData": "file://coinbase-lt.json"},
        LaunchTemplateName=CONFIGURATION,
        LaunchTemplateData={
            "ImageId": IMAGE,
            "InstanceType": "t3.medium",
            "SecurityGroupIds": [resources.instance_security_group],
            "UserData": b64encode(user_data.encode()).decode(),
            "Monitoring": {"Enabled": True},
        },
    )
    return {"LaunchTemplate": {"LaunchTemplateName": CONFIGURATION, "Version": "$Latest"}}


def balance(stage: Stage, resources: Resources) -> None:
    stage.chapter("Step 4: the load balancer")
    resources.target_group = stage.step(
        "elbv2",
        "create_target_group",
        Name=TARGET_GROUP,
        Protocol="HTTP",
        Port=80,
        VpcId=resources.vpc,
        TargetType="instance",
        HealthCheckPath="/health",  # TUT-4
        HealthCheckIntervalSeconds=INTERVAL,  # TUT-33
        HealthCheckTimeoutSeconds=TIMEOUT,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=UNHEALTHY,
    )["TargetGroups"][0]["TargetGroupArn"]
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]  # TUT-33
    stage.step("elbv2", "modify_target_group_attributes", TargetGroupArn=resources.target_group, Attributes=delay)
    resources.load_balancer = stage.step(
        "elbv2",
        "create_load_balancer",
        Name=LOAD_BALANCER,
        Subnets=resources.subnets,
        SecurityGroups=[resources.lb_security_group],  # TUT-31
        Scheme="internet-facing",
        Type="application",
    )["LoadBalancers"][0]["LoadBalancerArn"]
    stage.wait_until("the load balancer is active", lambda: lb_state(stage, resources) == "active", timedelta(minutes=5))  # TUT-34
    forward = [{"Type": "forward", "TargetGroupArn": resources.target_group}]
    stage.step(  # TUT-30
        "elbv2", "create_listener", LoadBalancerArn=resources.load_balancer, Protocol="HTTP", Port=80, DefaultActions=forward
    )
    stage.say("The group is attached to the target group and registers all its instances, now and later (TUT-25, TUT-32).")
    stage.step("autoscaling", "attach_load_balancer_target_groups", AutoScalingGroupName=GROUP, TargetGroupARNs=[resources.target_group])


def create_policy_and_alarm(stage: Stage, resources: Resources) -> None:
    stage.chapter("Step 5: scaling policy and alarm")
    policy = track_cpu(stage)
    topic = stage.step("sns", "create_topic", Name=TOPIC)["TopicArn"]  # TUT-43
    stage.step(  # TUT-41, TUT-42, TUT-44
        "cloudwatch",
        "put_metric_alarm",
        AlarmName=ALARM,
        AlarmDescription="Health check for instances",
        Namespace="AWS/ApplicationELB",
        MetricName="UnHealthyHostCount",
        Dimensions=[
            {"Name": "LoadBalancer", "Value": resources.load_balancer.split(":loadbalancer/")[1]},
            {"Name": "TargetGroup", "Value": resources.target_group.split(":")[-1]},
        ],
        Statistic="Maximum",
        Period=60,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        AlarmActions=[topic],
    )
    stage.wait_until("3 instances are in service and 3 targets are healthy", lambda: settled(stage, resources), timedelta(minutes=5))
    resources.url = stage.wait_until("the listener answers on this machine", lambda: listener_url(stage), timedelta(minutes=1))
    stage.say(f"The service is at {resources.url}. The DNS name in the API response does not resolve on this machine.")
    check_cpu(stage, policy)


def check_cpu(stage: Stage, policy: Mapping[str, str]) -> None:
    """The policy uses measured CPU (TUT-40). scenarios/scale_out_under_load.py shows it under load."""
    stage.say("The policy created two alarms (SCL-11), which evaluate CPU every minute:")
    high = policy["AlarmHigh"]
    stage.wait_until("the policy's alarm has data", lambda: alarms.state(stage, high) != "INSUFFICIENT_DATA", timedelta(minutes=6))
    for name in policy.values():
        alarm = alarms.alarm(stage, name)
        stage.say(f"- {name} is {alarm['StateValue']}. {alarm['StateReason']}")
    alarm = alarms.alarm(stage, high)
    stage.expect("the policy's alarm has CPU data and is OK", alarm["StateValue"] == "OK", alarm["StateReason"])
