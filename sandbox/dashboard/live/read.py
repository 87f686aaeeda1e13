"""Reads a `Look` from the control surface. What is expensive and changes slowly is read at most once a second."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar

from sandbox.control.observed.model import Observed
from sandbox.control.surface import ControlSurface
from sandbox.dashboard.load import PageLoad
from sandbox.dashboard.past.as_of import Past, as_of
from sandbox.dashboard.runs import Runs
from sandbox.dashboard.shown.look import Injected, Look, Mail
from sandbox.dashboard.shown.runs import ScenarioRun, runs
from sandbox.dashboard.shown.sections import plotted
from sandbox.dashboard.shown.timeline import Timeline, timeline
from sandbox.faults.model import Fault

T = TypeVar("T")
SECOND = 1.0
NEWEST_MAILS = 10


class Kept(Generic[T]):
    """What `read` returned, for at most a second."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._known: tuple[float, T] | None = None  # when it was read (monotonic), and what

    def get(self) -> T:
        now = time.monotonic()
        if self._known is None or now - self._known[0] >= SECOND:
            self._known = now, self._read()
        return self._known[1]


class Reader:
    def __init__(self, surface: ControlSurface, load: PageLoad, scenario_runs: Runs) -> None:
        self._surface, self._load, self._runs = surface, load, scenario_runs
        self._health = Kept(lambda: tuple(surface.health()))
        self._mails = Kept(lambda: tuple(_mail(each) for each in reversed(surface.mailbox(None)[-NEWEST_MAILS:])))
        self._cpu = Kept(surface.cpu)
        self._told = Kept(self._read_journal)

    def look(self) -> Look:
        """May be called from any thread."""
        surface = self._surface
        observed, now = surface.observed(), surface.clock.now()
        told_runs, told_timeline = self._told.get()
        return Look(
            now=now,
            speed=surface.clock.speed,
            name=surface.settings.name,
            runtime=surface.runtime,
            region=surface.settings.region,
            health=self._health.get(),
            observed=observed,
            urls=_urls(surface, observed),
            faults=tuple(_injected(each) for each in surface.faults.active()),
            mails=self._mails.get(),
            points=surface.alarm_points(plotted(observed.alarms), now),
            per_second=surface.rates.per_second(),
            cpu=self._cpu.get(),
            timeline=told_timeline,
            runs=tuple(self._runs.completed(each) for each in told_runs),
            load=self._load.shown(),
        )

    def past(self, event_id: str) -> Past | None:
        """As of an event. None: the journal does not have it."""
        surface, mails = self._surface, [_mail(each) for each in reversed(self._surface.mailbox(None))]
        found = as_of(event_id, surface.journal.events(), self.look(), mails)
        if found is None:
            return None
        points = surface.alarm_points(plotted(found.look.observed.alarms), found.at.at)
        return replace(found, look=replace(found.look, points=points, mails=found.look.mails[:NEWEST_MAILS]))

    def _read_journal(self) -> tuple[tuple[ScenarioRun, ...], Timeline]:
        events = self._surface.journal.events()
        return runs(events), timeline(events)


def _urls(surface: ControlSurface, observed: Observed) -> Mapping[str, str]:
    found = {each.arn: surface.listener_address(each.arn) for balancer in observed.load_balancers for each in balancer.listeners or ()}
    return {arn: f"http://{address[0]}:{address[1]}/" for arn, address in found.items() if address}


def _injected(fault: Fault) -> Injected:
    return Injected(
        id=fault.id,
        kind=fault.kind,
        targets=fault.targets,
        instances=fault.instances,
        summary=fault.summary,
        since=fault.since,
        until=fault.until,
    )


def _mail(mail: Mapping[str, Any]) -> Mail:
    return Mail(
        at=str(mail.get("at", "")),
        to=str(mail.get("to", "")),
        subject=str(mail.get("subject") or ""),
        body=str(mail.get("body", "")),
        protocol=str(mail.get("protocol", "")),
    )
