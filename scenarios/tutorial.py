"""The tutorial, steps 1 to 6, in the form that works on AWS, then one instance fails under client traffic.

Each correction names its rule (TUT-…, docs/aws-behaviour.md). What is judged: the group replaces the instance by itself, the replacement
gets traffic, and no more requests are lost than the health check's detection time explains.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from scenarios.kit import alarms
from scenarios.kit.cleanup import clean_up
from scenarios.kit.failure import fail
from scenarios.kit.fleet import (
    ALARM,
    CONFIGURATION,
    GROUP,
    IMAGE,
    LOAD_BALANCER,
    TARGET_GROUP,
    TOPIC,
    Scene,
    lb_state,
    settled,
    url,
)
from scenarios.kit.service import track_cpu
from scenarios.kit.stage import Stage

USER_DATA = Path(__file__).parent.parent / "app" / "deploy.sh"

INTERVAL, TIMEOUT, UNHEALTHY = 10, 3, 2  # of health checks, in seconds (TUT-33)
DETECTION = timedelta(seconds=INTERVAL * UNHEALTHY + TIMEOUT)  # the longest (TG-14)


def run(stage: Stage) -> bool:
    clean_up(stage, "what a former run left behind")
    try:
        scene = Scene()
        introduce(stage, scene)
        launch(stage, scene)
        balance(stage, scene)
        watch(stage, scene)
        return fail(stage, scene, DETECTION)
    finally:
        clean_up(stage, "everything of this run (TUT-54)")


def introduce(stage: Stage, scene: Scene) -> None:
    stage.chapter("Steps 1 and 2: the application and its deployment script")
    stage.say(
        "app/app.py says which instance answers (TUT-3), has /health for the load balancer (TUT-4) and is baked into the image (TUT-11). "
        "app/deploy.sh begins with its shebang (TUT-10) and writes its log where it says (TUT-12)."
    )
    scene.vpc = stage.step("ec2", "describe_vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    found = stage.step("ec2", "describe_subnets", Filters=[{"Name": "vpc-id", "Values": [scene.vpc]}])["Subnets"]
    zones = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in reversed(found)}
    scene.subnets = [zones[zone] for zone in sorted(zones)][:3]
    stage.say(f"Three subnets in three Availability Zones: losing one leaves two of three instances (TUT-24): {', '.join(scene.subnets)}.")


def launch(stage: Stage, scene: Scene) -> None:
    stage.chapter("Step 3: instances by an Auto Scaling group")
    stage.say("Who may reach whom (TUT-22, TUT-31): the world reaches the load balancer's port 80, the load balancer the instances'.")
    scene.lb_security_group = security_group(stage, scene, "coinbase-lb", {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]})
    from_lb = {"UserIdGroupPairs": [{"GroupId": scene.lb_security_group}]}
    scene.instance_security_group = security_group(stage, scene, "coinbase-instances", from_lb)
    stage.step(
        "autoscaling",
        "create_auto_scaling_group",
        AutoScalingGroupName=GROUP,
        **template(stage, scene),
        MinSize=3,
        MaxSize=10,
        DesiredCapacity=3,
        VPCZoneIdentifier=",".join(scene.subnets),
        HealthCheckType="ELB",  # TUT-26
        HealthCheckGracePeriod=120,
        DefaultInstanceWarmup=120,  # TUT-27
        Tags=[{"Key": "Name", "Value": "coinbase", "PropagateAtLaunch": True}],
    )


def security_group(stage: Stage, scene: Scene, name: str, source: Mapping[str, Any]) -> str:
    """Open on port 80 for the source. → its id."""
    made = stage.step("ec2", "create_security_group", GroupName=name, Description=f"{name} of the tutorial", VpcId=scene.vpc)
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **source}
    stage.step("ec2", "authorize_security_group_ingress", GroupId=made["GroupId"], IpPermissions=[permission])
    return str(made["GroupId"])


def template(stage: Stage, scene: Scene) -> dict[str, Any]:
    """The tutorial's launch configuration, or a launch template where the account is refused those (TUT-20). → the group's parameter."""
    user_data = USER_DATA.read_text()
    tried = stage.attempt(
        "autoscaling",
        "create_launch_configuration",
        {"UserData": "file://deploy.sh"},
        LaunchConfigurationName=CONFIGURATION,
        ImageId=IMAGE,
        InstanceType="t3.medium",
        SecurityGroups=[scene.instance_security_group],
        UserData=user_data,  # boto3 encodes it, as the CLI does (UD-2)
        InstanceMonitoring={"Enabled": True},
    )
    if not tried.error_code:
        return {"LaunchConfigurationName": CONFIGURATION}
    stage.say("Accounts made since 2024-10-01 have launch templates only, and encode the user data themselves (TUT-20, UD-2).")
    return launch_template(stage, scene, user_data)


def launch_template(stage: Stage, scene: Scene, user_data: str) -> dict[str, Any]:
    stage.step(
        "ec2",
        "create_launch_template",
        {"LaunchTemplateData": "file://coinbase-lt.json"},
        LaunchTemplateName=CONFIGURATION,
        LaunchTemplateData={
            "ImageId": IMAGE,
            "InstanceType": "t3.medium",
            "SecurityGroupIds": [scene.instance_security_group],
            "UserData": b64encode(user_data.encode()).decode(),
            "Monitoring": {"Enabled": True},
        },
    )
    return {"LaunchTemplate": {"LaunchTemplateName": CONFIGURATION, "Version": "$Latest"}}


def balance(stage: Stage, scene: Scene) -> None:
    stage.chapter("Step 4: the load balancer")
    scene.target_group = stage.step(
        "elbv2",
        "create_target_group",
        Name=TARGET_GROUP,
        Protocol="HTTP",
        Port=80,
        VpcId=scene.vpc,
        TargetType="instance",
        HealthCheckPath="/health",  # TUT-4
        HealthCheckIntervalSeconds=INTERVAL,  # TUT-33
        HealthCheckTimeoutSeconds=TIMEOUT,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=UNHEALTHY,
    )["TargetGroups"][0]["TargetGroupArn"]
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]  # TUT-33
    stage.step("elbv2", "modify_target_group_attributes", TargetGroupArn=scene.target_group, Attributes=delay)
    scene.load_balancer = stage.step(
        "elbv2",
        "create_load_balancer",
        Name=LOAD_BALANCER,
        Subnets=scene.subnets,
        SecurityGroups=[scene.lb_security_group],  # TUT-31
        Scheme="internet-facing",
        Type="application",
    )["LoadBalancers"][0]["LoadBalancerArn"]
    stage.wait_until("the load balancer is active", lambda: lb_state(stage, scene) == "active", timedelta(minutes=5))  # TUT-34
    forward = [{"Type": "forward", "TargetGroupArn": scene.target_group}]
    stage.step(  # TUT-30
        "elbv2", "create_listener", LoadBalancerArn=scene.load_balancer, Protocol="HTTP", Port=80, DefaultActions=forward
    )
    stage.say("Nobody registers instances by hand: the group is attached, and registers each of its own, now and later (TUT-25, TUT-32).")
    stage.step("autoscaling", "attach_load_balancer_target_groups", AutoScalingGroupName=GROUP, TargetGroupARNs=[scene.target_group])


def watch(stage: Stage, scene: Scene) -> None:
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
            {"Name": "LoadBalancer", "Value": scene.load_balancer.split(":loadbalancer/")[1]},
            {"Name": "TargetGroup", "Value": scene.target_group.split(":")[-1]},
        ],
        Statistic="Maximum",
        Period=60,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        AlarmActions=[topic],
    )
    stage.wait_until("3 instances are in service and 3 targets are healthy", lambda: settled(stage, scene), timedelta(minutes=5))
    scene.url = stage.wait_until("the listener answers on this machine", lambda: url(stage), timedelta(minutes=1))
    stage.say(f"The service is at {scene.url} (AWS's name for it leads nowhere here).")
    measure(stage, policy)


def measure(stage: Stage, policy: Mapping[str, str]) -> None:
    """The policy acts on CPU that is measured (TUT-40); what it does under load is scenarios/scale_out_under_load.py."""
    stage.say("The policy made two alarms of its own (SCL-11), and each minute CPU is measured:")
    high = policy["AlarmHigh"]
    stage.wait_until("the policy's alarm has data", lambda: alarms.state(stage, high) != "INSUFFICIENT_DATA", timedelta(minutes=6))
    for name in policy.values():
        made = alarms.alarm(stage, name)
        stage.say(f"- {name} is {made['StateValue']}. {made['StateReason']}")
    known = alarms.alarm(stage, high)
    stage.expect("CPU is measured, and the policy's alarm knows it", known["StateValue"] == "OK", known["StateReason"])
