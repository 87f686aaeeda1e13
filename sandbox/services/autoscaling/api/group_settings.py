"""Operations on settings of a group: suspended processes (ASG-95), tags, enabled metrics (ASG-118).

One of the parts of `SandboxAutoScaling` (api/assembly.py).
"""

# mypy: allow-subclassing-any

from collections.abc import Mapping, Sequence
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto
from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.groups import GroupOperations
from sandbox.services.autoscaling.api.validation import group_settings as settings_validation
from sandbox.services.autoscaling.api.validation import requests
from sandbox.services.autoscaling.decide import events
from sandbox.services.autoscaling.decide.metrics import METRICS


class GroupSettings(GroupOperations):
    """Processes, tags, metrics."""

    # ---- processes ---------------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-95: checked names, the reason with its time")
    def suspend_processes(self, group_name: str, scaling_processes: list[str]) -> None:
        group, now = self.group(group_name), context().clock.now()
        if group.sandbox.deleting is not None:
            raise errors.pending_delete("Processes may not be suspended while the AutoScaling group")
        for process in settings_validation.processes(scaling_processes):
            group.sandbox.suspended.setdefault(process, now)
        self._record_processes(group, "suspends", scaling_processes)

    @replaces(why="ASG-95: checked names")
    def resume_processes(self, group_name: str, scaling_processes: list[str]) -> None:
        group = self.group(group_name)
        for process in settings_validation.processes(scaling_processes):
            group.sandbox.suspended.pop(process, None)
        self._record_processes(group, "resumes", scaling_processes)

    def _record_processes(self, group: Any, verb: str, names: list[str]) -> None:
        summary = f"{group.name} {verb} {', '.join(names) or 'all processes'}"
        context().journal.record(events.event(events.GROUP, summary, events.Subject(group=group.name)))

    # ---- tags --------------------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-5, ASG-122: all groups and limits are checked before any tag changes")
    def create_or_update_tags(self, tags: list[dict[str, str]]) -> None:
        for name in dict.fromkeys(tag["ResourceId"] for tag in tags):
            keys = {tag["Key"] for tag in self.group(name).tags} | {tag["Key"] for tag in tags if tag["ResourceId"] == name}
            requests.count_of_tags(len(keys), name)
        super().create_or_update_tags(tags)

    @replaces(why="ASG-5: an unknown group is a ValidationError")
    def delete_tags(self, tags: list[dict[str, str]]) -> None:
        for tag in tags:
            self.group(tag["ResourceId"])
        super().delete_tags(tags)

    @replaces(why="ASG-123: `propagate-at-launch` is true or false, in any case; moto compares it with True and False")
    def describe_tags(self, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
        tags = [tag for group in self.autoscaling_groups.values() for tag in group.tags]
        return [tag for tag in tags if all(_passes(tag, each["Name"], each["Values"]) for each in filters)]

    @replaces(why="ASG-118: all metrics when none is named (moto: none), besides those enabled before; ASG-5")
    def enable_metrics_collection(self, group_name: str, metrics: list[str]) -> None:
        group, named = self.group(group_name), settings_validation.metrics(metrics)
        group.metrics = [name for name in METRICS if name in group.metrics or name in named]

    @adds(why="ASG-118: the other half of EnableMetricsCollection")
    def disable_metrics_collection(self, group_name: str, metrics: list[str]) -> None:
        group, named = self.group(group_name), settings_validation.metrics(metrics)
        group.metrics = [name for name in group.metrics if name not in named]


def _passes(tag: Mapping[str, Any], name: str, values: Sequence[str]) -> bool:
    """Whether the filter of DescribeTags selects the tag."""
    if name == "propagate-at-launch":
        return str(bool(tag["PropagateAtLaunch"])).lower() in {value.lower() for value in values}
    members = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
    return str(tag[members[name]]) in values
