"""What a decision about an experiment depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.services.fis.model import Experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """What the action did lasts, or is not finished yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """There is nothing left to wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The action cannot do what it promises: the reason and the code of the error (FIS-8)."""

    reason: str
    code: str


Look = Going | Done | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """`looks`: running and stopping action → what it looks like now. `alarms`: ARN → state; None: there is no such alarm."""

    experiment: Experiment
    lever_engaged: bool = False
    role_problem: str | None = None  # None: FIS may assume the role
    log_problem: str | None = None  # None: the log can be written, or there is none
    alarms: Mapping[str, str | None] = field(default_factory=dict)
    looks: Mapping[str, Look] = field(default_factory=dict)
