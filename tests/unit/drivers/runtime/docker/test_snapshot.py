"""From Docker's facts and what was asked for to the picture that controllers see."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.drivers.runtime.base import ContainerState as State
from sandbox.drivers.runtime.docker.engine import NEVER, Facts, moment
from sandbox.drivers.runtime.docker.snapshot import Doing, Machine, picture, reachable
from tests.support import rule

FIRST, SECOND = "2026-05-07T12:00:00.123456789Z", "2026-05-07T12:05:00.5Z"
REAL_NOW = datetime(2026, 5, 7, 12, 5, 2, 500_000, tzinfo=UTC)


def facts(status: str = "running", started: str = FIRST, **changes: object) -> Facts:
    return Facts(container_id="c1", status=status, started=started, **changes)  # type: ignore[arg-type]


def machine(*seen: Facts, doing: Doing | None = None) -> Machine:
    made = Machine()
    for each in seen:
        made.learn(each, VirtualClock(), REAL_NOW)
    if doing:
        made.ask(doing)
    return made


@pytest.mark.parametrize(
    ("seen", "doing", "state"),
    [
        ((), Doing.STARTING, State.STARTING),
        ((facts("created", NEVER),), Doing.STARTING, State.STARTING),
        ((facts(),), None, State.RUNNING),
        ((facts("paused"),), None, State.RUNNING),
        ((facts("exited"),), None, State.EXITED),
        ((facts("dead"),), None, State.EXITED),
        ((facts("created", NEVER, error="no room"),), None, State.FAILED),
        ((facts(),), Doing.STOPPING, State.STOPPING),
        ((facts(),), Doing.REBOOTING, State.STARTING),
        ((facts("exited"),), Doing.STARTING, State.STARTING),
        ((facts("exited"),), Doing.REMOVING, State.REMOVING),
        ((facts(),), Doing.REMOVING, State.REMOVING),
    ],
)
def test_state_is_what_was_asked_for_until_it_is_seen(seen: tuple[Facts, ...], doing: Doing | None, state: State) -> None:
    assert picture("i-1", machine(*seen, doing=doing)).state is state


@pytest.mark.parametrize(
    ("before", "doing", "after", "state"),
    [
        (facts("exited"), Doing.STARTING, facts("running", SECOND), State.RUNNING),
        (facts("exited"), Doing.STARTING, facts("exited", SECOND), State.EXITED),  # it ran, and ended at once
        (facts(), Doing.STOPPING, facts("exited"), State.EXITED),
        (facts(), Doing.REBOOTING, facts("exited"), State.STARTING),  # half way
        (facts(), Doing.REBOOTING, facts("running", SECOND), State.RUNNING),
        (facts(), Doing.REMOVING, facts("exited"), State.REMOVING),
    ],
)
def test_newer_facts_fulfil_what_was_asked(before: Facts, doing: Doing, after: Facts, state: State) -> None:
    found = machine(before, doing=doing)
    found.learn(after, VirtualClock(), REAL_NOW)
    assert picture("i-1", found).state is state


def test_every_new_start_counts_as_a_boot_and_the_same_one_only_once() -> None:
    found = machine(facts("created", NEVER), facts(), facts(), facts("exited"), facts("running", SECOND))
    assert found.boots == 2


def test_start_is_told_in_sandbox_time() -> None:
    clock = VirtualClock()
    clock.speed = 10.0
    found = Machine()
    found.learn(facts("running", SECOND), clock, REAL_NOW)
    assert found.started_at == clock.now() - timedelta(seconds=20)


def test_exit_code_and_memory_kill_are_told_of_the_dead_only() -> None:
    assert picture("i-1", machine(facts(exit_code=137, oom_killed=True))).exit_code is None
    dead = picture("i-1", machine(facts("exited", exit_code=137, oom_killed=True)))
    assert (dead.exit_code, dead.oom_killed) == (137, True)


def test_refused_request_fails_the_machine_unless_it_is_being_removed() -> None:
    found = Machine()
    number = found.ask(Doing.STARTING)
    found.done(number, "no room")
    assert (picture("i-1", found).state, picture("i-1", found).error) == (State.FAILED, "no room")
    found.ask(Doing.REMOVING)
    assert picture("i-1", found).state is State.REMOVING


def test_end_of_an_overtaken_request_does_not_end_the_newer_one() -> None:
    found = machine(facts())
    stop = found.ask(Doing.STOPPING)
    found.ask(Doing.REMOVING)
    found.done(stop, None)
    assert picture("i-1", found).state is State.REMOVING


@rule("EC2-30")
@pytest.mark.parametrize(
    ("seen", "answer"),
    [
        (facts(), True),
        (facts("paused"), False),
        (facts(attached=False), False),
        (facts("exited"), None),
        (facts("created", NEVER), None),
    ],
)
def test_reachable_is_running_not_frozen_and_attached(seen: Facts, answer: bool | None) -> None:
    assert reachable(machine(seen)) is answer


def test_dockers_nine_decimals_are_read() -> None:
    assert moment(FIRST) == datetime(2026, 5, 7, 12, 0, 0, 123_456, tzinfo=UTC)
    assert moment("2026-05-07T12:00:00Z") == datetime(2026, 5, 7, 12, tzinfo=UTC)
