"""/_sandbox/scenarios/progress: what a run of a scenario tells about itself, as events of the journal.

So the page, `sandbox events` and reports know of a run whoever started it, and where.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.core.errors import UserError
from sandbox.core.events import Event

SOURCE = "sandbox.scenario"
STARTED, PHASE_BEGAN, PHASE_ENDED, ENDED = "Scenario Started", "Scenario Phase Began", "Scenario Phase Ended", "Scenario Ended"
KINDS: Mapping[str, str] = {"started": STARTED, "phase-began": PHASE_BEGAN, "phase-ended": PHASE_ENDED, "ended": ENDED}
LONGEST = 500  # characters of a text
LARGEST = 64_000  # characters of the detail
EXAMPLE = '{"what": "phase-began", "run": "run-1f2e3d", "summary": "<one sentence>", "detail": {"phase": "power-off"}}'


def event(given: Any) -> Event:
    """Raises UserError if the body is not as in EXAMPLE."""
    body = given if isinstance(given, dict) else {}
    what, run, summary = (_text(body.get(name)) for name in ("what", "run", "summary"))
    detail = body.get("detail")
    if what not in KINDS or not run or not summary or not isinstance(detail, dict) or len(repr(detail)) > LARGEST:
        raise UserError(f"Invalid body: expected {EXAMPLE}; what is one of {', '.join(KINDS)}.", "sandbox scenario list")
    return Event(source=SOURCE, detail_type=KINDS[what], summary=summary, resources=(run,), detail={**detail, "run": run})


def _text(given: Any) -> str:
    """Empty if it is not a text, or is too long."""
    return given.strip() if isinstance(given, str) and len(given) <= LONGEST else ""
