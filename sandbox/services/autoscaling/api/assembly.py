"""moto's Auto Scaling, changed so that it records desired state and the controller acts on it: the group class, and the backend.

The backend is assembled from one class for each noun: groups and group_settings, launch_configurations, members, attachments (target
groups), hooks, refreshes, policies, schedules, notifications. The modules of api/responses/ parse the requests.
"""

from datetime import datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import FakeAutoScalingGroup

from sandbox.aws.context import context
from sandbox.aws.seams import replaces, swap_backend, swap_model
from sandbox.core.persisted import persisted, renamed
from sandbox.core.text import at
from sandbox.services.autoscaling.api.attachments import AttachmentOperations
from sandbox.services.autoscaling.api.group_settings import GroupSettings
from sandbox.services.autoscaling.api.groups import RECORDED
from sandbox.services.autoscaling.api.hooks import HookOperations
from sandbox.services.autoscaling.api.launch_configurations import LaunchConfigurationOperations
from sandbox.services.autoscaling.api.members import MemberOperations
from sandbox.services.autoscaling.api.notifications import NotificationOperations
from sandbox.services.autoscaling.api.policies import PolicyOperations
from sandbox.services.autoscaling.api.refreshes import RefreshOperations
from sandbox.services.autoscaling.api.responses import groups as responses
from sandbox.services.autoscaling.api.schedules import ScheduleOperations
from sandbox.services.autoscaling.state.store import GroupExtra

__all__ = ["SandboxAutoScaling", "SandboxGroup", "responses"]  # responses: imported so that its seam is declared


@persisted("autoscaling.Group", migrations={3: renamed(sandbox_published="metrics_published_at")})
@swap_model("moto.autoscaling.models", "FakeAutoScalingGroup")
class SandboxGroup(FakeAutoScalingGroup):
    launch_configuration_name: str | None = None  # moto sets it for groups with a configuration only
    metrics_published_at: datetime | None = None  # start of the last minute whose group metrics were published

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sandbox = GroupExtra()
        super().__init__(*args, **kwargs)
        self.created_time = context().clock.now()

    @replaces(why=RECORDED)
    def set_desired_capacity(self, new_capacity: int | None) -> None:
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity

    @replaces(why=RECORDED)
    def replace_autoscaling_group_instances(self, count_needed: int, propagated_tags: dict[str, str]) -> None:
        """Does nothing."""

    @property
    @replaces(why="ASG-95: the reason and its time")
    def suspended_processes(self) -> list[dict[str, str]]:
        return [
            {"ProcessName": process.value, "SuspensionReason": f"User suspended at {at(since)}"}
            for process, since in self.sandbox.suspended.items()
        ]

    @suspended_processes.setter
    def suspended_processes(self, processes: list[str]) -> None:
        """moto's constructor sets the empty list; only suspend_processes() changes it."""

    # ---- members of DescribeAutoScalingGroups that moto lacks: serialised by name ------------------------------------------------------

    @property
    def status(self) -> str | None:
        return "Delete in progress" if self.sandbox.deleting else None  # ASG-9

    @property
    def default_instance_warmup(self) -> int | None:
        return self.sandbox.default_instance_warmup

    @property
    def availability_zone_distribution(self) -> dict[str, str]:
        return {"CapacityDistributionStrategy": self.sandbox.availability_zone_distribution}

    @property
    def availability_zone_impairment_policy(self) -> dict[str, Any] | None:
        policy = self.sandbox.availability_zone_impairment_policy
        return dict(policy) if policy else None

    @property
    def instance_maintenance_policy(self) -> dict[str, int] | None:
        policy = self.sandbox.maintenance
        return {"MinHealthyPercentage": policy.min_healthy, "MaxHealthyPercentage": policy.max_healthy} if policy else None

    @property
    def context(self) -> str | None:
        return self.sandbox.context

    @property
    def traffic_sources(self) -> list[dict[str, str]]:
        return [{"Identifier": arn, "Type": "elbv2"} for arn in self.target_group_arns]


@persisted("autoscaling.Backend")
@swap_backend("autoscaling")
class SandboxAutoScaling(
    MemberOperations,
    AttachmentOperations,
    HookOperations,
    RefreshOperations,
    GroupSettings,
    PolicyOperations,
    ScheduleOperations,
    NotificationOperations,
    LaunchConfigurationOperations,
):
    def __init__(self, region_name: str, account_id: str) -> None:
        self.deleted_activities = []
        super().__init__(region_name, account_id)

    @replaces(why="ASG-70: the controller finds the terminated instance, and replaces it")
    def notify_terminate_instances(self, instance_ids: list[str]) -> None:
        """Does nothing."""
