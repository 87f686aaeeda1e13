"""Faults in force at a moment, and the clock's speed."""

from datetime import datetime

from sandbox.core.events import Event
from sandbox.dashboard.past.told import Told
from sandbox.dashboard.shown.look import Injected
from sandbox.faults.catalogue import KINDS
from sandbox.faults.record import ENDED, STARTED

LOST = "Fault Lost"


def faults(told: Told) -> tuple[Injected, ...]:
    """Those that have begun and neither ended nor outlived their time. A momentary one is never in force."""
    found: dict[str, Injected] = {}
    for event in told.before:
        if event.detail_type == STARTED and not _momentary(event):
            found[str(event.detail["faultId"])] = _injected(event)
        elif event.detail_type == ENDED:
            found.pop(str(event.detail["faultId"]), None)
        elif event.detail_type == LOST:
            for fault_id in event.resources:
                found.pop(fault_id, None)
    return tuple(each for each in found.values() if each.until is None or each.until > told.moment)


def _momentary(event: Event) -> bool:
    kind = KINDS.get(str(event.detail["kind"]))
    return kind is not None and kind.momentary


def _injected(event: Event) -> Injected:
    targets, until = tuple(str(each) for each in event.detail["targets"]), event.detail.get("until")
    fault_id = str(event.detail["faultId"])
    return Injected(
        id=fault_id,
        kind=str(event.detail["kind"]),
        targets=targets,
        instances=tuple(each for each in event.resources if each != fault_id and each not in targets),
        summary=event.summary,
        since=event.at,
        until=datetime.fromisoformat(str(until)) if until else None,
    )
