"""Makes the report of a run: the verdict of its criteria, and everything that the views show. Pure, but for the names of the runtime."""

from collections.abc import Iterator

from sandbox.report import model
from sandbox.report.model import Report, Steps, Verdict
from sandbox.traffic.measures.levels import Levels
from sandbox.traffic.measures.requests import good
from scenarios.kit.evidence.buckets import buckets, moment
from scenarios.kit.evidence.causes import causes
from scenarios.kit.evidence.marks import marks, spans
from scenarios.kit.evidence.measures import measures
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.outcome import Ending
from scenarios.kit.running.run import Run


def report(run: Run, evidence: Evidence, ending: Ending, real_duration: float) -> Report:
    """The criteria decide, if the run came to its end and the counts agree. `real_duration` in seconds."""
    criteria = tuple(_criteria(run, evidence)) if ending.verdict is None else ()
    verdict, sentence = (ending.verdict, ending.sentence) if ending.verdict else _judged(evidence, criteria)
    began = evidence.started_at
    return Report(
        run=_identity(run),
        verdict=verdict,
        sentence=sentence,
        started_at=began,
        duration=moment(evidence.ended_at, began),
        real_duration=real_duration,
        criteria=criteria,
        slo_ms=run.scenario.slo_ms,
        sent=len(evidence.records),
        good=int(good(evidence.records, evidence.slo).sum()),
        phases=tuple(_phases(evidence)),
        marks=marks(evidence),
        spans=spans(evidence),
        buckets=buckets(evidence.records, evidence.slo, began, evidence.zone_of),
        healthy=tuple(_steps(zone, levels, evidence) for zone, levels in evidence.fleet.by_zone.items()),
        capacity=(_steps("desired", evidence.fleet.desired, evidence), _steps("in service", evidence.fleet.in_service, evidence)),
        measures=measures(evidence),
        reconciliation=evidence.reconciliation,
        causes=causes(evidence.events, evidence.fault_at, began) if evidence.fault_at else (),
        advice=run.scenario.advice(evidence) if verdict is Verdict.FAILED else (),
        notes=(*run.scenario.notes, *run.notes, *_about_the_run(run)),
    )


def _criteria(run: Run, evidence: Evidence) -> Iterator[model.Criterion]:
    for criterion in run.scenario.criteria:
        finding = criterion.check(evidence)
        yield model.Criterion(
            sentence=criterion.sentence,
            passed=finding.met,
            measured=finding.measured,
            required=finding.required,
            control=run.chosen.control and criterion.id == run.scenario.control.fails,
        )


def _judged(evidence: Evidence, criteria: tuple[model.Criterion, ...]) -> tuple[Verdict, str]:
    counts = evidence.reconciliation
    if counts is not None and not counts.agrees:
        return Verdict.INTERRUPTED, f"The clients and the load balancer counted differently. {counts.sentence}"
    missed = [criterion for criterion in criteria if not criterion.passed]
    if not missed:
        return Verdict.SUCCEEDED, f"All {len(criteria)} criteria are met: {evidence.scenario.hypothesis}"
    first = missed[0]
    more = f", and {len(missed) - 1} more" if len(missed) > 1 else ""
    return Verdict.FAILED, f"{first.sentence}: {first.measured}, required {first.required}{more}."


def _phases(evidence: Evidence) -> Iterator[model.Phase]:
    for phase in evidence.phases:
        yield model.Phase(
            name=phase.name.replace("-", " ").capitalize(),
            began=moment(phase.began, evidence.started_at),
            ended=moment(phase.ended, evidence.started_at),
            caption=". ".join(text for text in (phase.title, phase.caption) if text),
            invented=phase.invented,
        )


def _steps(name: str, levels: Levels, evidence: Evidence) -> Steps:
    points = [(moment(at, evidence.started_at), value) for at, value in levels.steps(evidence.ended_at)]
    if points:
        points.append((moment(evidence.ended_at, evidence.started_at), points[-1][1]))
    return Steps(name=name, points=tuple(points))


def _identity(run: Run) -> model.Identity:
    scenario, client = run.scenario, run.stage.client
    return model.Identity(
        id=scenario.id,
        name=scenario.name,
        title=scenario.title,
        hypothesis=scenario.hypothesis,
        profile=run.profile.name,
        control=run.chosen.control,
        seed=run.chosen.seed,
        runtime=str(client.get("health")["runtime"]),
        virtual=client.virtual,
        speed=client.speed,
        settings=tuple(
            model.Setting(name=knob.name, value=run.settings.shown(knob.name), default=knob.name not in run.settings.changed)
            for knob in run.settings.knobs
        ),
    )


def _about_the_run(run: Run) -> Iterator[str]:
    if run.stage.client.virtual:
        yield "The instances are simulated: a queue in front of a CPU, and a network that answers, refuses or swallows packets."
        return
    yield (
        f"Load and capacity are {run.settings.number('live_scale'):g} times the virtual ones: {run.stack.offered:g} requests per second, "
        f"{run.stack.capacity:g} for each instance. Timers of AWS run {run.stage.client.speed:g} times as fast; latencies are real."
    )
    if run.stage.client.get("health")["runtime"] == "process":
        yield "Instances are local processes without a CPU limit, so the survivors were not limited to their capacity."
