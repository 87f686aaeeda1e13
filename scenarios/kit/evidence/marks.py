"""The moments and the spans that a report marks: what the run announced, and what the journal shows of detection and healing. Pure."""

from collections.abc import Iterator

from sandbox.report.model import Mark, MarkKind, Span
from scenarios.kit.evidence.buckets import moment
from scenarios.kit.evidence.journal import ALARM, LAUNCHED, STARTED, STATUS_CHECK, TARGET
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.stack.names import GROUP, PREFIX, TARGET_GROUP

MOST = 60
THERMAL_STEP = "Zone Thermal Step"  # what zone-thermal tells of its course


def marks(evidence: Evidence) -> tuple[Mark, ...]:
    """In order of time. Of the journal: what happened after the first failure."""
    found = [*_announced(evidence), *_of_journal(evidence)]
    return tuple(sorted(found, key=lambda mark: mark.at)[:MOST])


def spans(evidence: Evidence) -> tuple[Span, ...]:
    return tuple(
        Span(
            label=f"{fault.kind}: {', '.join(fault.targets)}",
            kind=MarkKind.FAULT,
            began=moment(fault.since, evidence.started_at),
            ended=moment(fault.until, evidence.started_at) if fault.until and fault.until <= evidence.ended_at else None,
        )
        for fault in evidence.faults
        if fault.kind != "announced"  # an API call: a moment, not a span
    )


def _announced(evidence: Evidence) -> Iterator[Mark]:
    began = evidence.started_at
    for mark in evidence.marks:
        yield Mark(at=moment(mark.at, began), kind=mark.kind, text=mark.text, zone=mark.zone)
    for fault in evidence.faults:
        yield Mark(at=moment(fault.since, began), kind=MarkKind.FAULT, text=fault.summary, zone=evidence.zone_of.get(fault.targets[0]))
        if fault.until and fault.until <= evidence.ended_at:
            yield Mark(at=moment(fault.until, began), kind=MarkKind.FAULT, text=f"Ended: {fault.summary}")


def _of_journal(evidence: Evidence) -> Iterator[Mark]:
    since = evidence.fault_at
    for event in evidence.events:
        if since is None or event.at < since or event.at > evidence.ended_at:
            continue
        kind = _kind(event.kind, event.detail, event.resources)
        if kind is not None:
            zone = next((evidence.zone_of[name] for name in event.resources if name in evidence.zone_of), None)
            yield Mark(at=moment(event.at, evidence.started_at), kind=kind, text=event.summary, zone=zone, event_id=event.id)


def _kind(kind: str, detail: object, resources: tuple[str, ...]) -> MarkKind | None:
    assert isinstance(detail, dict)
    if kind == THERMAL_STEP:
        return MarkKind.FAULT
    if kind == TARGET and detail["target-group"] == TARGET_GROUP:
        return {"unhealthy": MarkKind.DETECTION, "healthy": MarkKind.HEALING}.get(detail["state"])
    if kind == STATUS_CHECK and detail["status"] == "impaired":
        return MarkKind.DETECTION
    if kind in (LAUNCHED, STARTED) and GROUP in resources:
        return MarkKind.HEALING
    if kind == ALARM and any(name.startswith(PREFIX) for name in resources):
        return MarkKind.ALARM
    return None
