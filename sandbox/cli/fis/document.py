"""The JSON of CreateExperimentTemplate, and what the ready templates share: targets by tag in one zone, and the parts that are left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.core.errors import UserError

Json = Mapping[str, Any]
RUNNING = {"path": "State.Name", "values": ["running"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a user asks of a ready template."""

    zone: str  # "us-east-1a"
    role: str  # ARN of the role of the experiment
    duration: timedelta
    callers: tuple[str, ...] = ()  # ARNs of roles whose launches fail
    stop_alarm: str | None = None  # ARN of the alarm that stops it
    without: tuple[str, ...] = ()  # names of actions that the user leaves out


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`request`: the JSON. `tags`: what the template finds its targets by: tag → what is to have it. `left_out`: part → why."""

    request: Json
    tags: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)


def request(wanted: Wanted, description: str, actions: Json, targets: Json, name: str) -> Json:
    """Targets that no resource has are skipped (FIS-40). Raises UserError for an unknown action in `wanted.without`."""
    if unknown := next((each for each in wanted.without if each not in actions), None):
        raise UserError(f"{name} has no action {unknown!r} here: it has {', '.join(actions)}.")
    actions = {part: each for part, each in actions.items() if part not in wanted.without}
    used = {target for each in actions.values() for target in each.get("targets", {}).values()}
    targets = {target: each for target, each in targets.items() if target in used}
    none = [{"source": "none"}]
    alarm = [{"source": "aws:cloudwatch:alarm", "value": wanted.stop_alarm}]
    return {
        "description": description,
        "targets": targets,
        "actions": actions,
        "stopConditions": alarm if wanted.stop_alarm else none,
        "roleArn": wanted.role,
        "tags": {"Name": name},
        "experimentOptions": {"accountTargeting": "single-account", "emptyTargetResolutionMode": "skip"},
    }


def instances(zone: str, tag: str, value: str) -> Json:
    """All running instances with the tag in the zone."""
    filters = [RUNNING, {"path": "Placement.AvailabilityZone", "values": [zone]}]
    return {"resourceType": "aws:ec2:instance", "resourceTags": {tag: value}, "filters": filters, "selectionMode": "ALL"}


def action(action_id: str, targets: Mapping[str, str], parameters: Mapping[str, str], after: tuple[str, ...] = ()) -> Json:
    """`targets`: key → name of a target."""
    made: dict[str, Any] = {"actionId": action_id, "parameters": dict(parameters)}
    return made | ({"targets": dict(targets)} if targets else {}) | ({"startAfter": list(after)} if after else {})


def iso(length: timedelta) -> str:
    """timedelta(minutes=90) → "PT1H30M"."""
    hours, rest = divmod(int(length.total_seconds()), 3600)
    minutes, seconds = divmod(rest, 60)
    return "PT" + ("".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if number) or "0S")
