"""What the AWS API and /_sandbox say now. One `Observed` is one look: each thing is read once, when it is first asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from sandbox.client import SandboxClient

LONGEST = 3.0  # real seconds for one request to a load balancer


@dataclass(frozen=True)
class Observed:
    """`after`: id of the last event before the lesson began; None: there was none."""

    client: SandboxClient
    after: str | None

    @cached_property
    def instances(self) -> list[Any]:
        """Those that are not terminated."""
        found = self.client.aws("ec2").describe_instances()["Reservations"]
        return [i for r in found for i in r["Instances"] if i["State"]["Name"] != "terminated"]

    @cached_property
    def groups(self) -> list[Any]:
        """Auto Scaling groups."""
        return list(self.client.aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"])

    @cached_property
    def policies(self) -> list[Any]:
        return list(self.client.aws("autoscaling").describe_policies()["ScalingPolicies"])

    @cached_property
    def load_balancers(self) -> list[Any]:
        return list(self.client.aws("elbv2").describe_load_balancers()["LoadBalancers"])

    @cached_property
    def listeners(self) -> list[Any]:
        elb = self.client.aws("elbv2")
        return [each for lb in self.load_balancers for each in elb.describe_listeners(LoadBalancerArn=lb["LoadBalancerArn"])["Listeners"]]

    @cached_property
    def target_groups(self) -> list[Any]:
        return list(self.client.aws("elbv2").describe_target_groups()["TargetGroups"])

    @cached_property
    def targets(self) -> list[Any]:
        """The descriptions of all targets, each with the ARN of its group."""
        elb = self.client.aws("elbv2")
        return [
            {**each, "TargetGroupArn": group["TargetGroupArn"]}
            for group in self.target_groups
            for each in elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
        ]

    @cached_property
    def target_group_attributes(self) -> dict[str, dict[str, str]]:
        """By ARN."""
        elb = self.client.aws("elbv2")
        return {
            group["TargetGroupArn"]: {
                each["Key"]: each["Value"]
                for each in elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]
            }
            for group in self.target_groups
        }

    @cached_property
    def zonal_shifts(self) -> list[Any]:
        return list(self.client.aws("arc-zonal-shift").list_zonal_shifts()["items"])

    @cached_property
    def security_groups(self) -> list[Any]:
        return list(self.client.aws("ec2").describe_security_groups()["SecurityGroups"])

    @cached_property
    def alarms(self) -> list[Any]:
        return list(self.client.aws("cloudwatch").describe_alarms()["MetricAlarms"])

    @cached_property
    def subscriptions(self) -> list[Any]:
        return list(self.client.aws("sns").list_subscriptions()["Subscriptions"])

    @cached_property
    def faults(self) -> list[Any]:
        """Those in force."""
        return list(self.client.get("faults")["faults"])

    @cached_property
    def events(self) -> Sequence[Any]:
        """Of the journal since the lesson began, oldest first."""
        found: list[Any] = []
        after = self.after or "e0"
        while True:
            answer = self.client.get("events", after=after)
            if not answer["events"]:
                return found
            found += answer["events"]
            after = answer["last"]

    @cached_property
    def urls(self) -> list[str]:
        """Of the listeners on this machine."""
        return [str(each["url"]) for each in self.client.get("endpoints")["endpoints"] if each["url"]]

    def status(self, url: str) -> int | None:
        """The status of a real request; None: no response in time."""
        try:
            return httpx.get(url, timeout=LONGEST, trust_env=False).status_code
        except httpx.HTTPError:
            return None
