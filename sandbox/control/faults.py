"""/_sandbox/faults: requests and active faults as JSON."""

from datetime import timedelta
from typing import Any, cast

from sandbox.control.api.shapes import ActiveFault, FaultKind, FaultTarget
from sandbox.core.errors import UserError
from sandbox.core.ports import FaultRequest, Inventory
from sandbox.core.text import DURATIONS, parse_duration
from sandbox.faults.catalogue import KINDS
from sandbox.faults.kind import TargetType
from sandbox.faults.model import Fault

LONGEST = timedelta(days=1)
EXAMPLE = '{"kind": "latency", "targets": ["<id>"], "for": "10m", "parameters": {"milliseconds": 200}}'
ANNOUNCEMENT = '{"summary": "<one sentence>", "targets": ["<id>"], "seconds": 60}'
FIELDS = ("kind", "targets", "for", "parameters", "summary")


def as_json(fault: Fault) -> ActiveFault:
    return {
        "id": fault.id,
        "kind": fault.kind,
        "targets": list(fault.targets),
        "instances": list(fault.instances),
        "parameters": dict(fault.parameters),
        "summary": fault.summary,
        "since": fault.since.isoformat(),
        "until": fault.until.isoformat() if fault.until else None,
        "cause": fault.cause,
    }


def kinds() -> list[FaultKind]:
    return [cast(FaultKind, kind.as_json()) for kind in KINDS.values()]


def targets(inventory: Inventory, region: str) -> list[FaultTarget]:
    """What can be named as a target, for shell completion: name, type, and what it is. Zones: those of the Region and of instances."""
    instances = [i for i in inventory.instances() if i.state != "terminated"]
    used = {instance.zone for instance in instances}
    found = [(i.instance_id, TargetType.INSTANCE, f"{i.state}, {i.zone}{f', {i.group}' if i.group else ''}") for i in instances]
    found += [(name, TargetType.GROUP, "Auto Scaling group") for name in inventory.groups()]
    found += [(zone.name, TargetType.ZONE, zone.zone_id) for zone in inventory.zones() if zone.region == region or zone.name in used]
    found += [(subnet.subnet_id, TargetType.SUBNET, f"{subnet.cidr}, {subnet.zone}") for subnet in inventory.subnets()]
    found += [(name, TargetType.SERVICE, "AWS service") for name in inventory.services()]
    return [{"name": name, "type": of_type.value, "about": about} for name, of_type, about in found]


def request(given: Any) -> FaultRequest:
    """`given`: the request's JSON, as in EXAMPLE; all but `kind` is optional. Without `kind`, it is an announcement, as in ANNOUNCEMENT.

    Raises UserError if it is not valid."""
    body = given if isinstance(given, dict) else {}
    if "kind" not in body:
        return _announcement(body)
    if unknown := [name for name in body if name not in FIELDS]:
        raise UserError(f"Invalid body: it has no {unknown[0]!r}; expected {EXAMPLE}.", "sandbox fault kinds")
    kind, parameters, summary = body["kind"], body.get("parameters"), body.get("summary")
    if not isinstance(kind, str) or not isinstance(parameters, dict | None) or not isinstance(summary, str | None):
        raise UserError(f"Invalid body: expected {EXAMPLE}.", "sandbox fault kinds")
    return FaultRequest(
        kind=kind, targets=_targets(body.get("targets")), parameters=parameters or {}, duration=_for(body.get("for")), summary=summary
    )


def _targets(given: Any) -> tuple[str, ...]:
    if given is not None and (not isinstance(given, list) or not all(isinstance(each, str) for each in given)):
        raise UserError("Invalid targets: expected a list of ids or names.", "sandbox fault kinds")
    return tuple(given or ())


def _for(given: Any) -> timedelta | None:
    try:
        if given is None:
            return None
        if not isinstance(given, str):
            raise ValueError(f"expected a duration in quotes, such as {DURATIONS}")
        return parse_duration(given)
    except ValueError as error:
        raise UserError(f"Invalid for {given!r}: {error}.", "sandbox fault inject --help") from None


def _announcement(body: dict[str, Any]) -> FaultRequest:
    summary, targets, seconds = body.get("summary"), body.get("targets", []), body.get("seconds")
    if not isinstance(summary, str) or not summary.strip() or not isinstance(targets, list) or not all(isinstance(t, str) for t in targets):
        raise UserError(f"Invalid body: expected {EXAMPLE}, or to announce a fault {ANNOUNCEMENT}.", "sandbox fault kinds")
    duration = None if seconds is None else _duration(seconds)
    return FaultRequest(kind="announced", summary=summary.strip(), targets=tuple(targets), duration=duration)


def _duration(seconds: Any) -> timedelta:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST.total_seconds():
        raise UserError(f"Invalid seconds: expected a number above 0, at most {LONGEST.total_seconds():g}.", "sandbox fault kinds")
    return timedelta(seconds=seconds)
