"""The tutorial's fleet: its names, what its steps made, what AWS says of it, and how it heals. For the tutorial's scenarios."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scenarios.kit.stage import Stage

GROUP, POLICY, ALARM = "coinbase-asg", "cpu-scaling-policy", "instance-health-check"
CONFIGURATION, TARGET_GROUP, LOAD_BALANCER, TOPIC = "coinbase-lc", "coinbase-target-group", "coinbase-alb", "coinbase-alerts"
IMAGE = "ami-0c047a86012500412"


@dataclass(kw_only=True)
class Scene:
    """What the steps made."""

    subnets: list[str] = field(default_factory=list)
    vpc: str = ""
    lb_security_group: str = ""
    instance_security_group: str = ""
    target_group: str = ""  # arn
    load_balancer: str = ""  # arn
    url: str = ""


def lb_state(stage: Stage, scene: Scene) -> str:
    found = stage.ask("elbv2", "describe_load_balancers", LoadBalancerArns=[scene.load_balancer])
    return str(found["LoadBalancers"][0]["State"]["Code"])


def url(stage: Stage) -> str | None:
    found = [e["url"] for e in stage.client.get("endpoints")["endpoints"] if e["load_balancer"] == LOAD_BALANCER and e["port"] == 80]
    return found[0] if found else None


def group(stage: Stage) -> dict[str, Any]:
    found = stage.ask("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    return dict(found[0]) if found else {"Instances": []}


def in_service(stage: Stage) -> list[str]:
    return sorted(i["InstanceId"] for i in group(stage)["Instances"] if i["LifecycleState"] == "InService")


def targets(stage: Stage, scene: Scene) -> dict[str, str]:
    """Instance id → target health state."""
    found = stage.ask("elbv2", "describe_target_health", TargetGroupArn=scene.target_group)["TargetHealthDescriptions"]
    return {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in found}


def settled(stage: Stage, scene: Scene) -> bool:
    """Three in service, and the same three healthy behind the load balancer."""
    serving = in_service(stage)
    healthy = sorted(i for i, state in targets(stage, scene).items() if state == "healthy")
    return len(serving) == 3 and healthy == serving


def activities(stage: Stage, since: datetime) -> list[dict[str, Any]]:
    """The group's scaling activities that began at or after a moment (of whole seconds), oldest first."""
    found = stage.ask("autoscaling", "describe_scaling_activities", AutoScalingGroupName=GROUP)["Activities"]
    return sorted((a for a in found if a["StartTime"] >= since.replace(microsecond=0)), key=lambda a: a["StartTime"])


@dataclass(kw_only=True)
class Course:
    """When what was seen, in sandbox time, after the fault."""

    victim: str
    fault: datetime
    seen: dict[str, datetime] = field(default_factory=dict)
    replacement: str = ""
    open: str = "the group has not noticed"  # what is still missing; empty when it has healed

    @property
    def noticed(self) -> str:
        return f"the group noticed that {self.victim} is gone"

    @property
    def recovered(self) -> str:
        return f"{self.replacement} is healthy"

    def after(self, what: str) -> str:
        """`+4.0 s`, sandbox time after the fault; "never" when it was not seen."""
        return f"+{(self.seen[what] - self.fault).total_seconds():.1f} s sandbox" if what in self.seen else "never"

    def note(self, stage: Stage, what: str, happened: bool) -> None:
        if happened and what not in self.seen:
            self.seen[what] = stage.client.now()
            stage.stamped(what, self.seen[what])


def healed(stage: Stage, scene: Scene, course: Course) -> bool:
    """Notes the milestones. True when the victim has left, and three are in service and healthy again."""
    states = targets(stage, scene)
    serving = in_service(stage)
    members = {i["InstanceId"]: i["LifecycleState"] for i in group(stage)["Instances"]}
    begun = [a["Description"] for a in activities(stage, course.fault)]
    launched = sorted(i for i in members if any(a.endswith(f"Launching a new EC2 instance: {i}") for a in begun))
    if launched and not course.replacement:
        course.replacement = launched[0]
    new = course.replacement
    course.note(stage, course.noticed, any(f"Terminating EC2 instance: {course.victim}" in a for a in begun))
    course.note(stage, f"{course.victim} gets no new requests", states.get(course.victim) in (None, "draining", "unused", "unhealthy"))
    if new:
        course.note(stage, f"its replacement {new} is being launched", True)
        course.note(stage, f"{new} is registered with the target group", new in states)
        course.note(stage, f"{new} is in service", new in serving)
        course.note(stage, course.recovered, states.get(new) == "healthy")
    course.open = f"{course.victim} is still in the group" if course.victim in members else f"in service: {serving}, targets: {states}"
    if course.victim not in members and settled(stage, scene):
        course.open = ""
    return not course.open
