"""Checks of what was made, and how it is configured."""

from typing import Any

from sandbox.learn.checks.model import Check, Finding, Parameters, any_of, named, number
from sandbox.learn.checks.observed import Observed

ANYWHERE = "0.0.0.0/0"
LONGEST_GRACE = 2**31 - 1  # seconds
DELAY = "deregistration_delay.timeout_seconds"


def instances(seen: Observed, given: Parameters) -> Finding:
    running = [i for i in seen.instances if i["State"]["Name"] == "running"]
    if given.get("detailed", False):
        running = [i for i in running if i["Monitoring"]["State"] == "enabled"]
    zones = {i["Placement"]["AvailabilityZone"] for i in running}
    enough = len(running) >= number(given, "at-least") and len(zones) >= number(given, "zones")
    detailed = " with detailed monitoring" if given.get("detailed", False) else ""
    return Finding(met=enough, observed=f"{len(running)} instances{detailed} run in {len(zones)} zones")


def load_balancer(seen: Observed, given: Parameters) -> Finding:
    return any_of(
        [lb for lb in seen.load_balancers if named(given, lb, "LoadBalancerName")],
        lambda lb: f"{lb['LoadBalancerName']} is {lb['State']['Code']} in {len(lb['AvailabilityZones'])} zones",
        "load balancer",
        lambda lb: lb["State"]["Code"] == "active" and len(lb["AvailabilityZones"]) >= number(given, "zones"),
    )


def listener(seen: Observed, given: Parameters) -> Finding:
    return any_of(
        seen.listeners,
        lambda each: f"a listener on {each['Protocol']} {each['Port']}",
        "listener",
        lambda each: each["Port"] == number(given, "port", 80),
    )


def target_group(seen: Observed, given: Parameters) -> Finding:
    def fits(group: Any) -> bool:
        path = given.get("health-check-path", group.get("HealthCheckPath"))
        quick = group.get("HealthCheckIntervalSeconds", 0) <= number(given, "interval-at-most", 300)
        right_port = int(group["Port"]) == number(given, "port", group["Port"])
        delay = int(seen.target_group_attributes[group["TargetGroupArn"]].get(DELAY, 0))
        right_check = group.get("HealthCheckPath") == path and quick
        return right_port and right_check and delay <= number(given, "deregistration-delay-at-most", delay)

    return any_of(
        [group for group in seen.target_groups if named(given, group, "TargetGroupName")],
        lambda group: _of_target_group(group, seen.target_group_attributes[group["TargetGroupArn"]]),
        "target group",
        fits,
    )


def _of_target_group(group: Any, attributes: dict[str, str]) -> str:
    check = f"checks {group.get('HealthCheckPath')} every {group.get('HealthCheckIntervalSeconds')} s"
    return f"{group['TargetGroupName']} {check}, and its deregistration delay is {attributes.get(DELAY)} s"


def group(seen: Observed, given: Parameters) -> Finding:
    def fits(each: Any) -> bool:
        serving = [m for m in each["Instances"] if m["LifecycleState"] == "InService"]
        return (
            len(serving) >= number(given, "in-service", 0)
            and each["MaxSize"] >= number(given, "max-at-least", 0)
            and len(each["AvailabilityZones"]) >= number(given, "zones")
            and each["HealthCheckType"] == given.get("health-check-type", each["HealthCheckType"])
            and number(given, "grace-at-least", 0) <= each["HealthCheckGracePeriod"] <= number(given, "grace-at-most", LONGEST_GRACE)
            and (not given.get("attached", False) or bool(each.get("TargetGroupARNs")))
        )

    return any_of([each for each in seen.groups if named(given, each, "AutoScalingGroupName")], _of_group, "Auto Scaling group", fits)


def _of_group(each: Any) -> str:
    serving = sum(member["LifecycleState"] == "InService" for member in each["Instances"])
    attached = "attached to a target group" if each.get("TargetGroupARNs") else "attached to no target group"
    return (
        f"{each['AutoScalingGroupName']} has {serving} of {each['DesiredCapacity']} instances in service in "
        f"{len(each['AvailabilityZones'])} zones, {each['HealthCheckType']} health checks, a grace period of "
        f"{each['HealthCheckGracePeriod']} s, and is {attached}"
    )


def open_to_clients(seen: Observed, given: Parameters) -> Finding:
    port = number(given, "port", 80)
    groups = {each["GroupId"]: each for each in seen.security_groups}

    def admits(lb: Any) -> bool:
        rules = [rule for key in lb.get("SecurityGroups", ()) for rule in groups.get(key, {}).get("IpPermissions", ())]
        return any(_covers(rule, port) and any(r["CidrIp"] == ANYWHERE for r in rule.get("IpRanges", ())) for rule in rules)

    return any_of(
        seen.load_balancers,
        lambda lb: f"the groups of {lb['LoadBalancerName']} {'admit' if admits(lb) else 'do not admit'} port {port} from {ANYWHERE}",
        "load balancer",
        admits,
    )


def _covers(rule: Any, port: int) -> bool:
    return bool(rule["IpProtocol"] == "-1" or (rule["IpProtocol"] == "tcp" and rule["FromPort"] <= port <= rule["ToPort"]))


def policy(seen: Observed, given: Parameters) -> Finding:
    return any_of(
        seen.policies,
        lambda each: f"{each['PolicyName']} of {each['AutoScalingGroupName']} is a {each['PolicyType']} policy",
        "scaling policy",
        lambda each: each["PolicyType"] == given.get("type", each["PolicyType"]),
    )


def subscription(seen: Observed, given: Parameters) -> Finding:
    return any_of(
        seen.subscriptions,
        lambda each: f"{each['Protocol']} {each['Endpoint']} is {'not confirmed' if _pending(each) else 'confirmed'}",
        "subscription",
        lambda each: not _pending(each),
    )


def _pending(each: Any) -> bool:
    return str(each["SubscriptionArn"]) == "PendingConfirmation"


RESOURCES = (
    Check(
        name="instances",
        asks="That many instances run, in that many zones, with detailed monitoring.",
        look=instances,
        parameters={"at-least": int, "zones": int, "detailed": bool},
    ),
    Check(
        name="load-balancer",
        asks="A load balancer is active in that many zones.",
        look=load_balancer,
        parameters={"name": str, "zones": int},
    ),
    Check(name="listener", asks="A load balancer has a listener on that port.", look=listener, parameters={"port": int}),
    Check(
        name="target-group",
        asks="A target group has that port, path and interval of its health check, and that deregistration delay.",
        look=target_group,
        parameters={"name": str, "port": int, "health-check-path": str, "interval-at-most": int, "deregistration-delay-at-most": int},
    ),
    Check(
        name="group",
        asks="An Auto Scaling group has so many instances in service, zones, a maximum, health checks, a grace period, a target group.",
        look=group,
        parameters={
            "name": str,
            "in-service": int,
            "max-at-least": int,
            "zones": int,
            "grace-at-least": int,
            "grace-at-most": int,
            "health-check-type": str,
            "attached": bool,
        },
    ),
    Check(
        name="open-to-clients",
        asks="The security groups of a load balancer admit that port from everywhere.",
        look=open_to_clients,
        parameters={"port": int},
    ),
    Check(name="policy", asks="An Auto Scaling group has a scaling policy of that type.", look=policy, parameters={"type": str}),
    Check(name="subscription", asks="A topic has a confirmed subscription.", look=subscription),
)
