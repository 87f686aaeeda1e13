"""Runs scenarios of outages in virtual time, for their tests. A run is done once for all tests that ask for the same one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sandbox.report.model import Criterion, Report
from scenarios.kit.definition import catalogue
from scenarios.kit.definition.scenario import Scenario
from scenarios.kit.evidence.control import held
from scenarios.kit.running.loop import carry_out, choose
from tests.support.scenarios.rehearsal import left_behind, rehearsal


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    report: Report
    control: tuple[bool, str]  # whether it failed as a negative control must
    left: tuple[str, ...]  # names of resources and ids of faults that the run left
    output: str

    @property
    def verdict(self) -> str:
        return self.report.verdict.value

    def criterion(self, sentence: str) -> Criterion:
        return next(criterion for criterion in self.report.criteria if criterion.sentence.startswith(sentence))


def outcome(name: str, profile: str | None = None, *, control: bool = False, seed: int = 0, **knobs: str) -> Outcome:
    return _outcome(name, profile, control, seed, tuple(sorted(knobs.items())))


def outcome_of(
    scenario: Scenario, profile: str | None = None, knobs: Mapping[str, str] | None = None, *, control: bool = False, seed: int = 0
) -> Outcome:
    stage = rehearsal(seed=seed)
    chosen = choose(scenario, profile, dict(knobs or {}), seed=seed, control=control)
    report = carry_out(stage, chosen)
    faults = stage.client.get("faults")["faults"]
    left = (*left_behind(stage), *(fault["id"] for fault in faults))
    return Outcome(report=report, control=held(scenario, report), left=left, output=stage.output)


@cache
def _outcome(name: str, profile: str | None, control: bool, seed: int, knobs: tuple[tuple[str, str], ...]) -> Outcome:
    found = catalogue.find(name)
    assert found is not None
    return outcome_of(found, profile, dict(knobs), control=control, seed=seed)
