"""The control plane as a background process of this machine: started with every setting spelled out, found by its process id, ended."""

import os
import subprocess
import sys
from collections.abc import Mapping

import psutil

from sandbox.core.errors import UserError
from sandbox.drivers.runtime.process.processes import wait_for_end
from sandbox.settings import PREFIX, Settings

PATIENCE = 30.0  # real seconds for it to end by itself
MODULE = "sandbox.cli.main"
NEXT = "  next: "
MEMORY = {
    "MALLOC_ARENA_MAX": "2",  # a thread for each request: each further arena of glibc would keep what the largest of them needed
    "MALLOC_TRIM_THRESHOLD_": "1048576",  # bytes; unset, glibc learns from each saved state to keep room for two more of that size
}


def environment(settings: Settings) -> Mapping[str, str]:
    """The settings as variables: what was an option of `up` holds for `serve`, wherever it runs."""
    values = settings.as_json() | {"state_dir": str(settings.state_dir.resolve())}
    return {PREFIX + name.upper(): "" if value is None else str(value) for name, value in values.items()}


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """In a session of its own, so that a Ctrl-C here does not reach it. Its words go to sandbox.log."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / "sandbox.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", MODULE, "serve"],
            env={**MEMORY, **os.environ, **environment(settings)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def last_words(settings: Settings) -> UserError:
    """Why it has ended, and what it says to type now."""
    lines = (settings.state_dir / "sandbox.log").read_text(errors="replace").rstrip().splitlines()
    hint = lines.pop().removeprefix(NEXT) if lines and lines[-1].startswith(NEXT) else "sandbox logs control"
    said = lines[-1].removeprefix("error: ") if lines else "it said nothing"
    return UserError(f"The sandbox could not start: {said}", hint)


def process(pid: int) -> psutil.Process | None:
    """Ours with that number; None when it has ended, or the number is somebody else's by now."""
    try:
        found = psutil.Process(pid) if pid else None
        if found and found.status() != psutil.STATUS_ZOMBIE and MODULE in found.cmdline():
            return found
    except psutil.Error:
        pass
    return None


def find(settings: Settings) -> int:
    """The process id of the one that runs in this state folder, noted or not; 0: none does."""
    folder = str(settings.state_dir.resolve())
    for one in psutil.process_iter(["cmdline"]):
        try:
            if MODULE in (one.info["cmdline"] or ()) and one.environ().get(f"{PREFIX}STATE_DIR") == folder and "serve" in one.cmdline():
                return int(one.pid)
        except psutil.Error:
            continue  # it has ended, or is another user's
    return 0


def stop(pid: int, patience: float = PATIENCE) -> str | None:
    """Asks it to end, and kills it when it has not ended in time. → what was done, in a sentence; None: it did not run.

    Killing it loses nothing: only `sandbox down` calls this, and removes what it would have saved. Raises UserError when it belongs to
    another user.
    """
    found = process(pid)
    if found is None:
        return None
    try:
        found.terminate()
        wait_for_end(pid, patience)
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied:
        raise UserError(f"The sandbox is process {pid}, of another user.", f"sudo kill {pid}") from None
    except TimeoutError:
        found.kill()
        wait_for_end(pid)
        return f"The control plane did not end within {patience:g} seconds and was killed."
    return "The control plane has ended."
