"""A client canary: an operator's own alarm on what clients see, which works when every health check is green."""

from datetime import datetime, timedelta

from sandbox.report.model import MarkKind
from sandbox.traffic.measures.requests import good
from scenarios.kit.running.run import Run

WINDOW = timedelta(seconds=60)
EVERY = 10.0  # seconds between two looks
THRESHOLD = 99.0  # percent of good requests in the window


def watch(run: Run, seconds: float) -> bool:
    """Looks at the requests of the last minute, those since this call only, until fewer than 99 % of them are good; at most `seconds`.
    Returns whether it found that; then an ALARM mark says so."""
    began = run.now()
    while run.now() < began + timedelta(seconds=seconds):
        run.wait(EVERY)
        percent = _percent(run, max(began, run.now() - WINDOW))
        if percent is not None and percent < THRESHOLD:
            run.mark(MarkKind.ALARM, f"The client canary sees {percent:.1f} % good requests in the last minute")
            return True
    return False


def _percent(run: Run, since: datetime) -> float | None:
    window = run.records().between(since, None)
    return 100.0 * float(good(window, run.scenario.slo_ms / 1000).mean()) if len(window) else None
