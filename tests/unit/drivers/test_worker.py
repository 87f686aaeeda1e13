"""Workers: order within a key, keys side by side, retries when the other side does not answer."""

import threading
from collections.abc import Iterator

import pytest

from sandbox.core.errors import DriverUnavailable
from sandbox.drivers import worker
from sandbox.drivers.worker import Workers

PATIENCE = 10.0


class Pool:
    def __init__(self) -> None:
        self.errors: list[tuple[str, str]] = []
        self.workers = Workers(2, "test", lambda key, error: self.errors.append((key, str(error))))


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool()
    yield made
    made.workers.close()


def test_jobs_of_a_key_run_in_order_one_at_a_time(pool: Pool) -> None:
    seen: list[int] = []
    for number in range(50):
        pool.workers.submit("a", lambda number=number: seen.append(number))  # type: ignore[misc]
    pool.workers.join()
    assert seen == list(range(50))


def test_keys_do_not_wait_for_each_other(pool: Pool) -> None:
    b_ran, a_ended = threading.Event(), threading.Event()
    pool.workers.submit("a", lambda: a_ended.set() if b_ran.wait(PATIENCE) else None)
    pool.workers.submit("b", b_ran.set)
    assert a_ended.wait(PATIENCE)


def test_submit_does_not_wait_for_the_job(pool: Pool) -> None:
    gate = threading.Event()
    opened: list[bool] = []
    pool.workers.submit("a", lambda: opened.append(gate.wait(PATIENCE)))
    pool.workers.submit("a", lambda: opened.append(True))
    gate.set()  # reached although the first job waits for it
    pool.workers.join()
    assert opened == [True, True]


def test_job_that_finds_its_driver_unavailable_is_retried_before_the_next(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_BACKOFF", 0.001)
    seen: list[str] = []

    def third_time() -> None:
        seen.append("try")
        if len(seen) < 3:
            raise DriverUnavailable("away")

    pool.workers.submit("a", third_time)
    pool.workers.submit("a", lambda: seen.append("next"))
    pool.workers.join()
    assert seen == ["try", "try", "try", "next"]
    assert pool.errors == []


def test_retry_now_ends_the_wait(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_BACKOFF", 3600.0)
    monkeypatch.setattr(worker, "LONGEST_BACKOFF", 3600.0)
    failed, done = threading.Event(), threading.Event()

    def second_time() -> None:
        if failed.is_set():
            done.set()
            return
        failed.set()
        raise DriverUnavailable("away")

    pool.workers.submit("a", second_time)
    assert failed.wait(PATIENCE)
    for _ in range(1000):  # the failed job may not be queued again yet
        pool.workers.retry_now()
        if done.wait(0.01):
            break
    assert done.is_set()


def test_other_errors_are_reported_and_the_next_job_runs(pool: Pool) -> None:
    seen: list[str] = []
    pool.workers.submit("a", lambda: seen.remove("absent"))
    pool.workers.submit("a", lambda: seen.append("next"))
    pool.workers.join()
    assert pool.errors == [("a", "list.remove(x): x not in list")]
    assert seen == ["next"]
