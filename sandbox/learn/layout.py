"""A learner's layout, as the API shows it: what `sandbox learn try` replays in virtual time. Pure, but for what `Observed` reads.

The layout becomes knobs of a scenario's reference service (docs/scenarios.md): its size, zones, health checks and delays are the learner's.
What an instance can serve is that service's (50 requests per second), so that a layout is judged and not the speed of this machine.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.core.errors import UserError
from sandbox.learn.checks.observed import Observed

PER_INSTANCE = 50  # requests per second: CAPACITY of scenarios/kit/definition/profiles.py, which a test compares
DELAY, FAIL_OPEN = "deregistration_delay.timeout_seconds", "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"
MOST_ZONES = 6


def knobs(seen: Observed, group: str | None, demand: int) -> Mapping[str, str]:
    """Of the group with that name, or of the only one. `demand`: requests per second of all clients. Raises UserError if there is no such
    group, or it is behind no target group of HTTP."""
    chosen = _group(seen.groups, group)
    size = chosen["DesiredCapacity"]
    if size < 1:
        raise UserError(f"The group {chosen['AutoScalingGroupName']} has no instance.", "aws autoscaling set-desired-capacity")
    target_group = _target_group(seen, chosen)
    attributes = seen.target_group_attributes[target_group["TargetGroupArn"]]
    members = [each for each in seen.instances if each["InstanceId"] in {m["InstanceId"] for m in chosen["Instances"]}]
    found = {
        "size": size,
        "max_size": max(chosen["MaxSize"], size),
        "zones": min(len(chosen["AvailabilityZones"]), MOST_ZONES),
        "load": f"{demand / (size * PER_INSTANCE) * 100:g}",
        "attached": _flag(bool(chosen.get("TargetGroupARNs"))),
        "health_check_type": "ELB" if "ELB" in chosen["HealthCheckType"] else "EC2",
        "grace": chosen["HealthCheckGracePeriod"],
        "warmup": chosen.get("DefaultInstanceWarmup", -1),
        "path": target_group["HealthCheckPath"],
        "interval": target_group["HealthCheckIntervalSeconds"],
        "timeout": target_group["HealthCheckTimeoutSeconds"],
        "unhealthy": target_group["UnhealthyThresholdCount"],
        "healthy": target_group["HealthyThresholdCount"],
        "deregistration_delay": attributes[DELAY],
        "fail_open": _percent(attributes.get(FAIL_OPEN, "off")),
        "detailed": _flag(bool(members) and all(each["Monitoring"]["State"] == "enabled" for each in members)),
    }
    return {name: str(value) for name, value in found.items()}


def _group(groups: list[Any], name: str | None) -> Any:
    known = [each for each in groups if name in (None, each["AutoScalingGroupName"])]
    if not known:
        raise UserError(
            "There is no Auto Scaling group." if name is None else f"There is no Auto Scaling group {name!r}.", "sandbox status"
        )
    if len(known) > 1:
        names = ", ".join(each["AutoScalingGroupName"] for each in known)
        raise UserError(f"There are {len(known)} Auto Scaling groups ({names}). Say which one: --group NAME.", "sandbox status")
    return known[0]


def _target_group(seen: Observed, group: Any) -> Any:
    """The one that the group is attached to; else the one in which one of its instances is registered by hand."""
    members = {each["InstanceId"] for each in group["Instances"]}
    registered = {each["TargetGroupArn"] for each in seen.targets if each["Target"]["Id"] in members}
    wanted = set(group.get("TargetGroupARNs", ())) or registered
    found = next((each for each in seen.target_groups if each["TargetGroupArn"] in wanted and "HealthCheckPath" in each), None)
    if found is None:
        name = group["AutoScalingGroupName"]
        raise UserError(
            f"No instance of {name} is in a target group for HTTP, so no request reaches it.", "sandbox learn show never_reached"
        )
    return found


def _flag(value: bool) -> str:
    return "yes" if value else "no"


def _percent(text: str) -> str:
    return text if text.isdigit() else "0"
