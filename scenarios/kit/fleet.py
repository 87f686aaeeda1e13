"""The tutorial's fleet: resource names, the ids of created resources, and queries for their state."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scenarios.kit.stage import Stage

GROUP, POLICY, ALARM = "coinbase-asg", "cpu-scaling-policy", "instance-health-check"
CONFIGURATION, TARGET_GROUP, LOAD_BALANCER, TOPIC = "coinbase-lc", "coinbase-target-group", "coinbase-alb", "coinbase-alerts"
LB_GROUP, INSTANCE_GROUP = "coinbase-lb", "coinbase-instances"  # security groups
IMAGE = "ami-0c047a86012500412"


@dataclass(kw_only=True)
class Resources:
    """Ids of what the steps created; empty until then."""

    subnets: list[str] = field(default_factory=list)
    vpc: str = ""
    lb_security_group: str = ""
    instance_security_group: str = ""
    target_group: str = ""  # arn
    load_balancer: str = ""  # arn
    url: str = ""


def lb_state(stage: Stage, resources: Resources) -> str:
    found = stage.query("elbv2", "describe_load_balancers", LoadBalancerArns=[resources.load_balancer])
    return str(found["LoadBalancers"][0]["State"]["Code"])


def listener_url(stage: Stage) -> str | None:
    """The address of the load balancer's port 80 on this machine; None: there is no listener."""
    found = [e["url"] for e in stage.client.get("endpoints")["endpoints"] if e["load_balancer"] == LOAD_BALANCER and e["port"] == 80]
    return found[0] if found else None


def group(stage: Stage) -> dict[str, Any]:
    found = stage.query("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    return dict(found[0]) if found else {"Instances": []}


def in_service(stage: Stage) -> list[str]:
    return sorted(i["InstanceId"] for i in group(stage)["Instances"] if i["LifecycleState"] == "InService")


def targets(stage: Stage, resources: Resources) -> dict[str, str]:
    """Instance id → target health state."""
    found = stage.query("elbv2", "describe_target_health", TargetGroupArn=resources.target_group)["TargetHealthDescriptions"]
    return {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in found}


def settled(stage: Stage, resources: Resources) -> bool:
    """Whether three instances are in service, and the same three are healthy targets."""
    serving = in_service(stage)
    healthy = sorted(i for i, state in targets(stage, resources).items() if state == "healthy")
    return len(serving) == 3 and healthy == serving


def activities(stage: Stage, since: datetime) -> list[dict[str, Any]]:
    """The group's scaling activities since a time (rounded down to a second), oldest first."""
    found = stage.query("autoscaling", "describe_scaling_activities", AutoScalingGroupName=GROUP)["Activities"]
    return sorted((a for a in found if a["StartTime"] >= since.replace(microsecond=0)), key=lambda a: a["StartTime"])
