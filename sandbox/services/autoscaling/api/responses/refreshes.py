"""Auto Scaling's operations on instance refreshes (ASG-100 to ASG-104). Only translation: checks and state are in api/refreshes.py.

A part of `SandboxAutoScalingResponse` (api/responses/groups.py).
"""

from datetime import datetime, timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult

from sandbox.aws.seams import adds
from sandbox.core.text import at
from sandbox.services.autoscaling.api.responses.hooks import HookResponses
from sandbox.services.autoscaling.api.validation.refreshes import ROLLING
from sandbox.services.autoscaling.refresh_model import DesiredTemplate, Preferences, Refresh, Rollback


class RefreshResponses(HookResponses):
    @adds(why="ASG-100")
    def start_instance_refresh(self) -> ActionResult:
        return ActionResult({"InstanceRefreshId": self.autoscaling_backend.start_instance_refresh(self._get_params())})

    @adds(why="ASG-100")
    def cancel_instance_refresh(self) -> ActionResult:
        wait = self._get_bool_param("WaitForTransitioningInstances", True) is not False
        return ActionResult({"InstanceRefreshId": self.autoscaling_backend.cancel_instance_refresh(self._named_group(), wait)})

    @adds(why="ASG-104")
    def rollback_instance_refresh(self) -> ActionResult:
        return ActionResult({"InstanceRefreshId": self.autoscaling_backend.rollback_instance_refresh(self._named_group())})

    @adds(why="ASG-100")
    def describe_instance_refreshes(self) -> ActionResult:
        name = self._named_group()
        found = self.autoscaling_backend.instance_refreshes(name, self._get_param("InstanceRefreshIds", []))
        return self._paged("InstanceRefreshes", [_wire(name, refresh) for refresh in found])

    def _named_group(self) -> str:
        return str(self._get_param("AutoScalingGroupName"))


def _wire(group: str, refresh: Refresh) -> dict[str, Any]:
    return {
        "InstanceRefreshId": refresh.id,
        "AutoScalingGroupName": group,
        "Status": refresh.status.value,
        "StatusReason": refresh.reason,
        "StartTime": at(refresh.start),
        "EndTime": _time(refresh.end),
        "PercentageComplete": refresh.percent,
        "InstancesToUpdate": refresh.to_update,
        "Preferences": _preferences(refresh.preferences),
        "DesiredConfiguration": _desired(refresh.desired) if refresh.desired else None,
        "RollbackDetails": _rollback(refresh.rollback) if refresh.rollback else None,
        "Strategy": ROLLING,
    }


def _preferences(given: Preferences) -> dict[str, Any]:
    return {
        "MinHealthyPercentage": given.min_healthy,
        "MaxHealthyPercentage": given.max_healthy,
        "InstanceWarmup": _seconds(given.warmup),
        "CheckpointPercentages": list(given.checkpoints) or None,
        "CheckpointDelay": _seconds(given.checkpoint_delay) if given.checkpoints else None,
        "SkipMatching": given.skip_matching,
        "AutoRollback": given.auto_rollback,
        "ScaleInProtectedInstances": given.protected.value,
        "StandbyInstances": given.standby.value,
        "AlarmSpecification": {"Alarms": list(given.alarms)} if given.alarms else None,
        "BakeTime": _seconds(given.bake_time) if given.bake_time else None,
    }


def _desired(desired: DesiredTemplate) -> dict[str, Any]:
    return {"LaunchTemplate": {"LaunchTemplateId": desired.id, "LaunchTemplateName": desired.name, "Version": desired.version}}


def _rollback(rollback: Rollback) -> dict[str, Any]:
    return {
        "RollbackReason": rollback.reason,
        "RollbackStartTime": at(rollback.start),
        "PercentageCompleteOnRollback": rollback.percent,
        "InstancesToUpdateOnRollback": rollback.to_update,
    }


def _seconds(given: timedelta) -> int:
    return int(given.total_seconds())


def _time(moment: datetime | None) -> str | None:
    return at(moment) if moment else None
