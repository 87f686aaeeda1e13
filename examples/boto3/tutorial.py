"""The tutorial's service by boto3, corrected: three instances in three zones behind a load balancer.

    python tutorial.py make      # makes what is missing; prints the address
    python tutorial.py remove    # removes all of it; what is not there is passed over

Endpoint, Region and credentials come from the environment, as for AWS. TUT-… are rules of docs/aws-behaviour.md.
"""

import base64
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

NAME = "tutorial"
IMAGE, TYPE, SIZE = "ami-0c047a86012500412", "t3.medium", 3
DEPLOY = Path(__file__).parent.parent / "deploy.sh"
ZONES = 3  # so that the loss of one leaves two thirds of the instances (TUT-24)
SOON = {"Delay": 2, "MaxAttempts": 150}

ec2, elbv2, autoscaling, cloudwatch, sns = (boto3.client(name) for name in ("ec2", "elbv2", "autoscaling", "cloudwatch", "sns"))


def make() -> str:
    """Returns the address of the service, when it answers."""
    vpc, subnets = network()
    front = security_group(f"{NAME}-front", vpc, {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]})  # TUT-31
    back = security_group(f"{NAME}-back", vpc, {"UserIdGroupPairs": [{"GroupId": front}]})  # TUT-22
    targets = target_group(vpc)
    balancer = load_balancer(subnets, front, targets)
    launch_template(back)
    group(subnets, targets)
    watch(balancer["LoadBalancerArn"], targets)
    elbv2.get_waiter("target_in_service").wait(TargetGroupArn=targets, WaiterConfig=SOON)
    return f"http://{balancer['DNSName']}/"


def network() -> tuple[str, list[str]]:
    """The default VPC, and a subnet in each of three zones."""
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    default = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "default-for-az", "Values": ["true"]}]
    found = sorted(ec2.describe_subnets(Filters=default)["Subnets"], key=lambda subnet: str(subnet["AvailabilityZone"]))
    return vpc, [subnet["SubnetId"] for subnet in found[:ZONES]]


def security_group(name: str, vpc: str, source: dict[str, Any]) -> str:
    """Admits connections to port 80 from the source."""
    found = security_groups(name)
    if found:
        return found[0]
    made = str(ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **source}])
    return made


def security_groups(name: str) -> list[str]:
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    return [each["GroupId"] for each in found]


def target_group(vpc: str) -> str:
    """With quick checks of /health (TUT-4, TUT-33). With the same parameters, AWS returns the one that exists."""
    arn = elbv2.create_target_group(
        Name=NAME, Protocol="HTTP", Port=80, VpcId=vpc, HealthCheckPath="/health", HealthCheckIntervalSeconds=10,
        HealthCheckTimeoutSeconds=3, HealthyThresholdCount=2, UnhealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=delay)
    return str(arn)


def load_balancer(subnets: list[str], security_group: str, targets: str) -> dict[str, Any]:
    """With the listener that the tutorial forgot (TUT-30)."""
    [made] = elbv2.create_load_balancer(Name=NAME, Subnets=subnets, SecurityGroups=[security_group])["LoadBalancers"]
    arn = made["LoadBalancerArn"]
    elbv2.get_waiter("load_balancer_available").wait(LoadBalancerArns=[arn], WaiterConfig=SOON)  # TUT-34
    if not elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
        forward = [{"Type": "forward", "TargetGroupArn": targets}]
        elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward)
    return dict(made)


def launch_template(security_group: str) -> None:
    """What an instance is, and the deployment script that it runs at its first boot (TUT-20). Templates take it in base64 (UD-2)."""
    if ec2.describe_launch_templates(Filters=[{"Name": "launch-template-name", "Values": [NAME]}])["LaunchTemplates"]:
        return
    data = {
        "ImageId": IMAGE,
        "InstanceType": TYPE,
        "SecurityGroupIds": [security_group],
        "UserData": base64.b64encode(DEPLOY.read_bytes()).decode(),
        "Monitoring": {"Enabled": True},
    }
    ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=data)


def group(subnets: list[str], targets: str) -> None:
    """It registers its instances, and replaces those that fail the load balancer's health checks (TUT-25, TUT-26)."""
    if not groups():
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=NAME, LaunchTemplate={"LaunchTemplateName": NAME, "Version": "$Latest"}, MinSize=SIZE, MaxSize=10,
            DesiredCapacity=SIZE, VPCZoneIdentifier=",".join(subnets), TargetGroupARNs=[targets], HealthCheckType="ELB",
            HealthCheckGracePeriod=120, DefaultInstanceWarmup=120, Tags=[{"Key": "Name", "Value": NAME, "PropagateAtLaunch": True}],
        )  # fmt: skip


def groups() -> list[Any]:
    return list(autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"])


def watch(balancer: str, targets: str) -> None:
    """A scaling policy, and an alarm about targets that fail their health checks, with someone to tell (TUT-41 to TUT-43)."""
    metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 70.0}
    autoscaling.put_scaling_policy(
        AutoScalingGroupName=NAME, PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=metric
    )
    topic = sns.create_topic(Name=NAME)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    cloudwatch.put_metric_alarm(
        AlarmName=f"{NAME}-unhealthy", Namespace="AWS/ApplicationELB", MetricName="UnHealthyHostCount", Statistic="Maximum", Period=60,
        Dimensions=[
            {"Name": "LoadBalancer", "Value": balancer.split(":loadbalancer/")[1]},
            {"Name": "TargetGroup", "Value": targets.rsplit(":", maxsplit=1)[-1]},
        ],
        EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching", AlarmActions=[topic],
    )  # fmt: skip


def remove() -> None:
    """In the order that AWS requires (TUT-54)."""
    if groups():
        autoscaling.delete_auto_scaling_group(AutoScalingGroupName=NAME, ForceDelete=True)
    while groups():
        time.sleep(1)
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        if balancer["LoadBalancerName"] == NAME:
            elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
            elbv2.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[balancer["LoadBalancerArn"]], WaiterConfig=SOON)
    for targets in elbv2.describe_target_groups()["TargetGroups"]:
        if targets["TargetGroupName"] == NAME:
            elbv2.delete_target_group(TargetGroupArn=targets["TargetGroupArn"])
    named = [{"Name": "launch-template-name", "Values": [NAME]}]
    for template in ec2.describe_launch_templates(Filters=named)["LaunchTemplates"]:
        ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])
    cloudwatch.delete_alarms(AlarmNames=[f"{NAME}-unhealthy"])
    sns.delete_topic(TopicArn=sns.create_topic(Name=NAME)["TopicArn"])  # create_topic returns the one that exists
    for name in (f"{NAME}-back", f"{NAME}-front"):
        for group_id in security_groups(name):
            remove_security_group(group_id)


def remove_security_group(group_id: str, attempts: int = 30) -> None:
    """AWS needs a moment to remove the network interfaces that are in the group."""
    for attempt in range(attempts):
        try:
            ec2.delete_security_group(GroupId=group_id)
            return
        except ClientError as error:
            if error.response["Error"]["Code"] != "DependencyViolation" or attempt == attempts - 1:
                raise
            time.sleep(2)


if __name__ == "__main__":
    if sys.argv[1:] == ["make"]:
        print(make())
    elif sys.argv[1:] == ["remove"]:
        remove()
    else:
        sys.exit(__doc__)
