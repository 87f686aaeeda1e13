"""Counters from Docker's statistics: the same keys as from the files of the kernel, one stream for each container, and no reading of what
has ended."""

import json
import queue
from collections.abc import Iterator
from typing import Any

from sandbox.drivers.metering.kernel import Counters
from sandbox.drivers.metering.stats import StatsCounters, counters
from tests.support.waiting import until

CONTAINER = {"State": {"Running": True, "StartedAt": "2026-05-07T12:00:00Z"}, "HostConfig": {"NanoCpus": 500_000_000}}
NETWORK = {"rx_bytes": 10, "tx_bytes": 20, "rx_packets": 1, "tx_packets": 2, "rx_errors": 0}


def stats(seconds: float) -> dict[str, Any]:
    """As the engine sends them, with the keys that are read."""
    usage = {"total_usage": int(seconds * 1e9), "usage_in_kernelmode": 0}
    return {"cpu_stats": {"cpu_usage": usage, "online_cpus": 2}, "networks": {"eth0": NETWORK, "eth1": NETWORK}}


class Engine:
    """Two instances; the lines of their streams are put in by the test."""

    def __init__(self) -> None:
        self.lines: dict[str, queue.Queue[bytes | None]] = {}
        self.up = {"c1": "i-1", "c2": "i-2"}

    def ask(self, path: str) -> Any:
        if path.startswith("/containers/json"):
            return [{"Id": each, "Labels": {"sandbox.instance-id": instance}} for each, instance in self.up.items()]
        return CONTAINER if path.split("/")[2] in self.up else {}

    def follow(self, path: str) -> Iterator[bytes]:
        assert path.endswith("/stats")
        lines = self.lines[path.split("/")[2]] = queue.Queue()
        return iter(lines.get, None)

    def send(self, container: str, seconds: float) -> None:
        self.lines[container].put(json.dumps(stats(seconds)).encode() + b"\n")


def test_the_keys_are_those_of_the_kernels_files() -> None:
    found = counters(stats(1.5), CONTAINER)
    assert found == {
        "cpu_seconds": 1.5,
        "network_in": 20,
        "network_out": 40,
        "packets_in": 2,
        "packets_out": 4,
        "cpu_limit": 0.5,
        "boot": "2026-05-07T12:00:00Z",
    }
    assert set(found) == {*Counters(0, 0, 0, 0, 0).as_json(), "cpu_limit", "boot"}


def test_a_container_that_does_not_run_has_no_counters() -> None:
    assert counters(stats(1), {"State": {"Running": False}}) is None
    assert counters({"cpu_stats": {}}, CONTAINER) is None


def test_each_instance_has_the_newest_value_of_its_stream() -> None:
    engine = Engine()
    made = StatsCounters(engine.ask, engine.follow, "sandbox")
    assert made.read() == {}  # the streams begin
    until(lambda: set(engine.lines) == {"c1", "c2"})
    engine.send("c1", 1)
    engine.send("c1", 2)
    until(lambda: made.read().get("i-1", {}).get("cpu_seconds") == 2)
    assert set(made.read()) == {"i-1"}
    engine.send("c2", 7)
    until(lambda: made.read().get("i-2", {}).get("cpu_seconds") == 7)
    for lines in engine.lines.values():
        lines.put(None)


def test_the_stream_of_a_container_that_has_ended_is_left_and_one_that_breaks_is_begun_again() -> None:
    engine = Engine()
    made = StatsCounters(engine.ask, engine.follow, "sandbox")
    made.read()
    until(lambda: set(engine.lines) == {"c1", "c2"})
    first = engine.lines["c2"]
    del engine.up["c1"]
    engine.send("c1", 1)
    first.put(b"no json\n")
    until(lambda: made.read() == {} and engine.lines["c2"] is not first)
    engine.send("c2", 3)
    until(lambda: set(made.read()) == {"i-2"})
    engine.lines["c2"].put(None)
