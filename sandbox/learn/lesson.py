"""A lesson as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Value = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One check with its parameters: `targets-healthy: {at-least: 3}`."""

    check: str
    parameters: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Green when all its conditions were met at the same moment. It stays green."""

    text: str
    conditions: tuple[Condition, ...]
    hint: str = ""  # a command, or a sentence
    why: str = ""  # the AWS rule behind it, with its id


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The last thing of a lesson: what will happen? The sandbox answers by running a scenario in virtual time. The choice that names the
    run's verdict is right."""

    text: str
    choices: tuple[tuple[str, str], ...]  # (text, verdict: "SUCCEEDED")
    scenario: str
    profile: str
    knobs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What `sandbox learn try` runs in virtual time: a scenario with the knobs that a learner gives, or on the learner's own layout."""

    scenario: str
    profile: str
    own: bool = False  # with the layout of the learner's group, read from the API
    demand: int = 0  # requests per second of all clients, if own


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    name: str  # of its file: "reachable"
    number: int
    title: str
    minutes: int
    rules: tuple[str, ...]
    steps: tuple[Step, ...]
    body: str  # Markdown
    path: Path
    question: Question | None = None
    trial: Trial | None = None
