"""Somebody who does a lesson in virtual time."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.learn.library import find
from sandbox.learn.progress import Book
from sandbox.virtual.client import VirtualClient

IMAGE = "ami-0c047a86012500412"


class Learner:
    """Somebody who types commands. What they made is found again by name."""

    def __init__(self, client: VirtualClient) -> None:
        self.client, self.book = client, Book(client)
        self.ec2, self.elb, self.groups = (client.aws(name) for name in ("ec2", "elbv2", "autoscaling"))
        self.subnets = [each["SubnetId"] for each in self.ec2.describe_subnets()["Subnets"]][:3]
        self.vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]

    def wait(self, seconds: float) -> None:
        self.client.wait(timedelta(seconds=seconds))

    def green(self, name: str) -> int:
        """Steps that are green now."""
        return len(self.steps(name))

    def steps(self, name: str) -> list[int]:
        """The numbers of those that are green now, from 1."""
        return [number for number, each in enumerate(self.book.look(find(name))[1], 1) if each.green]

    def security_groups(self) -> tuple[str, str]:
        """→ that of the load balancer, and that of the instances."""
        made = [self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"] for name in ("lb", "web")]
        http = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
        everyone, the_lb = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, {"UserIdGroupPairs": [{"GroupId": made[0]}]}
        self.ec2.authorize_security_group_ingress(GroupId=made[0], IpPermissions=[{**http, **everyone}])
        self.ec2.authorize_security_group_ingress(GroupId=made[1], IpPermissions=[{**http, **the_lb}])
        return made[0], made[1]

    def target_group(self) -> str:
        made = self.elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=self.vpc)
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def load_balancer(self, group: str) -> str:
        made = self.elb.create_load_balancer(Name="web", Subnets=self.subnets, SecurityGroups=[group])
        return str(made["LoadBalancers"][0]["LoadBalancerArn"])

    def listen(self, load_balancer: str, target_group: str) -> None:
        forward = [{"Type": "forward", "TargetGroupArn": target_group}]
        self.elb.create_listener(LoadBalancerArn=load_balancer, Protocol="HTTP", Port=80, DefaultActions=forward)

    def service(self, size: int, *, template: Mapping[str, Any] | None = None, **more: Any) -> str:
        """A group behind a load balancer. → the ARN of the target group. `template`: more of its launch template."""
        target_group, (lb, web) = self.target_group(), self.security_groups()
        self.listen(self.load_balancer(lb), target_group)
        data = {"ImageId": IMAGE, "InstanceType": "t3.micro", "SecurityGroupIds": [web], **(template or {})}
        self.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
        group = {"MinSize": size, "MaxSize": 12, "DesiredCapacity": size, "VPCZoneIdentifier": ",".join(self.subnets)}
        launched = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "1"}, "TargetGroupARNs": [target_group]}
        self.groups.create_auto_scaling_group(AutoScalingGroupName="web", **{**group, **launched, **more})
        self.wait(120)
        return target_group

    def member(self) -> str:
        return str(self.groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"][0]["InstanceId"])

    def update(self, **changed: Any) -> None:
        self.groups.update_auto_scaling_group(AutoScalingGroupName="web", **changed)

    def arn(self) -> str:
        """Of the load balancer."""
        return str(self.elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"])

    def fault(self, kind: str, target: str, **parameters: float) -> None:
        self.client.post("faults", {"kind": kind, "targets": [target], "parameters": parameters})

    def heal(self) -> None:
        self.client.post("faults/clear", {"all": True})
