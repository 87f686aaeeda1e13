"""The sampling meter, one round at a time: what it keeps, what it drops, and the effect of a boot."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.metering.containers import ContainerCounters
from sandbox.drivers.metering.sampling import SamplingMeter


def counters(cpu: float, boot: int = 1) -> dict[str, Any]:
    return {"cpu_seconds": cpu, "cpu_limit": 0.5, "network_in": 0, "network_out": 0, "packets_in": 0, "packets_out": 0, "boot": boot}


def meter(*rounds: dict[str, dict[str, Any]] | Exception) -> tuple[SamplingMeter, VirtualClock]:
    """A meter that is not started: each `sample()` takes the next round."""
    clock, queue = VirtualClock(), iter(rounds)

    def read() -> dict[str, dict[str, Any]]:
        value = next(queue)
        if isinstance(value, Exception):
            raise value
        return value

    return SamplingMeter(clock, read), clock


def test_readings_are_kept_in_order_with_the_sandbox_time() -> None:
    made, clock = meter({"i-1": counters(1)}, {"i-1": counters(2)})
    made.sample()
    clock.advance_to(clock.now() + timedelta(seconds=10))
    made.sample()
    assert [(u.cpu_seconds, u.at) for u in made.readings("i-1")] == [
        (1, clock.now() - timedelta(seconds=10)),
        (2, clock.now()),
    ]


def test_readings_of_an_earlier_boot_are_dropped() -> None:
    made, _ = meter({"i-1": counters(100, boot=1)}, {"i-1": counters(1, boot=2)})
    made.sample()
    made.sample()
    assert [u.cpu_seconds for u in made.readings("i-1")] == [1]


def test_old_readings_are_dropped_and_so_is_an_instance_without_any() -> None:
    made, clock = meter({"i-1": counters(1)}, {})
    made.sample()
    clock.advance_to(clock.now() + timedelta(hours=1))
    made.sample()
    assert (made.readings("i-1"), made.instances()) == ((), ())


@pytest.mark.parametrize("kind", [OSError, DriverUnavailable, ValueError])
def test_a_failed_round_has_no_readings_and_available_says_why(kind: type[Exception]) -> None:
    made, _ = meter(kind("no answer"), {"i-1": counters(1)})
    made.sample()
    assert (made.available(), made.instances()) == ("could not read what instances use: no answer", ())
    made.sample()
    assert (made.available(), len(made.readings("i-1"))) == (None, 1)


def test_a_container_is_inspected_once_and_again_after_a_restart(tmp_path: Path) -> None:
    def process(pid: int) -> None:
        (tmp_path / f"{pid}/net").mkdir(parents=True)
        (tmp_path / f"{pid}/cgroup").write_text("0::/docker/abc\n")
        (tmp_path / f"{pid}/net/dev").write_text("\n\n")

    (tmp_path / "docker/abc").mkdir(parents=True)
    (tmp_path / "docker/abc/cpu.stat").write_text("usage_usec 1500000\n")
    asked, state = list[str](), {"Pid": 41}

    def ask(path: str) -> Any:
        asked.append(path)
        if path.startswith("/containers/json"):
            return [{"Id": "abc", "Labels": {"sandbox.instance-id": "i-1"}}]
        return {"State": state, "HostConfig": {"NanoCpus": 500_000_000}}

    counters = ContainerCounters(ask, "mine", tmp_path, tmp_path)
    process(41)
    assert [counters.read()["i-1"]["boot"] for _ in range(2)] == [41, 41]
    assert asked.count("/containers/abc/json") == 1
    shutil.rmtree(tmp_path / "41")
    process(42)
    state["Pid"] = 42
    restarted = counters.read()["i-1"]
    assert (restarted["boot"], restarted["cpu_limit"], restarted["cpu_seconds"]) == (42, 0.5, 1.5)
    assert asked.count("/containers/abc/json") == 2


def test_only_running_containers_of_this_sandbox_are_read() -> None:
    asked: list[str] = []

    def ask(path: str) -> Any:
        asked.append(path)
        return [] if path.startswith("/containers/json") else {}

    assert ContainerCounters(ask, "mine").read() == {}
    assert "sandbox.name%3Dmine" in asked[0] and "running" in asked[0]
