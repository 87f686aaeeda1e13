"""Starting, finding and removing a sandbox.

With the docker runtime the control plane is containers (compose.py), else a process (daemon.py). `ensure` returns when /_sandbox/health
says that all is well; `remove` removes everything that is this sandbox's, and only that.
"""

import subprocess
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import click

from sandbox.client import Client, NotRunning
from sandbox.core.errors import UserError
from sandbox.folder_lock import FolderLock, in_use, unwritable
from sandbox.launch import compose, daemon
from sandbox.launch.running import Running, client, endpoint
from sandbox.settings import Settings

PATIENCE = 120.0  # real seconds until all is well
PAUSE = 0.1
LEFT = ("state.bin", "journal.jsonl", "instances", "proxy")  # in the state folder, by an embedded sandbox


def ensure(settings: Settings) -> dict[str, Any]:
    """The health of the sandbox that runs, after starting it when none did. Raises UserError when another kind of it runs."""
    there = running(settings)
    if there is None:
        return start(settings)
    if settings.runtime not in ("auto", there["runtime"]):
        raise UserError(
            f"A sandbox with the {there['runtime']} runtime is running.", f"sandbox down && sandbox up --runtime {settings.runtime}"
        )
    if there["status"] != "ok" and there["runtime"] == "docker":
        ill = " ".join(part["sentence"] for part in there["parts"] if not part["ok"])
        click.echo(f"It is running, and not well ({ill}): what is missing is started again.")
        return start(replace(settings, runtime="docker"))
    click.echo(f"It is running already (sandbox {there['name']}).")
    return there


def running(settings: Settings, at: str | None = None) -> dict[str, Any] | None:
    """The health of the sandbox that answers at the endpoint `at`; None: at that of the settings."""
    asked = Client(at or endpoint(settings), settings.region, timeout=10.0)
    try:
        return dict(asked.get("health"))
    except NotRunning as error:
        if "is not a sandbox" in error.message:
            raise
        return None
    finally:
        asked.close()


def start(settings: Settings) -> dict[str, Any]:
    _check_folder(settings)
    runtime = chosen(settings)
    settings = replace(settings, runtime=runtime)
    if runtime == "docker":
        compose.up(settings)
        noted = Running(endpoint=settings.endpoint, name=settings.name, runtime=runtime, topology="compose")
        noted.write(settings)
        return wait_until_healthy(settings, lambda: None)
    process = started(settings)
    try:
        return wait_until_healthy(settings, lambda: None if process.poll() is None else daemon.last_words(settings))
    except UserError:
        ours = Running.read(settings)
        if process.poll() is not None and ours and ours.pid == process.pid:
            Running.file(settings).unlink(missing_ok=True)
        raise


def _check_folder(settings: Settings) -> None:
    """Another sandbox that uses this folder keeps it, and its note, by which `down` finds it. Raises UserError."""
    with FolderLock(settings.state_dir):
        pass  # no control plane of this machine; one in a container holds the lock of its own volume
    noted = Running.read(settings)
    if noted is None or noted.topology != "compose" or (noted.name == settings.name and settings.runtime in ("auto", "docker")):
        return
    if running(settings, noted.endpoint):
        raise in_use(settings.state_dir, f"{noted.name} at {noted.endpoint}")


def started(settings: Settings) -> subprocess.Popen[bytes]:
    """The embedded control plane, noted where `down` looks: one that cannot be noted is not left running."""
    process = None
    try:
        process = daemon.start(settings)
        noted = Running(endpoint=settings.endpoint, name=settings.name, runtime=settings.runtime, topology="embedded", pid=process.pid)
        noted.write(settings)
    except OSError as error:
        if process is not None:
            process.kill()
            process.wait()
        raise unwritable(settings.state_dir, error) from error
    return process


def chosen(settings: Settings) -> str:
    if settings.runtime not in ("auto", "docker"):
        return settings.runtime
    obstacle = compose.why_not()
    if obstacle is None:
        return "docker"
    if settings.runtime == "docker":
        raise UserError(f"{obstacle} The docker runtime needs it.", "sandbox up --runtime process")
    click.echo(f"{obstacle} Instances are processes of this machine instead.")
    return "process"


def wait_until_healthy(settings: Settings, ended: Callable[[], UserError | None]) -> dict[str, Any]:
    """`ended`: the last words of the control plane when it has ended, else None."""
    deadline = time.monotonic() + PATIENCE
    health: dict[str, Any] | None = None
    while time.monotonic() < deadline:
        health = running(settings)
        if health and health["status"] == "ok":
            return health
        if (words := ended()) is not None:
            raise words
        time.sleep(PAUSE)
    missing = [part["sentence"] for part in health["parts"] if not part["ok"]] if health else ["it does not answer"]
    raise UserError(f"The sandbox is not well after {PATIENCE:g} seconds: {' '.join(missing)}", "sandbox logs control")


def remove(settings: Settings) -> list[str]:
    """Control plane first, or it would replace what is removed. → what was done, in sentences; nothing when nothing was there."""
    noted = Running.read(settings)
    ended = daemon.stop(noted.pid if noted else 0) or daemon.stop(daemon.find(settings))  # the note may be lost while the process runs
    done = [ended] if ended else []
    with FolderLock(settings.state_dir) if settings.state_dir.exists() else nullcontext():
        done += _remove_rest(settings, noted)
    if not done and running(settings):
        raise UserError(
            f"The sandbox at {client(settings).endpoint} was not started from this folder.", "sandbox down, where it was started"
        )
    return done


def _remove_rest(settings: Settings, noted: Running | None) -> list[str]:
    """Removes what a control plane that has ended left behind. → what was done."""
    done: list[str] = []
    if any((settings.state_dir / name).exists() for name in LEFT):
        from sandbox import serving  # noqa: PLC0415 - imports moto, which takes a second; only this needs it

        done += serving.remove(replace(settings, runtime="process"))
    if (noted and noted.topology == "compose") or compose.there(settings):
        done += compose.down(settings)
    Running.file(settings).unlink(missing_ok=True)
    return done
