"""Validation of InstanceMaintenancePolicy (ASG-105). The texts are ours (U)."""

from collections.abc import Mapping
from typing import Any

from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.model import MaintenancePolicy

UNSET = -1
WIDEST = 100  # between the two percentages


def maintenance(given: Mapping[str, Any] | None) -> MaintenancePolicy | None:
    """None: there is none, or it is removed."""
    low, high = (given or {}).get("MinHealthyPercentage"), (given or {}).get("MaxHealthyPercentage")
    if low is None and high is None:
        return None
    if low is None or high is None:
        raise errors.invalid("Both MinHealthyPercentage and MaxHealthyPercentage of the InstanceMaintenancePolicy must be specified.")
    if low == high == UNSET:
        return None
    if not 0 <= low <= 100 <= high <= 200:
        text = "MinHealthyPercentage must be from 0 to 100 and MaxHealthyPercentage from 100 to 200, or both must be -1."
        raise errors.invalid(f"{text} The InstanceMaintenancePolicy has {low} and {high}.")
    if high - low > WIDEST:
        raise errors.invalid(f"The difference between MinHealthyPercentage and MaxHealthyPercentage cannot be greater than {WIDEST}.")
    return MaintenancePolicy(min_healthy=low, max_healthy=high)
