"""Tells the sandbox how far a run is, as events of its journal: who looks at the live page or at `sandbox events` sees the phases, and the
criteria as they were met or not, whoever started the run."""

from collections.abc import Iterator
from typing import Any

from sandbox.report.model import Report, Verdict
from scenarios.kit.running.run import Chosen
from scenarios.kit.stage import Stage

STEADY, RECOVERY, TAIL = "steady-state", "recovery", "tail"


def started(stage: Stage, chosen: Chosen) -> None:
    scenario, control = chosen.scenario, ", its negative control" if chosen.control else ""
    _tell(
        stage,
        chosen,
        "started",
        f"scenario {scenario.id} {scenario.name}{control} began: {scenario.title}",
        name=scenario.name,
        title=f"{scenario.title}{control}",
        profile=chosen.profile.name,
        phases=list(_phases(chosen)),
        criteria=[each.sentence for each in scenario.criteria],
    )


def phase_began(stage: Stage, chosen: Chosen, name: str, title: str) -> None:
    _tell(stage, chosen, "phase-began", f"{chosen.scenario.name}: {title}", phase=name, title=title)


def phase_ended(stage: Stage, chosen: Chosen, name: str, title: str) -> None:
    _tell(stage, chosen, "phase-ended", f"{chosen.scenario.name}: the phase {name} is over", phase=name, title=title)


def ended(stage: Stage, chosen: Chosen, report: Report) -> None:
    criteria = [
        {"sentence": each.sentence, "passed": each.passed, "measured": each.measured, "required": each.required} for each in report.criteria
    ]
    _end(stage, chosen, report.verdict, report.sentence, criteria)


def interrupted(stage: Stage, chosen: Chosen, why: str) -> None:
    _end(stage, chosen, Verdict.INTERRUPTED, why, [])


def _end(stage: Stage, chosen: Chosen, verdict: Verdict, sentence: str, criteria: list[dict[str, Any]]) -> None:
    summary = f"scenario {chosen.scenario.id} {chosen.scenario.name} ended: {verdict.value}"
    _tell(stage, chosen, "ended", summary, verdict=verdict.value, sentence=sentence, criteria=criteria)


def _phases(chosen: Chosen) -> Iterator[dict[str, str]]:
    yield {"name": STEADY, "title": f"Steady state at {chosen.profile.load:g} % of the capacity"}
    yield from ({"name": phase.name, "title": phase.title} for phase in chosen.scenario.phases)
    yield {"name": RECOVERY, "title": "Until the service is whole and balanced"}
    yield {"name": TAIL, "title": "What comes after the recovery"}


def _tell(stage: Stage, chosen: Chosen, what: str, summary: str, **detail: Any) -> None:
    run_id = chosen.run_id or f"run-{chosen.scenario.name}"
    stage.client.post("scenarios/progress", {"what": what, "run": run_id, "summary": summary, "detail": detail})
