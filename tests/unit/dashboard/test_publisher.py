"""The stream of changes: what changed, once for all who look; everything and the missed events to one who connects (again)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.control.observed.model import Observed
from sandbox.control.surface import ControlSurface
from sandbox.core.events import Event
from sandbox.dashboard.blueprint import Dashboard
from tests.support.control import NOTHING, surface
from tests.support.dashboard.observed import instance, service


class Screen:
    """An open page: what it was sent."""

    def __init__(self, stage: "Stage", after: str | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.leave = stage.publisher.subscribe(after, self._take)

    def _take(self, piece: bytes) -> None:
        for block in piece.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "data" in lines:
                self.messages.append({"name": lines["event"], "id": lines.get("id"), **json.loads(lines["data"])})

    @property
    def last(self) -> dict[str, Any]:
        return self.messages[-1]

    @property
    def rows(self) -> list[str]:
        return [row for message in self.messages for row in message.get("events", ())]


class Stage:
    """A page's publisher whose rounds the test makes."""

    def __init__(self) -> None:
        self.observed: Observed = NOTHING
        self.surface: ControlSurface = surface(observed=lambda: self.observed)
        self.dashboard = Dashboard(self.surface)
        self.publisher = self.dashboard.publisher
        self.started: list[Callable[[], None]] = []
        self.publisher._run = self.started.append

    def happened(self, summary: str) -> Event:
        return self.surface.journal.record(Event(source="test", detail_type="Test", summary=summary))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_one_who_comes_gets_every_section_and_the_events_after_the_one_that_the_page_has(stage: Stage) -> None:
    first = stage.happened("before the page was loaded")
    stage.happened("while it was loading")
    screen = Screen(stage, after=first.id)
    stage.publisher.publish()
    assert {"zones", "faults", "balancers", "groups", "targets", "alarms", "mailbox", "runs"} <= screen.last["parts"].keys()
    assert [("while it was loading" in row) for row in screen.rows] == [True]
    assert (screen.last["id"], screen.last["whole"]) == ("e000002", True)


def test_only_the_part_that_changed_is_sent_again(stage: Stage) -> None:
    stage.observed = service(instance(0), instance(1))
    screen = Screen(stage)
    stage.publisher.publish()
    stage.observed = service(instance(0), instance(1, state="stopping"))
    stage.publisher.publish()
    [lane] = [html for html in screen.last["parts"].values() if 'class="lane"' in html]
    assert 'data-zone="us-east-1b"' in lane and "stopping" in lane


def test_nothing_is_sent_when_nothing_changed(stage: Stage) -> None:
    screen = Screen(stage)
    stage.publisher.publish()
    stage.publisher.publish()
    assert len(screen.messages) == 1


def test_a_zone_that_comes_into_use_sends_its_section_whole(stage: Stage) -> None:
    stage.observed = NOTHING
    screen = Screen(stage)
    stage.publisher.publish()
    stage.observed = service(instance(0))
    stage.publisher.publish()
    assert "us-east-1c" in screen.last["parts"]["zones"]


def test_one_who_connects_again_misses_no_event_and_gets_none_twice(stage: Stage) -> None:
    screen = Screen(stage)
    stage.publisher.publish()
    stage.happened("one")
    stage.publisher.publish()
    known = screen.last["id"]
    screen.leave()
    stage.happened("two")
    stage.happened("three")
    again = Screen(stage, after=known)
    stage.publisher.publish()
    assert ["two" in row or "three" in row for row in again.rows] == [True, True]


def test_one_with_events_of_another_journal_gets_all_of_this_one(stage: Stage) -> None:
    stage.happened("of this journal")
    screen = Screen(stage, after="e000999")
    stage.publisher.publish()
    assert len(screen.rows) == 1


def test_a_part_is_rendered_once_for_all_who_look(stage: Stage) -> None:
    stage.observed = service(instance(0))
    screens = [Screen(stage) for _ in range(20)]
    stage.publisher.publish()
    known = dict(stage.dashboard.renderer._known)
    stage.publisher.publish()
    assert all(stage.dashboard.renderer._known[name] is each for name, each in known.items())
    assert len({json.dumps(screen.last["parts"]) for screen in screens}) == 1


def test_it_works_only_while_somebody_looks(stage: Stage) -> None:
    stage.happened("nobody looks")
    assert stage.started == []
    screen = Screen(stage)
    assert len(stage.started) == 1
    screen.leave()
    assert not stage.publisher._awaited()
    Screen(stage)
    assert len(stage.started) == 2
