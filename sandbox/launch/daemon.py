"""The control plane as a local background process: start it with every setting in its environment, find it by process id, stop it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from sandbox.core.errors import UserError
from sandbox.drivers.runtime.process.processes import wait_for_end
from sandbox.settings import PREFIX, Settings

STOP_TIMEOUT = 30.0  # real seconds between SIGTERM and SIGKILL
MODULE = "sandbox.cli.main"
ERROR_PREFIX, NEXT_PREFIX = "error: ", "  next: "  # as sandbox/cli/main.py prints them
MEMORY = {
    "MALLOC_ARENA_MAX": "2",  # one thread per request: each further glibc arena would keep the memory of its largest request
    "MALLOC_TRIM_THRESHOLD_": "1048576",  # bytes; by default, glibc keeps memory for two more saved states after each one
}

_children: dict[int, subprocess.Popen[bytes]] = {}  # started by this program, which must collect their exit status


def log_file(settings: Settings) -> Path:
    return settings.state_dir / "sandbox.log"


def environment(settings: Settings) -> Mapping[str, str]:
    """The settings as variables, so that options of `up` also apply to `serve`. Paths are absolute."""
    values = settings.as_json() | {"state_dir": str(settings.state_dir.resolve())}
    return {PREFIX + name.upper(): "" if value is None else str(value) for name, value in values.items()}


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """Starts `sandbox serve` in its own session, so that Ctrl-C in this terminal does not reach it. Its output goes to the log file."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with log_file(settings).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", MODULE, "serve"],
            env={**MEMORY, **os.environ, **environment(settings)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[process.pid] = process
    return process


def exit_error(settings: Settings) -> UserError:
    """Why the process has exited: the last error in its log, with the next command."""
    lines = log_file(settings).read_text(errors="replace").rstrip().splitlines()
    next_command = lines.pop().removeprefix(NEXT_PREFIX) if lines and lines[-1].startswith(NEXT_PREFIX) else "sandbox logs control"
    reason = lines[-1].removeprefix(ERROR_PREFIX) if lines else "no error message"
    return UserError(f"The sandbox failed to start: {reason}", next_command)


def process(pid: int) -> psutil.Process | None:
    """The control plane with that process id. None: it has exited, or the id now belongs to another program."""
    try:
        found = psutil.Process(pid) if pid else None
        if found and found.status() != psutil.STATUS_ZOMBIE and MODULE in found.cmdline():
            return found
    except psutil.Error:
        pass
    return None


def find(settings: Settings) -> int:
    """The process id of the control plane that uses this state folder, recorded or not. 0: there is none."""
    folder = str(settings.state_dir.resolve())
    for one in psutil.process_iter(["cmdline"]):
        try:
            if MODULE in (one.info["cmdline"] or ()) and one.environ().get(f"{PREFIX}STATE_DIR") == folder and "serve" in one.cmdline():
                return int(one.pid)
        except psutil.Error:
            continue  # it has exited, or belongs to another user
    return 0


def stop(pid: int, timeout: float = STOP_TIMEOUT) -> str | None:
    """Terminates the process, and kills it after `timeout` real seconds. Returns a sentence about it; None: it was not running.

    Killing it loses nothing: `sandbox down` removes the state that it would save. Raises UserError when it belongs to another user.
    """
    found = process(pid)
    if found is None:
        _collect(pid)
        return None
    result = "Stopped the control plane."
    try:
        found.terminate()
        wait_for_end(pid, timeout)
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied:
        raise UserError(f"Cannot stop the sandbox: process {pid} belongs to another user.", f"sudo kill {pid}") from None
    except TimeoutError:
        found.kill()
        wait_for_end(pid)
        result = f"Killed the control plane, which did not stop within {timeout:g} seconds."
    _collect(pid)
    return result


def _collect(pid: int) -> None:
    """Collects the exit status of a process that has exited, if this program started it."""
    if (child := _children.pop(pid, None)) is not None:
        child.wait()
