"""What a check is: its parameters, and a function of the observed state. Pure, but for what `Observed` reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.learn.checks.observed import Observed
from sandbox.learn.lesson import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    met: bool
    observed: str  # one sentence: what was seen, whether it is enough or not


Parameters = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    asks: str  # one sentence, for `sandbox learn checks`
    look: Callable[[Observed, Parameters], Finding]
    parameters: Mapping[str, type] = field(default_factory=dict)
    required: tuple[str, ...] = ()


def any_of(found: list[Any], label: Callable[[Any], str], what: str, fits: Callable[[Any], bool]) -> Finding:
    """Whether one of them fits. `label` says of one what matters."""
    for each in found:
        if fits(each):
            return Finding(met=True, observed=label(each))
    seen = "; ".join(label(each) for each in found[:3])
    return Finding(met=False, observed=seen or f"there is no {what}")


def named(parameters: Parameters, each: Mapping[str, Any], key: str) -> bool:
    """Whether it has the name that the step asks for, if it asks for one."""
    return "name" not in parameters or each.get(key) == parameters["name"]


def number(parameters: Parameters, key: str, default: int = 1) -> int:
    return int(parameters.get(key, default))
