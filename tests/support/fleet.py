"""A group behind a load balancer in a virtual sandbox, made and described through the API as a user would."""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from sandbox.drivers.network.base import both_ways
from tests.support.services.security_groups import admit_everything
from tests.support.virtual import VirtualSandbox

AMI = "ami-0c047a86012500412"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")


@dataclass
class Fleet:
    """A group behind a load balancer, with health checks every 5 seconds, made through the API."""

    on: VirtualSandbox
    name: str = "web"
    target_group: str = ""  # ARN
    listener: str = ""  # ARN

    def make(self, *, zones: int = 3, delay: int = 20, **group: Any) -> "Fleet":
        """3 of 2 to 6 instances of health check type ELB, unless `group` says otherwise. `delay`: of deregistration, in seconds."""
        self._balance(self.subnets(zones), delay)
        autoscaling = self.on.client("autoscaling")
        if "LaunchTemplate" not in group:
            autoscaling.create_launch_configuration(LaunchConfigurationName=self.name, ImageId=AMI, InstanceType="t3.micro")
            group["LaunchConfigurationName"] = self.name
        given: dict[str, Any] = {"MinSize": 2, "MaxSize": 6, "DesiredCapacity": 3, "HealthCheckType": "ELB", "HealthCheckGracePeriod": 30}
        given |= {"VPCZoneIdentifier": ",".join(self.subnets(zones)), "TargetGroupARNs": [self.target_group]}
        autoscaling.create_auto_scaling_group(AutoScalingGroupName=self.name, **(given | group))
        return self

    def _balance(self, subnets: list[str], delay: int) -> None:
        elbv2 = self.on.client("elbv2")
        admit_everything(self.on.client("ec2"))
        vpc = self.on.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        checks = {"HealthCheckPath": "/health", "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2, "HealthyThresholdCount": 2}
        made = elbv2.create_target_group(Name=self.name, Protocol="HTTP", Port=80, VpcId=vpc, **checks)
        self.target_group = made["TargetGroups"][0]["TargetGroupArn"]
        attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}]
        elbv2.modify_target_group_attributes(TargetGroupArn=self.target_group, Attributes=attributes)
        balancer = elbv2.create_load_balancer(Name=self.name, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        forward = [{"Type": "forward", "TargetGroupArn": self.target_group}]
        made = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
        self.listener = made["Listeners"][0]["ListenerArn"]

    def subnets(self, zones: int) -> list[str]:
        found = self.on.client("ec2").describe_subnets()["Subnets"]
        by_zone = {s["AvailabilityZone"]: s["SubnetId"] for s in found}
        return [by_zone[zone] for zone in ZONES[:zones]]

    def cut_off(self, *zones: str) -> None:
        """Cuts the subnets of these zones off, and no others."""
        self.on.sandbox.simulated.network.apply(both_ways(*(cidr for zone, cidr in self._cidrs() if zone in zones)))

    def zones_cut_off(self) -> list[str]:
        cut = [network for each in self.on.sandbox.simulated.network.cut_off() for network in each.ranges]
        return [zone for zone, cidr in self._cidrs() if any(cidr.subnet_of(each) for each in cut)]

    def _cidrs(self) -> list[tuple[str, IPv4Network]]:
        """Zone and CIDR block of each subnet."""
        return [(s["AvailabilityZone"], IPv4Network(s["CidrBlock"])) for s in self.on.client("ec2").describe_subnets()["Subnets"]]

    def after(self, restarted: VirtualSandbox) -> "Fleet":
        """The same fleet, seen through the control plane that came after."""
        return Fleet(on=restarted, name=self.name, target_group=self.target_group, listener=self.listener)

    # ---- what AWS reports about it -----------------------------------------------------------------------------------------------------

    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = self.on.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])
        return dict(found["AutoScalingGroups"][0])

    def members(self) -> dict[str, str]:
        """Instance id → lifecycle state."""
        return {i["InstanceId"]: i["LifecycleState"] for i in self.described()["Instances"]}

    def in_service(self) -> list[str]:
        return sorted(i for i, state in self.members().items() if state == "InService")

    def zones(self) -> list[str]:
        """Of the instances in service: ["a", "b", "b"]."""
        return sorted(i["AvailabilityZone"][-1] for i in self.described()["Instances"] if i["LifecycleState"] == "InService")

    def health(self) -> dict[str, str]:
        """Instance id → state of the target."""
        found = self.on.client("elbv2").describe_target_health(TargetGroupArn=self.target_group)["TargetHealthDescriptions"]
        return {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in found}

    def activities(self) -> list[dict[str, Any]]:
        """Newest first."""
        found = self.on.client("autoscaling").describe_scaling_activities(AutoScalingGroupName=self.name)["Activities"]
        return list(found)

    def well(self) -> bool:
        """As many as desired in service, all of them healthy targets, nobody else a member or a target, and evenly spread."""
        described = self.described()
        instances = described["Instances"]
        per_zone = [[i["AvailabilityZone"] for i in instances].count(zone) for zone in described["AvailabilityZones"]]
        return (
            len(instances) == described["DesiredCapacity"]
            and all(i["LifecycleState"] == "InService" and i["HealthStatus"] == "Healthy" for i in instances)
            and max(per_zone) - min(per_zone) <= 1
            and self.health() == dict.fromkeys((i["InstanceId"] for i in instances), "healthy")
        )
