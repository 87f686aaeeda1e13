"""Open-loop traffic in real time. A process of its own sends the requests (sending/), so that the scenario's work does not delay them.

Traffic goes to loopback only and ends at the plan's limits. It also ends when this process ends, in whatever way.
"""

import os
import pickle
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import IO

from sandbox.core.errors import UserError
from sandbox.traffic.addresses import loopback
from sandbox.traffic.plan import Plan
from sandbox.traffic.records import Records, records_of
from sandbox.traffic.rows import Chunk, Rows

ROOT = str(Path(__file__).parents[2])  # where `sandbox` is imported from


class TrafficLost(UserError):
    """The sending process ended before its traffic did, so what it measured is not complete."""


class Load:
    """Sends a plan's requests, starting now. `now`: the current sandbox time; `speed`: sandbox seconds per real second.

    Raises UserError when the plan's URL is not on loopback.
    """

    def __init__(self, plan: Plan, now: datetime, speed: float) -> None:
        loopback(plan.url)
        asked = monotonic()
        self._process = _start(plan, speed)
        self._speed, self._rows, self._lock, self._complete = speed, Rows(), threading.Lock(), threading.Event()
        output = self._process.stdout
        assert self._process.stdin is not None and output is not None
        weakref.finalize(self, self._process.stdin.close)  # ends the process
        began = _read(output)
        if not isinstance(began, float):
            raise TrafficLost(f"The process that sends requests did not start (exit code {self._process.wait()}).", "sandbox status")
        self._started_at = now + timedelta(seconds=(began - asked) * speed)
        parts = (self._process, output, self._rows, self._lock, self._complete)
        self._thread = threading.Thread(target=_collect, args=parts, name="traffic", daemon=True)
        self._thread.start()

    def records(self) -> Records:
        """Raises TrafficLost."""
        if not self._thread.is_alive() and not self._complete.is_set():
            code = self._process.returncode
            raise TrafficLost(f"The process that sends requests ended before its traffic did (exit code {code}).", "sandbox events")
        with self._lock:
            return records_of(self._rows, self._started_at, self._speed)

    def join(self) -> Records:
        """Waits until the plan reaches its limits."""
        self._thread.join()
        return self.records()

    def stop(self) -> Records:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError, ValueError):  # it has already ended
            self._process.stdin.write(b"s")
            self._process.stdin.flush()
        return self.join()


def _start(plan: Plan, speed: float) -> "subprocess.Popen[bytes]":
    """In its own session, so that Ctrl-C does not reach it: it ends with this process's end of the pipe."""
    path = os.pathsep.join(filter(None, (ROOT, os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.traffic.sending"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
        start_new_session=True,
    )
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        pickle.dump((plan, speed), process.stdin)
        process.stdin.flush()
    return process


def _read(output: IO[bytes]) -> object:
    """The next message; EOFError: the process has ended."""
    try:
        return pickle.load(output)
    except (EOFError, pickle.UnpicklingError, OSError) as error:
        return error


def _collect(process: "subprocess.Popen[bytes]", output: IO[bytes], rows: Rows, lock: threading.Lock, complete: threading.Event) -> None:
    """Until the process has ended. It does not refer to the Load, which must end its process when it is garbage."""
    while isinstance(chunk := _read(output), Chunk):
        with lock:
            rows.put(chunk)
    if chunk is None:
        complete.set()
    output.close()
    process.wait()
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
