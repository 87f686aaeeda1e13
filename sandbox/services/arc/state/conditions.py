"""What ARC asks other services about a resource, through their APIs: healthy capacity, and the states of alarms (ARC-7, ARC-8)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends

from sandbox.aws import backends
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.services.arc.model import Capacity, PracticeConfiguration, Resource
from sandbox.services.arc.state import resources

CALLER = "arc-zonal-shift"


def alarms(resource: Resource, practice: PracticeConfiguration) -> Mapping[str, str] | None:
    """ARN → state of the configured alarms that exist; None: CloudWatch does not answer."""
    scope = resources.scope_of(resource.arn)
    assert scope is not None, f"{resource.arn} was found by its ARN"
    try:
        return states_of(scope, (*practice.outcome_alarms, *practice.blocking_alarms))
    except ClientError:
        return None


def states_of(scope: Scope, arns: Iterable[str]) -> Mapping[str, str]:
    """ARN → state of those alarms that exist in the account and Region."""
    wanted = set(arns)
    names = sorted({arn.rsplit(":", 1)[-1] for arn in wanted})
    found = _client("cloudwatch", scope).describe_alarms(AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    listed = (*found.get("MetricAlarms", ()), *found.get("CompositeAlarms", ()))
    return {alarm["AlarmArn"]: alarm["StateValue"] for alarm in listed if alarm["AlarmArn"] in wanted}


def capacity(resource: Resource) -> Capacity | None:
    """None: the service does not answer."""
    scope = resources.scope_of(resource.arn)
    assert scope is not None, f"{resource.arn} was found by its ARN"
    try:
        return _of_load_balancer(resource, scope) if resource.kind.is_load_balancer else _of_group(resource, scope)
    except ClientError:
        return None


def _of_load_balancer(resource: Resource, scope: Scope) -> Capacity:
    elbv2 = _client("elbv2", scope)
    groups = elbv2.describe_target_groups(LoadBalancerArn=resource.arn)["TargetGroups"]
    healths = [each for group in groups for each in _targets(elbv2, group["TargetGroupArn"])]
    healthy = {each["Target"]["Id"] for each in healths if each["TargetHealth"]["State"] == "healthy"}
    counts = Counter(_zone(scope, target) for target in healthy)
    return Capacity(healthy={name: counts[name] for name in resource.zones.values()})


def _targets(elbv2: Any, arn: str) -> list[dict[str, Any]]:
    return list(elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"])


def _zone(scope: Scope, target: str) -> str | None:
    """Of an instance, or of the subnet's address that the target is."""
    ec2 = backends.find(ec2_backends, scope)
    instance = ec2.get_instance_by_id(target) if ec2 and target.startswith("i-") else None
    if instance is not None:
        return str(instance.placement.zone)
    subnets = (subnet for by_id in ec2.subnets.values() for subnet in by_id.values()) if ec2 else ()
    return next((str(subnet.availability_zone) for subnet in subnets if resources.in_block(target, subnet.cidr_block)), None)


def _of_group(resource: Resource, scope: Scope) -> Capacity:
    found = _client("autoscaling", scope).describe_auto_scaling_groups(AutoScalingGroupNames=[resource.name])["AutoScalingGroups"]
    instances = [each for group in found for each in group["Instances"]]
    serving = [each for each in instances if each["HealthStatus"] == "Healthy" and each["LifecycleState"] == "InService"]
    counts = Counter(each["AvailabilityZone"] for each in serving)
    desired = sum(group["DesiredCapacity"] for group in found)
    return Capacity(healthy={name: counts[name] for name in resource.zones.values()}, desired=desired)


def _client(service: str, scope: Scope) -> Any:
    return context().clients.client(service, scope, CALLER)
