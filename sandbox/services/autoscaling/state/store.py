"""What the sandbox keeps on moto's Auto Scaling objects, so that reset and the saved state carry it: `group.sandbox`, and `SandboxMember`.

Plain state and no decisions: state/snapshot.py reads it, state/writes.py and the API operations change it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import InstanceState as MotoMember

from sandbox.core.persisted import persisted
from sandbox.services.autoscaling.activity_model import Activity
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.model import (
    Attachment,
    DesiredChange,
    HealthFailure,
    LaunchSource,
    Owed,
    Process,
    Purpose,
)
from sandbox.services.autoscaling.policy_model import Wish

HISTORY = timedelta(weeks=6)  # ASG-56


@persisted("autoscaling.GroupExtra")
@dataclass(kw_only=True)
class GroupExtra:
    activities: dict[str, Activity] = field(default_factory=dict)  # by id, in the order of their start
    attachments: dict[str, Attachment] = field(default_factory=dict)  # by target group ARN
    changes: list[DesiredChange] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    failures: dict[str, tuple[int, datetime]] = field(default_factory=dict)  # zone → launches failed in a row, the last one's time
    suspended: dict[Process, datetime] = field(default_factory=dict)
    wishes: dict[str, Wish] = field(default_factory=dict)  # policy ARN → what it last asked for
    notifications: dict[str, tuple[str, ...]] = field(default_factory=dict)  # topic ARN → notification types
    notices: list[str] = field(default_factory=list)  # ids of ended activities that the topics have not been told of
    deleting: datetime | None = None
    default_instance_warmup: int | None = None  # seconds
    availability_zone_distribution: str = "balanced-best-effort"
    context: str | None = None


@persisted("autoscaling.Member")
class SandboxMember(MotoMember):
    """moto's member with a life of its own: what it was made from, why it is unhealthy, since when it serves."""

    def __init__(self, group: Any, instance: Any, source: LaunchSource, lot: float, purpose: Purpose = Purpose.DIFFERENCE) -> None:
        instance.autoscaling_group = group
        super().__init__(instance, LifecycleState.PENDING.value, protected_from_scale_in=group.new_instances_protected_from_scale_in)
        self.source, self.purpose, self.lot = source, purpose, lot
        self.source_name = group.launch_template["LaunchTemplateName"] if source.is_template else source.name
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
        """From when on its metrics count for the group's (SCL-16); None: it is not in service."""
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
    """What the group's next instance is made from: a template's version is resolved anew each time (ASG-18)."""
    template = group.ec2_launch_template
    if template is None:
        configuration = group.launch_config
        return LaunchSource(name=configuration.name, created_at=aware(configuration.created_time))
    version = template.get_version(group.launch_template_version)
    return LaunchSource(name=template.id, version=version.number, created_at=aware(version.create_time))


def aware(moment: datetime) -> datetime:
    """moto's times are naive UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
