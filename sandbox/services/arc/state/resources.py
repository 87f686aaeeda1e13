"""The resources that ARC can shift, read from moto's load balancers and Auto Scaling groups. Reads only."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.elbv2.models import elbv2_backends

from sandbox.aws import backends
from sandbox.core.control import Scope
from sandbox.services.arc.model import Resource, ResourceKind

LOAD_BALANCERS = {"application": ResourceKind.APPLICATION_LOAD_BALANCER, "network": ResourceKind.NETWORK_LOAD_BALANCER}
OPT_IN = "zonal_shift.config.enabled"  # ALB-7


@cache
def zone_ids(region: str) -> Mapping[str, str]:
    """Name → id of the Region's zones (AZ-3)."""
    return {zone.name: zone.zone_id for zone in RegionsAndZonesBackend.zones.get(region, ())}


def zone_name(region: str, zone_id: str) -> str | None:
    return next((name for name, each in zone_ids(region).items() if each == zone_id), None)


def scope_of(arn: str) -> Scope | None:
    """The account and Region of an ARN; None if it is no ARN."""
    parts = arn.split(":", 5)
    return Scope(parts[4], parts[3]) if len(parts) == 6 and parts[0] == "arn" else None


def managed(scope: Scope) -> Iterator[Resource]:
    """ARC-1: those that opted in."""
    return (resource for resource in _all(scope) if resource.opted_in)


def find(arn: str) -> Resource | None:
    """The load balancer or group with this ARN, whether it opted in or not."""
    scope = scope_of(arn)
    if scope is None:
        return None
    balancers = backends.find(elbv2_backends, scope)
    if balancers is not None and arn in balancers.load_balancers:
        return _of_load_balancer(scope.region, balancers.load_balancers[arn])
    groups = backends.find(autoscaling_backends, scope)
    group = groups.autoscaling_groups.get(arn.rpartition("autoScalingGroupName/")[2]) if groups else None
    return _of_group(scope.region, group) if group is not None and group.arn == arn else None


def of(arns: Iterable[str]) -> Iterator[Resource]:
    """Those that exist."""
    return (found for arn in arns if (found := find(arn)) is not None)


def _all(scope: Scope) -> Iterator[Resource]:
    balancers = backends.find(elbv2_backends, scope)
    for balancer in balancers.load_balancers.values() if balancers else ():
        if balancer.type in LOAD_BALANCERS:
            yield _of_load_balancer(scope.region, balancer)
    for group in _groups(scope):
        yield _of_group(scope.region, group)


def _groups(scope: Scope) -> list[Any]:
    backend = backends.find(autoscaling_backends, scope)
    return list(backend.autoscaling_groups.values()) if backend else []


def _of_load_balancer(region: str, balancer: Any) -> Resource:
    return Resource(
        arn=balancer.arn,
        name=balancer.name,
        kind=LOAD_BALANCERS[balancer.type],
        zones=_zones(region, [subnet.availability_zone for subnet in balancer.subnets]),
        opted_in=balancer.attrs.get(OPT_IN) == "true",
    )


def _of_group(region: str, group: Any) -> Resource:
    policy: Mapping[str, Any] = group.availability_zone_impairment_policy or {}
    return Resource(
        arn=group.arn,
        name=group.name,
        kind=ResourceKind.AUTO_SCALING_GROUP,
        zones=_zones(region, group.availability_zones),
        opted_in=bool(policy.get("ZonalShiftEnabled")),
    )


def _zones(region: str, names: list[str]) -> Mapping[str, str]:
    known = zone_ids(region)
    return {known[name]: name for name in sorted(names) if name in known}


def in_block(address: str, cidr: str) -> bool:
    try:
        return ip_address(address) in ip_network(cidr, strict=False)
    except ValueError:
        return False
