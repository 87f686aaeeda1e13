"""From Docker's inspection and the requested verb to the snapshot that controllers see."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.drivers.runtime.base import ContainerState as State
from sandbox.drivers.runtime.docker.values import NEVER, ContainerInfo, parse_timestamp
from sandbox.drivers.runtime.docker.watching.snapshot import Pending, TrackedContainer, observed, reachable
from tests.support import rule

FIRST, SECOND = "2026-05-07T12:00:00.123456789Z", "2026-05-07T12:05:00.5Z"
REAL_NOW = datetime(2026, 5, 7, 12, 5, 2, 500_000, tzinfo=UTC)


def info(status: str = "running", started: str = FIRST, **changes: object) -> ContainerInfo:
    return ContainerInfo(container_id="c1", status=status, started=started, **changes)  # type: ignore[arg-type]


def tracked(*seen: ContainerInfo, pending: Pending | None = None) -> TrackedContainer:
    made = TrackedContainer()
    for each in seen:
        made.update(each, VirtualClock(), REAL_NOW)
    if pending:
        made.request(pending)
    return made


@pytest.mark.parametrize(
    ("seen", "pending", "state"),
    [
        ((), Pending.STARTING, State.STARTING),
        ((info("created", NEVER),), Pending.STARTING, State.STARTING),
        ((info(),), None, State.RUNNING),
        ((info("paused"),), None, State.RUNNING),
        ((info("exited"),), None, State.EXITED),
        ((info("dead"),), None, State.EXITED),
        ((info("created", NEVER, error="no room"),), None, State.FAILED),
        ((info(),), Pending.STOPPING, State.STOPPING),
        ((info(),), Pending.REBOOTING, State.STARTING),
        ((info("exited"),), Pending.STARTING, State.STARTING),
        ((info("exited"),), Pending.REMOVING, State.REMOVING),
        ((info(),), Pending.REMOVING, State.REMOVING),
    ],
)
def test_state_is_that_of_the_pending_verb_until_it_is_done(seen: tuple[ContainerInfo, ...], pending: Pending | None, state: State) -> None:
    assert observed("i-1", tracked(*seen, pending=pending)).state is state


@pytest.mark.parametrize(
    ("before", "pending", "after", "state"),
    [
        (info("exited"), Pending.STARTING, info("running", SECOND), State.RUNNING),
        (info("exited"), Pending.STARTING, info("exited", SECOND), State.EXITED),  # it started, and ended at once
        (info(), Pending.STOPPING, info("exited"), State.EXITED),
        (info(), Pending.REBOOTING, info("exited"), State.STARTING),  # half of the reboot is done
        (info(), Pending.REBOOTING, info("running", SECOND), State.RUNNING),
        (info(), Pending.REMOVING, info("exited"), State.REMOVING),
    ],
)
def test_a_newer_inspection_completes_the_pending_verb(before: ContainerInfo, pending: Pending, after: ContainerInfo, state: State) -> None:
    found = tracked(before, pending=pending)
    found.update(after, VirtualClock(), REAL_NOW)
    assert observed("i-1", found).state is state


def test_every_new_start_counts_as_a_boot_and_the_same_one_only_once() -> None:
    found = tracked(info("created", NEVER), info(), info(), info("exited"), info("running", SECOND))
    assert found.boots == 2


def test_start_is_reported_in_sandbox_time() -> None:
    clock = VirtualClock()
    clock.speed = 10.0
    found = TrackedContainer()
    found.update(info("running", SECOND), clock, REAL_NOW)
    assert found.started_at == clock.now() - timedelta(seconds=20)


def test_exit_code_and_memory_kill_are_reported_only_when_it_has_exited() -> None:
    assert observed("i-1", tracked(info(exit_code=137, oom_killed=True))).exit_code is None
    dead = observed("i-1", tracked(info("exited", exit_code=137, oom_killed=True)))
    assert (dead.exit_code, dead.oom_killed) == (137, True)


def test_refused_verb_fails_the_container_unless_it_is_being_removed() -> None:
    found = TrackedContainer()
    number = found.request(Pending.STARTING)
    found.complete(number, "no room")
    assert (observed("i-1", found).state, observed("i-1", found).error) == (State.FAILED, "no room")
    found.request(Pending.REMOVING)
    assert observed("i-1", found).state is State.REMOVING


def test_completion_of_an_earlier_verb_does_not_complete_a_later_one() -> None:
    found = tracked(info())
    stop = found.request(Pending.STOPPING)
    found.request(Pending.REMOVING)
    found.complete(stop, None)
    assert observed("i-1", found).state is State.REMOVING


@rule("EC2-30")
@pytest.mark.parametrize(
    ("seen", "answer"),
    [
        (info(), True),
        (info("paused"), False),
        (info(attached=False), False),
        (info("exited"), None),
        (info("created", NEVER), None),
    ],
)
def test_reachable_means_running_not_paused_and_attached(seen: ContainerInfo, answer: bool | None) -> None:
    assert reachable(tracked(seen)) is answer


def test_dockers_nine_decimals_are_read() -> None:
    assert parse_timestamp(FIRST) == datetime(2026, 5, 7, 12, 0, 0, 123_456, tzinfo=UTC)
    assert parse_timestamp("2026-05-07T12:00:00Z") == datetime(2026, 5, 7, 12, tzinfo=UTC)
