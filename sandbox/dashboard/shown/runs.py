"""Runs of scenarios, as the journal tells them: phases one after the other, and criteria that are met or not at the end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.control.scenarios import ENDED, PHASE_BEGAN, PHASE_ENDED, STARTED
from sandbox.core.events import Event

NEWEST = 5
WAITING, RUNNING, DONE, STOPPED = "waiting", "running", "done", "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    name: str
    title: str
    state: str  # "waiting" | "running" | "done" | "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    sentence: str
    state: str  # "waiting" | "passed" | "not met" | "not measured"
    measured: str = ""
    required: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRun:
    id: str  # "run-1f2e3d"
    name: str
    title: str
    started: str  # sandbox time
    phases: tuple[Phase, ...]
    criteria: tuple[Criterion, ...]
    verdict: str | None = None  # None: it has not ended
    sentence: str = ""
    lost: bool = False  # its process ended without a verdict
    report: bool = False  # its report can be opened
    ours: bool = False  # started by the page, which can stop it


def runs(events: Iterable[Event]) -> tuple[ScenarioRun, ...]:
    """The newest first."""
    found: dict[str, ScenarioRun] = {}
    for event in events:
        run_id = str(event.detail.get("run", ""))
        if event.detail_type == STARTED:
            found[run_id] = _started(run_id, event)
        elif run_id in found:
            found[run_id] = _told(found[run_id], event)
    return tuple(reversed(found.values()))[:NEWEST]


def _started(run_id: str, event: Event) -> ScenarioRun:
    detail = event.detail
    return ScenarioRun(
        id=run_id,
        name=str(detail.get("name")),
        title=str(detail.get("title")),
        started=f"{event.at:%H:%M:%S}",
        phases=tuple(Phase(name=str(each["name"]), title=str(each["title"]), state=WAITING) for each in detail.get("phases", ())),
        criteria=tuple(Criterion(sentence=str(each), state=WAITING) for each in detail.get("criteria", ())),
    )


def _told(run: ScenarioRun, event: Event) -> ScenarioRun:
    if event.detail_type == PHASE_BEGAN:
        return replace(run, phases=_in_state(run.phases, event.detail, RUNNING))
    if event.detail_type == PHASE_ENDED:
        return replace(run, phases=_in_state(run.phases, event.detail, DONE))
    if event.detail_type == ENDED:
        judged = tuple(_criterion(each) for each in event.detail.get("criteria", ()))
        phases = tuple(replace(each, state=STOPPED if each.state == RUNNING else each.state) for each in run.phases)
        verdict, sentence = str(event.detail.get("verdict")), str(event.detail.get("sentence", ""))
        return replace(run, phases=phases, criteria=judged or run.criteria, verdict=verdict, sentence=sentence)
    return run


def _in_state(phases: Sequence[Phase], detail: Mapping[str, Any], state: str) -> tuple[Phase, ...]:
    """A phase that was not announced is added."""
    name = str(detail.get("phase"))
    if not any(each.name == name for each in phases):
        return (*phases, Phase(name=name, title=str(detail.get("title", name)), state=state))
    return tuple(replace(each, state=state) if each.name == name else each for each in phases)


def _criterion(judged: Mapping[str, Any]) -> Criterion:
    passed = judged.get("passed")
    state = "not measured" if passed is None else "passed" if passed else "not met"
    return Criterion(
        sentence=str(judged.get("sentence")),
        state=state,
        measured=str(judged.get("measured", "")),
        required=str(judged.get("required", "")),
    )
