"""Operations on instance refreshes (ASG-100 to ASG-104). A request stores what is to be done; decide/replacement/ does it.

One of the parts of `SandboxAutoScaling` (api/assembly.py).
"""

# mypy: allow-subclassing-any

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.aws.seams import adds
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.groups import GroupOperations
from sandbox.services.autoscaling.api.validation import refreshes as validation
from sandbox.services.autoscaling.api.validation.refreshes import GroupDefaults
from sandbox.services.autoscaling.decide import events
from sandbox.services.autoscaling.decide.replacement import refreshes as decisions
from sandbox.services.autoscaling.model import LaunchSource
from sandbox.services.autoscaling.refresh_model import DesiredTemplate, Preferences, Refresh, RefreshMove, RefreshStatus
from sandbox.services.autoscaling.state import refreshes as refresh_state
from sandbox.services.autoscaling.state.snapshot import read_group
from sandbox.services.autoscaling.state.store import active_refresh, desired_source, launch_source

MANUAL = "A user request started the rollback."  # (U)


class RefreshOperations(GroupOperations):
    """Instance refreshes."""

    @adds(why="ASG-100: moto lacks it")
    def start_instance_refresh(self, given: Mapping[str, Any]) -> str:
        """→ its id"""
        group = self.group(given["AutoScalingGroupName"])
        self._refuse_while_deleting(group)
        validation.strategy(given.get("Strategy"))
        desired = self._desired(validation.desired_template(given.get("DesiredConfiguration")))
        preferences = validation.preferences(given.get("Preferences") or {}, _defaults(group))
        validation.rollback_possible(preferences, desired, own_version(group))
        if active_refresh(group):
            raise errors.refresh_in_progress()
        validation.alarms(refresh_state.alarm_states(self, preferences.alarms), preferences.alarms)
        refresh = _made(group, preferences, desired)
        refresh_state.update(group, refresh)
        _record(group, refresh, events.REFRESH, "is requested")
        return refresh.id

    def _desired(self, given: Mapping[str, Any] | None) -> DesiredTemplate | None:
        if given is None:
            return None
        version = self._check_template(given)
        validation.image(str(version.data["ImageId"]))
        found = self.ec2_backend.get_launch_template(version.template.id)
        return DesiredTemplate(id=found.id, name=found.name, version=given.get("Version"))

    @adds(why="ASG-100: moto lacks it")
    def cancel_instance_refresh(self, name: str, wait: bool) -> str:
        group, refresh = self._active(name)
        cancelled = refresh.moved(RefreshMove.CANCEL, wait=wait, paused_until=None, baking_until=None)
        refresh_state.update(group, cancelled)
        _record(group, cancelled, events.REFRESH, "is to be cancelled")
        return refresh.id

    @adds(why="ASG-104: moto lacks it")
    def rollback_instance_refresh(self, name: str) -> str:
        group, refresh = self._active(name)
        if refresh.status in (RefreshStatus.CANCELLING, RefreshStatus.ROLLBACK_IN_PROGRESS):
            raise errors.irreversible_refresh(f"The instance refresh is in the {refresh.status.value} status.")
        if refresh.desired is None:
            raise errors.irreversible_refresh("The instance refresh has no desired configuration.")
        if reason := validation.irreversible(own_version(group)):
            raise errors.irreversible_refresh(reason)
        back = decisions.rolled_back(read_group(group, context().journal), refresh, MANUAL, context().clock.now())
        refresh_state.update(group, back)
        _record(group, back, events.ROLLBACK_STARTED, "is rolled back by a user")
        return refresh.id

    def _active(self, name: str) -> tuple[Any, Refresh]:
        group = self.group(name)
        refresh = active_refresh(group)
        if refresh is None:
            raise errors.no_active_refresh(name)
        return group, refresh

    @adds(why="ASG-100: moto lacks it")
    def instance_refreshes(self, name: str, ids: list[str]) -> list[Refresh]:
        """The newest first; only that one can be active."""
        found = [r for r in self.group(name).sandbox.refreshes.values() if not ids or r.id in ids]
        return found[::-1]


def _made(group: Any, preferences: Preferences, desired: DesiredTemplate | None) -> Refresh:
    now = context().clock.now()
    source = desired_source(group, desired, now) if desired else launch_source(group)
    members = [m for m in group.instance_states if not m.lifecycle.is_leaving]
    kept = [m.instance_id for m in members if preferences.skip_matching and matches(m.source, source)]
    outdated = tuple(m.instance_id for m in members if m.instance_id not in kept)
    return Refresh(
        id=str(mock_random.uuid4()),
        start=now,
        preferences=preferences,
        outdated=outdated,
        kept=tuple(kept),
        progress_at=now,
        desired=desired,
        to_update=len(outdated),
    )


def matches(source: LaunchSource, wanted: LaunchSource) -> bool:
    return (source.name, source.version) == (wanted.name, wanted.version)


def _defaults(group: Any) -> GroupDefaults:
    """ASG-101: the default warmup, or else the health check grace period; the percentages of the maintenance policy."""
    warmup, policy = group.sandbox.default_instance_warmup, group.sandbox.maintenance
    seconds = group.health_check_grace_period if warmup is None else warmup
    if policy is None:
        return GroupDefaults(warmup=timedelta(seconds=seconds))
    return GroupDefaults(warmup=timedelta(seconds=seconds), min_healthy=policy.min_healthy, max_healthy=policy.max_healthy)


def own_version(group: Any) -> str | None:
    """The version of the group's own launch template, as it was asked for; None: it has a launch configuration."""
    return group.launch_template_version if group.ec2_launch_template else None


def _record(group: Any, refresh: Refresh, detail_type: str, verb: str) -> None:
    context().journal.record(decisions.told(group.name, refresh, detail_type, verb))
