"""Runs of scenarios that the page starts. Each is the command `sandbox scenario run` in a process of its own on the control plane's side:
as every client, it knows the sandbox only through its API. With containers, that side is the container of the control plane, which has the
scenarios and reaches the load balancers on its own loopback.

What a run did is told by the journal (control/scenarios.py). Its folder has its output and its report, and its process id: a control plane
that starts later still finds it.
"""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from sandbox.core.errors import UserError
from sandbox.dashboard.shown.runs import ScenarioRun
from sandbox.settings import PREFIX, Settings

FOLDER = "runs"  # in the state folder
RUN_ID = re.compile(r"run-[0-9a-f]{8}")
NAME = re.compile(r"[a-z0-9_]{1,60}")
OUTPUT, REPORT, PROCESS = "output.log", "report.html", "process.json"
LISTING = 30.0  # real seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A scenario that can be started."""

    name: str
    summary: str


class Runs:
    """Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._folder, self._settings = settings.state_dir.resolve() / FOLDER, settings
        self._lock = threading.Lock()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._offered: tuple[Offered, ...] = ()

    def offered(self) -> tuple[Offered, ...]:
        """The scenarios of outages. Asks the command line the first time."""
        if not self._offered:
            done = subprocess.run(
                [*_sandbox(), "scenario", "list", "--json"], env=self._environment(), capture_output=True, timeout=LISTING, check=False
            )
            with suppress(ValueError):
                found = [each for each in json.loads(done.stdout or b"[]") if "hypothesis" in each]
                self._offered = tuple(Offered(name=each["name"], summary=each["summary"]) for each in found)
        return self._offered

    def start(self, name: str, *, control: bool, speed: float, knobs: Sequence[str] = ()) -> str:
        """→ the run's id. `knobs`: "name=value", which the command line checks. Raises UserError if there is no such scenario, or one is
        running."""
        if not NAME.fullmatch(name) or not any(each.name == name for each in self.offered()):
            raise UserError(f"There is no scenario named {name!r}.", "sandbox scenario list")
        with self._lock:
            if running := next((run_id for run_id in self._ids() if self._pid(run_id)), None):
                raise UserError(f"The scenario {running} is running: wait for its end, or stop it.", "sandbox events")
            run_id = f"run-{secrets.token_hex(4)}"
            folder = self._folder / run_id
            folder.mkdir(parents=True)
            command = [*_sandbox(), "scenario", "run", name, "--report", str(folder), "--speed", f"{speed:g}"]
            command += [word for knob in knobs for word in ("--knob", knob)]
            self._start(run_id, [*command, "--control"] if control else command)
        return run_id

    def stop(self, run_id: str) -> None:
        """As Ctrl-C: it cleans up, and ends as INTERRUPTED. Raises UserError if it does not run."""
        pid = self._pid(run_id) if RUN_ID.fullmatch(run_id) else None
        if pid is None:
            raise UserError(f"The scenario {run_id} is not running.", "sandbox events")
        os.kill(pid, signal.SIGINT)

    def report(self, run_id: str) -> Path | None:
        """None: there is none (yet)."""
        file = self._folder / run_id / REPORT
        return file if RUN_ID.fullmatch(run_id) and file.is_file() else None

    def output(self, run_id: str) -> str:
        """What the run has printed so far; "" if it is not one of ours."""
        file = self._folder / run_id / OUTPUT
        return file.read_text(errors="replace") if RUN_ID.fullmatch(run_id) and file.is_file() else ""

    def completed(self, run: ScenarioRun) -> ScenarioRun:
        """With what only its folder and its process tell."""
        if not RUN_ID.fullmatch(run.id) or not (self._folder / run.id).is_dir():
            return run
        running = self._pid(run.id) is not None
        return replace(run, report=self.report(run.id) is not None, ours=running, lost=run.verdict is None and not running)

    def _start(self, run_id: str, command: Sequence[str]) -> None:
        folder = self._folder / run_id
        with (folder / OUTPUT).open("wb") as output:
            child = subprocess.Popen(
                command,
                env=self._environment() | {f"{PREFIX}RUN": run_id},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[run_id] = child
        (folder / PROCESS).write_text(json.dumps({"pid": child.pid, "began": psutil.Process(child.pid).create_time()}))

    def _pid(self, run_id: str) -> int | None:
        """Of its process; None: it has ended."""
        if (child := self._children.get(run_id)) is not None and child.poll() is not None:
            return None
        try:
            known: Mapping[str, Any] = json.loads((self._folder / run_id / PROCESS).read_text())
            found = psutil.Process(int(known["pid"]))
            same = abs(found.create_time() - float(known["began"])) < 1 and found.status() != psutil.STATUS_ZOMBIE
            return found.pid if same else None
        except (OSError, ValueError, KeyError, psutil.Error):
            return None

    def _ids(self) -> Sequence[str]:
        return [each.name for each in self._folder.iterdir()] if self._folder.is_dir() else []

    def _environment(self) -> dict[str, str]:
        """The settings of this sandbox, seen from this side: with containers, the API has another port for the host."""
        given = self._settings.as_json() | {"state_dir": str(self._settings.state_dir.resolve()), "published_port": self._settings.port}
        return {**os.environ, **{PREFIX + name.upper(): "" if value is None else str(value) for name, value in given.items()}}


def _sandbox() -> Sequence[str]:
    return [sys.executable, "-m", "sandbox.cli.main"]
