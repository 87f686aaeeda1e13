"""What the sandbox stores on moto's Auto Scaling objects: `group.sandbox`, and `SandboxMember`. A reset clears it;
the saved state holds it.

Data without decisions: state/snapshot.py reads it, state/writes.py, state/activities.py and the API operations change it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import InstanceState as MotoMember
from moto.core.exceptions import ServiceException

from sandbox.core.persisted import persisted, renamed
from sandbox.services.autoscaling.activity_model import Activity
from sandbox.services.autoscaling.hook_model import Hook, LifecycleAction
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.model import (
    Attachment,
    DesiredChange,
    HealthFailure,
    LaunchSource,
    MaintenancePolicy,
    PendingReplacement,
    Process,
    Purpose,
)
from sandbox.services.autoscaling.policy_model import RequestedCapacity
from sandbox.services.autoscaling.refresh_model import DesiredTemplate, Refresh

HISTORY = timedelta(weeks=6)  # ASG-56


@persisted(
    "autoscaling.GroupExtra",
    migrations={3: renamed(owed="pending_replacements", notices="pending_notifications", wishes="requested_capacities")},
)
@dataclass(kw_only=True)
class GroupExtra:
    activities: dict[str, Activity] = field(default_factory=dict)  # by id, in the order of their start
    attachments: dict[str, Attachment] = field(default_factory=dict)  # by target group ARN
    changes: list[DesiredChange] = field(default_factory=list)
    pending_replacements: list[PendingReplacement] = field(default_factory=list)
    failures: dict[str, tuple[int, datetime]] = field(default_factory=dict)  # zone → launches failed in a row, the last one's time
    suspended: dict[Process, datetime] = field(default_factory=dict)
    requested_capacities: dict[str, RequestedCapacity] = field(default_factory=dict)  # policy ARN → what it last requested
    hooks: dict[str, Hook] = field(default_factory=dict)  # by name, in the order in which they were made
    refreshes: dict[str, Refresh] = field(default_factory=dict)  # by id, in the order of their start
    notifications: dict[str, tuple[str, ...]] = field(default_factory=dict)  # topic ARN → notification types
    pending_notifications: list[str] = field(default_factory=list)  # ids of ended activities to be published to the topics
    maintenance: MaintenancePolicy | None = None
    deleting: datetime | None = None
    default_instance_warmup: int | None = None  # seconds
    availability_zone_distribution: str = "balanced-best-effort"
    availability_zone_impairment_policy: Mapping[str, Any] | None = None  # as given (ASG-112)
    context: str | None = None


@persisted("autoscaling.Member", migrations={3: renamed(lot="tie_breaker")})
class SandboxMember(MotoMember):
    """moto's member, with what moto lacks: its launch source, why it is unhealthy, since when it is in service."""

    registered: tuple[str, ...] = ()  # ARNs of the target groups in which Auto Scaling registered it; () in older states
    lifecycle_actions: tuple[LifecycleAction, ...] = ()  # those for which it waits; () in older states

    def __init__(self, group: Any, instance: Any, source: LaunchSource, tie_breaker: float, purpose: Purpose = Purpose.DIFFERENCE) -> None:
        instance.autoscaling_group = group
        super().__init__(instance, LifecycleState.PENDING.value, protected_from_scale_in=group.new_instances_protected_from_scale_in)
        self.source, self.purpose, self.tie_breaker = source, purpose, tie_breaker
        self.source_name = template_name(group, source) if source.is_template else source.name
        self.failure: HealthFailure | None = None
        self.in_service_since: datetime | None = None
        self.warmup: timedelta | None = None  # of the policy that launched it; None: the group's default
        self.activity_id: str | None = None
        self.image_id = instance.image_id

    @property
    def launch_template(self) -> dict[str, Any] | None:
        if not self.source.is_template:
            return None
        return {"LaunchTemplateId": self.source.name, "LaunchTemplateName": self.source_name, "Version": str(self.source.version)}

    @property
    def launch_configuration_name(self) -> str | None:
        return None if self.source.is_template else self.source.name

    @property
    def availability_zone_id(self) -> str | None:
        zones = self.instance.ec2_backend.describe_availability_zones()
        return next((z.zone_id for z in zones if z.name == self.availability_zone), None)

    @property
    def warm_at(self) -> datetime | None:
        """From when on its metrics count toward the group's (SCL-16); None: it is not in service."""
        default = self.instance.autoscaling_group.sandbox.default_instance_warmup or 0
        warmup = timedelta(seconds=default) if self.warmup is None else self.warmup
        return self.in_service_since + warmup if self.in_service_since else None

    @property
    def lifecycle(self) -> LifecycleState:
        return LifecycleState(self.lifecycle_state)


def member_of(group: Any, instance_id: str) -> SandboxMember:
    found: SandboxMember = next(m for m in group.instance_states if m.instance_id == instance_id)
    return found


def launch_source(group: Any) -> LaunchSource:
    """What the group's next instance is launched from. A template's version is resolved at each launch (ASG-18).

    During an instance refresh it is the desired configuration, if there is one (ASG-102)."""
    refresh = active_refresh(group)
    if refresh and refresh.desired and refresh.launches_desired:
        return desired_source(group, refresh.desired, refresh.start)
    template = group.ec2_launch_template
    if template is None:
        configuration = group.launch_config
        return LaunchSource(name=configuration.name, created_at=aware(configuration.created_time))
    version = template.get_version(group.launch_template_version)
    return LaunchSource(name=template.id, version=version.number, created_at=aware(version.create_time))


def desired_source(group: Any, desired: DesiredTemplate, since: datetime) -> LaunchSource:
    """`since`: of a template that was deleted meanwhile: launches from it are refused by EC2."""
    try:
        version = template_of(group, desired.id).get_version(desired.version or "$Default")
    except ServiceException:
        return LaunchSource(name=desired.id, version=0, created_at=since)
    return LaunchSource(name=desired.id, version=version.number, created_at=aware(version.create_time))


def template_of(group: Any, template_id: str) -> Any:
    """moto's template. Raises ServiceException when it is not there any more."""
    return group.autoscaling_backend.ec2_backend.get_launch_template(template_id)


def template_name(group: Any, source: LaunchSource) -> str:
    try:
        return str(template_of(group, source.name).name)
    except ServiceException:
        return source.name


def active_refresh(group: Any) -> Refresh | None:
    newest = next(reversed(group.sandbox.refreshes.values()), None)
    return newest if newest and newest.status.is_active else None


def aware(moment: datetime) -> datetime:
    """moto's times are naive UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
