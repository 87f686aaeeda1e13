"""A sandbox whose page is crowded, in virtual time: one zone has many more instances than the others, and every section has something."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sandbox.aws.http.server import Server
from sandbox.settings import Settings
from sandbox.virtual.client import VirtualClient, virtual_client

TALL, SHORT = 24, 2  # instances of the one zone, and of each of the others
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
IMAGE = "ami-0c047a86012500412"


@contextmanager
def crowded() -> Iterator[str]:
    """→ the address of its page. Nothing changes while one looks."""
    client = virtual_client(Settings.from_environment({}, runtime="simulated", machine_vcpus="1000"))
    _service(client, "web", {ZONES[1]: TALL})
    _service(client, "api", {ZONES[0]: SHORT, ZONES[2]: SHORT})
    _alarms(client)
    client.wait(timedelta(minutes=5))
    client.post("faults", {"kind": "zone-power-off", "targets": [ZONES[2]]})
    client.wait(timedelta(minutes=2))
    server = Server(client.sandbox.gateway, port=0)
    server.start()
    yield f"http://127.0.0.1:{server.port}/_sandbox/ui"
    server.stop()


def _service(client: VirtualClient, name: str, sizes: dict[str, int]) -> None:
    """A load balancer in all zones, and for each zone in `sizes` a group with that many instances behind it."""
    ec2, elbv2 = client.aws("ec2"), client.aws("elbv2")
    subnets = {each["AvailabilityZone"]: each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]}
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    balancer = elbv2.create_load_balancer(Name=name, Subnets=[subnets[zone] for zone in ZONES])["LoadBalancers"][0]["LoadBalancerArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    autoscaling = client.aws("autoscaling")
    autoscaling.create_launch_configuration(LaunchConfigurationName=name, ImageId=IMAGE, InstanceType="t3.medium")
    for zone, size in sizes.items():
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=f"{name}-{zone}",
            LaunchConfigurationName=name,
            MinSize=size,
            MaxSize=size,
            VPCZoneIdentifier=subnets[zone],
            TargetGroupARNs=[group],
        )


def _alarms(client: VirtualClient) -> None:
    """Three alarms, whose emails are in the mailbox."""
    sns = client.aws("sns")
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    for number in range(3):
        client.aws("cloudwatch").put_metric_alarm(
            AlarmName=f"cpu-{number}",
            Namespace="AWS/EC2",
            MetricName="CPUUtilization",
            Dimensions=[{"Name": "AutoScalingGroupName", "Value": f"web-{ZONES[1]}"}],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=float(number),
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[topic],
        )
