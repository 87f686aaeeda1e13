"""Validation of requests for groups (ASG-1 to ASG-7, ASG-40, ASG-67): each function raises AWS's error when its parameter is invalid.

Called by the operations on groups before anything is stored. Checks against other objects are in api/groups.py.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.validation.maintenance import maintenance
from sandbox.services.autoscaling.decide.termination_policy import POLICIES

LONGEST_NAME = 255  # ASG-6
HEALTH_CHECK_TYPES = frozenset({"EC2", "ELB"})  # EBS and VPC_LATTICE are not supported here
DISTRIBUTIONS = frozenset({"balanced-best-effort", "balanced-only"})
UNSET_WARMUP = -1  # ASG-7
NO_IMPAIRMENT_POLICY = {"ZonalShiftEnabled": False, "ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy"}
"""What a policy that names only one of the two gets for the other (U)."""


def name(name: str) -> None:
    """ASG-6."""
    if not name or len(name) > LONGEST_NAME or ":" in name or not name.isprintable():
        raise errors.invalid(f"The AutoScalingGroup name '{name}' must be 1 to 255 printable characters without a colon.")


def bounds(low: int, high: int, desired: int) -> None:
    """ASG-2."""
    for member, value in (("minSize", low), ("maxSize", high), ("desiredCapacity", desired)):
        not_negative(member, value)
    if low > high:
        raise errors.bounds_crossed(low, high)
    if not low <= desired <= high:
        raise errors.desired_out_of_bounds(desired, low, high)


def not_negative(member: str, value: int) -> None:
    if value < 0:
        raise errors.too_small(value, member)


def configuration_name(name: str) -> None:
    """ASG-6."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise errors.wrong_length(name, "launchConfigurationName", LONGEST_NAME)


def image_id(given: str | None) -> None:
    """EC2-61: a launch configuration names its image by id only."""
    if given and not given.startswith("ami-"):
        raise errors.invalid(f'AMI {given} is invalid: Invalid id: "{given}" (expecting "ami-...")')


def health_check_type(given: str | None) -> None:
    """ASG-40."""
    types = {t.strip() for t in (given or "EC2").split(",")}
    if types & {"EBS", "VPC_LATTICE"}:
        raise errors.not_supported(f"HealthCheckType {given}")
    if not types <= HEALTH_CHECK_TYPES:
        raise errors.invalid(f"Invalid health check type: {given}. Valid types are: EC2, EBS, ELB, VPC_LATTICE.")


def policies(names: list[str]) -> None:
    """ASG-67."""
    for name in names:
        if name.startswith("arn:"):
            raise errors.not_supported("a custom termination policy (Lambda)")
        if name not in POLICIES:
            raise errors.invalid(f"Invalid termination policy: {name}. Valid policies are: {', '.join(POLICIES)}.")


def seconds(name: str, given: int | str | None) -> None:
    if given is not None and int(given) < 0:
        raise errors.invalid(f"{name} must not be negative.")


def settings(given: Mapping[str, Any]) -> None:
    """Parameters of CreateAutoScalingGroup and UpdateAutoScalingGroup that moto's handlers do not pass on (ASG-7)."""
    policies(given.get("TerminationPolicies") or [])
    maintenance(given.get("InstanceMaintenancePolicy"))
    seconds("DefaultCooldown", given.get("DefaultCooldown"))
    warmup = given.get("DefaultInstanceWarmup")
    if warmup is not None and not UNSET_WARMUP <= warmup <= 3600:
        raise errors.invalid("DefaultInstanceWarmup must be between -1 and 3600 seconds.")
    strategy = (given.get("AvailabilityZoneDistribution") or {}).get("CapacityDistributionStrategy", "balanced-only")
    if strategy not in DISTRIBUTIONS:
        raise errors.not_supported(f"AvailabilityZoneDistribution {strategy}")


def completed(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """An AvailabilityZoneImpairmentPolicy with both of its members (ASG-112)."""
    return {**NO_IMPAIRMENT_POLICY, **policy}
