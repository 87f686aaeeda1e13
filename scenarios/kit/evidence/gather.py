"""Collects the evidence of a run before its service is removed."""

from collections.abc import Iterable

from scenarios.kit.evidence.counts import compare
from scenarios.kit.evidence.journal import FAULT_ENDED, JournalEvent, events_since, of_kind
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.run import Run
from scenarios.kit.stack import view


def gather(run: Run, after: str | None, *, counted: bool) -> Evidence:
    """Stops the load. `after`: id of the last event before the run. `counted`: compare the counts with the load balancer's."""
    ended_at = run.now()
    records = run.stop_load()
    beside = {name: stream.stop() for name, stream in run.beside.items()}
    began = run.phases[0].began
    events = events_since(run.stage.client, after)
    _note_ends(run, events)
    return Evidence(
        scenario=run.scenario,
        profile=run.profile,
        settings=run.settings,
        stack=run.stack,
        speed=run.stage.client.speed,
        virtual=run.stage.client.virtual,
        started_at=run.started_at,
        load_from=began,
        ended_at=ended_at,
        records=records,
        beside=beside,
        zone_of=view.zone_of(run.stage),
        events=events,
        phases=tuple(run.phases),
        marks=tuple(run.marks),
        faults=tuple(run.faults),
        reconciliation=compare(run.stage, run.stack, (records, *beside.values()), began) if counted else None,
    )


def _note_ends(run: Run, events: Iterable[JournalEvent]) -> None:
    """Of faults that ended by themselves."""
    ended = {event.detail["faultId"]: event.at for event in of_kind(events, FAULT_ENDED)}
    for fault in run.faults:
        fault.until = ended.get(fault.id, fault.until)
