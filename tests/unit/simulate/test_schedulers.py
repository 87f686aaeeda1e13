"""The schedulers of simulations (sandbox/simulate/schedulers/), with real processes and a real Dask cluster of two workers."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox.core.errors import UserError
from sandbox.simulate.model import Outcome, Run
from sandbox.simulate.schedulers.base import Scheduler
from sandbox.simulate.schedulers.dask import DaskCluster
from sandbox.simulate.schedulers.local import LocalProcesses
from tests.support.simulation import always_dies, by_seed, dies_once, runs

pytestmark = pytest.mark.process
distributed = pytest.importorskip("distributed", reason="the optional dependency distributed is not installed")


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Of two workers, for one test: Dask may need minutes to start killed ones again."""
    options = {"threads_per_worker": 1, "processes": True, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    with distributed.LocalCluster(n_workers=2, **options) as made:
        yield made


@pytest.fixture
def empty_cluster() -> Iterator[Any]:
    with distributed.LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1") as made:
        yield made


@pytest.fixture(params=["local", "dask"])
def scheduler(request: pytest.FixtureRequest) -> Scheduler:
    if request.param == "local":
        return LocalProcesses(2)
    return DaskCluster(request.getfixturevalue("cluster").scheduler_address)


def in_order(scheduler: Scheduler, planned: Sequence[Run], work: object = by_seed) -> list[Outcome]:
    found = dict(scheduler.carry_out(work, planned))  # type: ignore[arg-type]
    assert sorted(found) == list(range(len(planned)))
    return [found[index] for index in sorted(found)]


def test_the_outcomes_are_those_of_the_runs_seed_by_seed(scheduler: Scheduler) -> None:
    planned = runs(40)
    assert in_order(scheduler, planned) == [by_seed(run) for run in planned]


def test_the_run_of_a_killed_worker_is_done_again(scheduler: Scheduler, tmp_path: Path) -> None:
    planned = runs(12, scenario=str(tmp_path))
    assert in_order(scheduler, planned, dies_once) == [by_seed(run) for run in planned]
    assert (tmp_path / "died").exists()


def test_a_run_that_kills_every_worker_ends_the_simulation_with_a_sentence(scheduler: Scheduler) -> None:
    with pytest.raises(UserError, match=r"died|lost"):
        list(scheduler.carry_out(always_dies, runs(2)))


def test_a_worker_killed_from_outside_loses_no_run(cluster: Any) -> None:
    planned = runs(60)
    found: dict[int, Outcome] = {}
    for index, outcome in DaskCluster(cluster.scheduler_address).carry_out(by_seed, planned):
        if not found:
            os.kill(next(iter(cluster.workers.values())).process.pid, signal.SIGKILL)
        found[index] = outcome
    assert [found[index] for index in sorted(found)] == [by_seed(run) for run in planned]


def test_a_scheduler_that_does_not_answer_is_named() -> None:
    with pytest.raises(UserError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(DaskCluster("tcp://127.0.0.1:9", connect_timeout=1).carry_out(by_seed, runs(1)))


def test_a_cluster_without_a_worker_is_named_with_the_command_that_starts_one(empty_cluster: Any) -> None:
    address = empty_cluster.scheduler_address
    with pytest.raises(UserError, match="has no workers") as refused:
        list(DaskCluster(address, connect_timeout=1).carry_out(by_seed, runs(1)))
    assert refused.value.next_command == f"dask worker {address}"


def test_workers_that_start_after_the_simulation_are_used(empty_cluster: Any) -> None:
    joining = threading.Timer(0.2, lambda: empty_cluster.scale(1))
    joining.start()
    found = list(DaskCluster(empty_cluster.scheduler_address, connect_timeout=60).carry_out(by_seed, runs(2)))
    joining.join()
    assert sorted(index for index, _ in found) == [0, 1]


def test_simulations_stop_when_the_caller_stops(scheduler: Scheduler) -> None:
    stream = iter(scheduler.carry_out(by_seed, runs(500)))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
