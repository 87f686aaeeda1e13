"""Pass criteria: what a scenario measures at its end, and the value that it requires. Pure.

A criterion asks the evidence of a run (evidence/run.py). One that could not be measured is not met: nothing that was not measured passes.

    at_least("availability", "Availability", lambda run: run.availability, 99.9, "%")
    at_most("loss-ratio", "Lost requests against the closed form", lambda run: run.loss_ratio, 1.5, "×")
    holds("registered", "The replacement is in the target group", lambda run: (bool(...), "i-0a1 is healthy"))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.kit.evidence.run import Evidence

Number = Callable[["Evidence"], float | None]
"""A measured number; None: it did not happen, or could not be measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the evidence says of one criterion."""

    met: bool
    measured: str  # "98.71 %"
    required: str  # "≥ 99.9 %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    id: str  # "loss-ratio": the negative control names it
    sentence: str
    check: Callable[["Evidence"], Finding]


def at_least(id_: str, sentence: str, value: Number, limit: float | Number, unit: str = "") -> Criterion:
    return _compared(id_, sentence, value, limit, (">=", unit))


def at_most(id_: str, sentence: str, value: Number, limit: float | Number, unit: str = "") -> Criterion:
    return _compared(id_, sentence, value, limit, ("<=", unit))


def holds(id_: str, sentence: str, check: Callable[["Evidence"], tuple[bool, str]], required: str = "yes") -> Criterion:
    """`check` returns whether it holds, and what was observed."""

    def finding(evidence: "Evidence") -> Finding:
        met, observed = check(evidence)
        return Finding(met=met, measured=observed, required=required)

    return Criterion(id=id_, sentence=sentence, check=finding)


def _compared(id_: str, sentence: str, value: Number, limit: float | Number, how: tuple[str, str]) -> Criterion:
    def finding(evidence: "Evidence") -> Finding:
        sign, unit = how
        bound = limit(evidence) if callable(limit) else limit
        required = f"{'≥' if sign == '>=' else '≤'} {shown(bound, unit)}"
        measured = value(evidence)
        if measured is None or bound is None:
            return Finding(met=False, measured="did not happen" if measured is None else "no limit", required=required)
        met = measured >= bound if sign == ">=" else measured <= bound
        return Finding(met=met, measured=shown(measured, unit), required=required)

    return Criterion(id=id_, sentence=sentence, check=finding)


def shown(value: float | None, unit: str) -> str:
    """`99.93 %`, `1.02 ×`, `17.2 s`, `450`."""
    if value is None:
        return "never"
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return f"{text} {unit}" if unit else text
