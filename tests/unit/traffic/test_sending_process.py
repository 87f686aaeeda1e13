"""The process that sends requests ends with its parent, however that ends, and its own death is not taken for the end of the traffic."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from sandbox.core.errors import UserError
from sandbox.traffic.load import Load, TrafficLost
from sandbox.traffic.plan import Plan
from tests.support.traffic.http_server import answer, server

pytestmark = pytest.mark.process
NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
PROGRAM = """
import sys, threading
from datetime import UTC, datetime
from sandbox.traffic.load import Load
from sandbox.traffic.plan import Plan
load = Load(Plan(url=sys.argv[1], rate=50), datetime.now(UTC), 1.0)
print("sending", flush=True)
threading.Event().wait()
"""


def until(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.02)
    return True


def children_of(pid: int) -> list[psutil.Process]:
    """Those that run: a test before this one may have left one that has ended and nobody has waited for."""
    return [child for child in psutil.Process(pid).children() if child.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_nothing_is_left_when_the_parent_is_stopped(how: signal.Signals) -> None:
    with server(answer("200 OK")) as url:
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        ) as parent:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"sending\n"
            (sending,) = children_of(parent.pid)
            parent.send_signal(how)
        assert until(lambda: not sending.is_running())


def test_nothing_is_left_when_the_load_is_forgotten() -> None:
    with server(answer("200 OK")) as url:
        load = Load(Plan(url=url, rate=50), NOW, 1.0)
        (sending,) = (child for child in children_of(os.getpid()) if "sandbox.traffic.sending" in child.cmdline())
        del load
        assert until(lambda: not sending.is_running())


def test_traffic_that_was_lost_is_not_reported_as_complete() -> None:
    with server(answer("200 OK")) as url:
        load = Load(Plan(url=url, rate=50), NOW, 1.0)
        assert until(load.records)
        (sending,) = (child for child in children_of(os.getpid()) if "sandbox.traffic.sending" in child.cmdline())
        sending.kill()
        with pytest.raises(TrafficLost, match=r"ended before its traffic did \(exit code -9\)"):
            load.stop()


def test_nothing_starts_for_an_address_that_is_not_loopback() -> None:
    with pytest.raises(UserError, match="only loopback"):
        Load(Plan(url="http://192.0.2.1/"), NOW, 1.0)
    assert not [child for child in children_of(os.getpid()) if "sandbox.traffic.sending" in child.cmdline()]


def test_a_busy_reader_does_not_stop_the_requests() -> None:
    with server(answer("200 OK", b"x" * 100)) as url:
        load = Load(Plan(url=url, rate=400, max_requests=400), NOW, 1.0)
        with load._lock:  # the records are not taken for a while
            threading.Event().wait(1.5)
        records = load.join()
    assert len(records) == 400
    assert max(record.latency for record in records) < 1
