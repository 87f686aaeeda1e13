"""/_sandbox/faults: active faults as JSON, and faults that a caller announces."""

from datetime import timedelta
from typing import Any

from sandbox.faults.effects import Announced
from sandbox.faults.model import Fault
from sandbox.faults.registry import FaultRegistry

LONGEST = timedelta(days=1)
EXAMPLE = '{"summary": "<one sentence>", "targets": ["<id>"], "seconds": 60}'


def as_json(fault: Fault) -> dict[str, Any]:
    return {
        "id": fault.id,
        "kind": fault.kind.value,
        "targets": list(fault.targets),
        "summary": fault.summary,
        "since": fault.since.isoformat(),
        "until": fault.until.isoformat() if fault.until else None,
        "cause": fault.cause,
    }


def announce(registry: FaultRegistry, given: Any) -> Fault:
    """`given`: the request's JSON, as in EXAMPLE; `targets` and `seconds` are optional. Raises ValueError if it is not valid."""
    body = given if isinstance(given, dict) else {}
    summary, targets, seconds = body.get("summary"), body.get("targets", []), body.get("seconds")
    if not isinstance(summary, str) or not summary.strip() or not isinstance(targets, list) or not all(isinstance(t, str) for t in targets):
        raise ValueError(f"Invalid body: expected {EXAMPLE}.")
    return registry.inject(Announced(targets=tuple(targets)), summary.strip(), None if seconds is None else _duration(seconds))


def _duration(seconds: Any) -> timedelta:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST.total_seconds():
        raise ValueError(f"Invalid seconds: expected a number above 0, at most {LONGEST.total_seconds():g}.")
    return timedelta(seconds=seconds)
