"""Threads of requests: as many as there are requests in progress, and few when there are none."""

import threading
from collections.abc import Iterator

import pytest

from sandbox.aws.http import workers
from sandbox.aws.http.workers import KEPT, Workers
from tests.support.waiting import until


@pytest.fixture
def crew() -> Iterator[Workers]:
    made = Workers(most=20)
    yield made
    made.stop()
    until(lambda: made._count == 0)


def test_works_that_wait_keep_no_other_from_its_thread(crew: Workers) -> None:
    ended, done = threading.Event(), threading.Event()
    assert all(crew.run(ended.wait) for _ in range(19))
    assert crew.run(done.set)
    assert done.wait(10)
    ended.set()


def test_work_beyond_the_most_is_not_begun_and_is_taken_again_when_a_thread_is_free(crew: Workers) -> None:
    ended, done = threading.Event(), threading.Event()
    assert all(crew.run(ended.wait) for _ in range(20))
    assert not crew.run(done.set)
    ended.set()
    until(lambda: crew.run(done.set))
    assert done.wait(10)


def test_threads_end_but_a_few(crew: Workers) -> None:
    ended = threading.Event()
    for _ in range(20):
        crew.run(ended.wait)
    ended.set()
    until(lambda: crew._count == crew._idle == KEPT)


def test_an_idle_thread_is_used_again(crew: Workers) -> None:
    seen: list[int] = []
    for number in range(5):
        crew.run(lambda: seen.append(threading.get_ident()))
        until(lambda number=number: len(seen) > number and crew._idle == 1)
    assert len(set(seen)) == 1


def test_where_no_thread_can_be_started_the_work_is_not_begun(crew: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(workers.threading.Thread, "start", refuse)
    assert not crew.run(lambda: None)


def test_after_stop_nothing_is_begun() -> None:
    stopped = Workers()
    stopped.stop()
    assert not stopped.run(lambda: None)
