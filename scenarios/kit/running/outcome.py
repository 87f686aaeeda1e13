"""How a run ends: with a judgement of its criteria, or without one (the verdicts INTERRUPTED and CAPACITY_CHECK_FAILED)."""

from dataclasses import dataclass

from sandbox.report.model import Verdict


class Interrupted(Exception):
    """Nothing can be said about the hypothesis: no steady state, counts that do not agree, or the user stopped the run."""


class CapacityUnsafe(Exception):
    """The layout could not carry the load without its largest zone, so nothing was broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """`verdict` None: the criteria decide. `sentence` says why they do not."""

    verdict: Verdict | None = None
    sentence: str = ""
