"""Whether a shift may start now, and what happens to the resource's other shifts. Pure (ARC-1, ARC-5, TG-41)."""

from collections.abc import Iterable

from sandbox.core.errors import ApiError
from sandbox.services.arc import errors
from sandbox.services.arc.decide import precedence
from sandbox.services.arc.decide.precedence import Candidate
from sandbox.services.arc.model import Resource, ResourceKind, ShiftType

OPT_IN = {
    ResourceKind.APPLICATION_LOAD_BALANCER: "Set its attribute zonal_shift.config.enabled to true.",
    ResourceKind.NETWORK_LOAD_BALANCER: "Set its attribute zonal_shift.config.enabled to true.",
    ResourceKind.AUTO_SCALING_GROUP: "Set ZonalShiftEnabled of its AvailabilityZoneImpairmentPolicy to true.",
}


def check_opt_in(resource: Resource) -> None:
    if not resource.opted_in:
        raise errors.not_managed(resource.arn, OPT_IN[resource.kind])


def check_zone(resource: Resource, zone_id: str) -> None:
    if zone_id not in resource.zones:
        raise errors.invalid_zone(zone_id, resource.zones)
    if len(resource.zones) < 2:
        raise errors.single_zone(resource.arn)


def check_others(arn: str, starting: ShiftType, active: Iterable[Candidate]) -> None:
    other = precedence.refusing(starting, active)
    if other is not None:
        raise _conflict(arn, starting, other)


def _conflict(arn: str, starting: ShiftType, other: Candidate) -> ApiError:
    if other.shift is None:
        return errors.autoshift_active(arn)
    if other.type is starting or other.type is ShiftType.ZONAL_SHIFT:
        return errors.already_shifted(arn, other.shift.id)
    return errors.simultaneous(arn, other.type.value, other.shift.id)
