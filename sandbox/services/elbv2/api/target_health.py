"""An item of DescribeTargetHealth (TG-16, TG-17)."""

from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.elbv2.models import FakeHealthStatus

from sandbox.services.elbv2 import model
from sandbox.services.elbv2.decide.zones import is_cross_zone
from sandbox.services.elbv2.model import Health, TargetKey

NO_OVERRIDE = {
    "State": "no_override",
    "Reason": "AdministrativeOverride.NoOverride",
    "Description": "No override is currently active on target",
}


SHIFTED = {  # TG-17
    "State": "zonal_shift_active",
    "Reason": "AdministrativeOverride.ZonalShiftActive",
    "Description": "Traffic shifted away from unhealthy Availability Zone in an enabled Availability Zone",
}
SHIFTED_BY_DNS = {  # (U: the reason and the description)
    "State": "zonal_shift_delegated_to_dns",
    "Reason": "AdministrativeOverride.ZonalShiftDelegatedToDns",
    "Description": "Traffic is shifted away by DNS, because cross-zone load balancing is off",
}


class TargetHealthDescription(FakeHealthStatus):
    """TG-16, with the attribute names that moto's serializer and its Auto Scaling read."""

    def __init__(
        self, key: TargetKey, health: Health, check_port: str, zone: str | None, with_anomaly: bool, override: Mapping[str, str]
    ) -> None:
        super().__init__(key.id, str(key.port), check_port, health.state.value, health.reason, health.description)
        self.zone = zone
        self.administrative_override = None if health == model.NOT_REGISTERED else dict(override)
        self.anomaly_detection = {"Result": "normal", "MitigationInEffect": "no"} if with_anomaly else None

    @property
    def target(self) -> dict[str, Any]:
        known = {"Id": self.instance_id, "Port": int(self.port)}
        return known | ({"AvailabilityZone": self.zone} if self.zone else {})


def override(shifted: bool, attributes: Mapping[str, str]) -> Mapping[str, str]:
    """`shifted`: a zonal shift moves traffic away from the zone of the target; `attributes`: of the target group."""
    if not shifted:
        return NO_OVERRIDE
    return SHIFTED if is_cross_zone(attributes) else SHIFTED_BY_DNS
