"""The nouns of ARC zonal shift (section 7.4 of the rules): shifts of single resources, autoshifts of a whole zone, practice runs.

A shift moves the traffic and the launches of one resource away from one Availability Zone until it ends. Zones are ids here, as in ARC's
API (AZ-2): `use1-az6`. Several shifts may be active for a resource; decide/precedence.py tells which one applies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted

LONGEST = timedelta(hours=72)  # ARC-2
PRACTICE_RUN = timedelta(minutes=30)  # ARC-7


@persisted("arc.ShiftType")
class ShiftType(Enum):
    ZONAL_SHIFT = "ZONAL_SHIFT"
    ZONAL_AUTOSHIFT = "ZONAL_AUTOSHIFT"
    FIS_EXPERIMENT = "FIS_EXPERIMENT"
    PRACTICE_RUN = "PRACTICE_RUN"


@persisted("arc.ShiftStatus")
class ShiftStatus(Enum):
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    CANCELED = "CANCELED"


class ShiftMove(Enum):
    EXPIRE = "its expiry time is reached"
    CANCEL = "canceled, or replaced by a shift that takes precedence"


TRANSITIONS = {
    (ShiftStatus.ACTIVE, ShiftMove.EXPIRE): ShiftStatus.EXPIRED,
    (ShiftStatus.ACTIVE, ShiftMove.CANCEL): ShiftStatus.CANCELED,
}
"""ARC-2."""


@persisted("arc.PracticeOutcome")
class PracticeOutcome(Enum):
    """ARC-7."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"
    CAPACITY_CHECK_FAILED = "CAPACITY_CHECK_FAILED"


@persisted("arc.ZonalShift")
@dataclass(frozen=True, slots=True, kw_only=True)
class ZonalShift:
    """A shift of one resource."""

    id: str
    resource_arn: str
    away_from: str  # zone id
    type: ShiftType
    start: datetime
    expiry: datetime
    comment: str
    status: ShiftStatus = ShiftStatus.ACTIVE
    outcome: PracticeOutcome | None = None  # of a practice run
    experiment: str | None = None  # id of the FIS experiment that started it
    moves_traffic: bool = True  # False: a practice run before its capacity check (ARC-8)
    cause: str | None = None  # id of the event that records its start

    @property
    def is_active(self) -> bool:
        return self.status is ShiftStatus.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A shift of a resource that is to start now."""

    resource: "Resource"
    type: ShiftType
    away_from: str  # zone id
    duration: timedelta
    comment: str
    experiment: str | None = None


@persisted("arc.Autoshift")
@dataclass(frozen=True, slots=True, kw_only=True)
class Autoshift:
    """AWS moves the traffic of all resources that have zonal autoshift enabled away from a zone (ARC-6)."""

    away_from: str  # zone id
    start: datetime
    end: datetime | None = None  # None: active
    held: frozenset[str] = frozenset()  # ARNs of load balancers that stay shifted after its end, until their zones are balanced (ARC-8)
    cause: str | None = None

    @property
    def is_active(self) -> bool:
        return self.end is None


class ResourceKind(Enum):
    """ARC-1; the values are those of FIS-30's `managedResourceTypes`."""

    APPLICATION_LOAD_BALANCER = "ALB"
    NETWORK_LOAD_BALANCER = "NLB"
    AUTO_SCALING_GROUP = "ASG"

    @property
    def is_load_balancer(self) -> bool:
        return self is not ResourceKind.AUTO_SCALING_GROUP


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A load balancer or an Auto Scaling group."""

    arn: str
    name: str
    kind: ResourceKind
    zones: Mapping[str, str]  # id → name, of the zones that it is in
    opted_in: bool  # its own setting allows zonal shifts (ARC-1); only then ARC manages it


@persisted("arc.PracticeConfiguration")
@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeConfiguration:
    """When the practice runs of a resource may run, and the alarms that judge them (ARC-7). As given: dates `2026-05-07`, windows
    `Mon:09:00-Mon:17:00` in UTC."""

    outcome_alarms: tuple[str, ...]  # ARNs of CloudWatch alarms
    blocking_alarms: tuple[str, ...] = ()
    blocked_dates: tuple[str, ...] = ()
    blocked_windows: tuple[str, ...] = ()
    allowed_windows: tuple[str, ...] = ()


@persisted("arc.ResourceSettings")
@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSettings:
    """What ARC knows of a resource besides its shifts."""

    autoshift: bool = False  # zonal autoshift is enabled (ARC-6)
    practice: PracticeConfiguration | None = None
    configured: datetime | None = None  # when its practice runs were configured
    practiced: datetime | None = None  # start of its last weekly practice run
    practiced_zone: str | None = None  # zone id


# ---- what decisions see ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What the capacity check of a resource counts (ARC-8)."""

    healthy: Mapping[str, int]  # zone name → healthy targets or instances, of each zone of the resource
    desired: int | None = None  # of an Auto Scaling group


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedResource:
    resource: Resource
    settings: ResourceSettings
    busy: bool = False  # a shift or an autoshift is active for it
    capacity: Capacity | None = None  # None: no check is due, or it cannot be read now
    alarms: Mapping[str, str] | None = None  # ARN → state; None: no practice run is in progress or due, or they cannot be read now

    def shifted_by(self, autoshift: Autoshift) -> bool:
        """TG-41: an autoshift needs another zone."""
        zones = self.resource.zones
        concerned = autoshift.is_active or self.resource.arn in autoshift.held
        return concerned and self.settings.autoshift and autoshift.away_from in zones and len(zones) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The shifts of one account and Region."""

    resources: tuple[ObservedResource, ...] = ()  # that are managed (ARC-1), and have settings or a shift
    gone: frozenset[str] = frozenset()  # ARNs of resources that have settings and no longer exist
    shifts: tuple[ZonalShift, ...] = ()  # active ones
    autoshifts: tuple[Autoshift, ...] = ()  # active, or with resources that stay shifted
    impaired: Mapping[str, datetime] = field(default_factory=dict)  # zone id → since when a fault breaks the whole zone
    zone_names: Mapping[str, str] = field(default_factory=dict)  # zone id → name

    def resource(self, arn: str) -> ObservedResource | None:
        return next((each for each in self.resources if each.resource.arn == arn), None)
