"""Starting and removing a sandbox: `ensure` and `remove`. Each sentence about progress goes to the callback `report`.

In the docker runtime, the control plane is a Compose project (compose.py); otherwise it is a local process (daemon.py).
"""

import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from sandbox.core.errors import UserError
from sandbox.folder_lock import FolderLock, in_use, unwritable
from sandbox.launch import compose, daemon
from sandbox.launch.health import Health, read_health, wait_until_healthy
from sandbox.launch.running import RunningSandbox, endpoint
from sandbox.settings import Settings

Report = Callable[[str], None]
STATE = ("state.bin", "journal.jsonl", "faults.json", "cuts.json", "instances", "proxy", "metadata")
"""What an embedded sandbox leaves in its state folder."""


def ensure(settings: Settings, report: Report) -> Health:
    """Starts the sandbox if it is not running, and returns its health. A started sandbox is healthy.

    Raises UserError when a sandbox with another runtime is running, or the start fails.
    """
    health = read_health(settings)
    if health is None:
        return start(settings, report)
    if settings.runtime not in ("auto", health.runtime):
        next_command = f"sandbox down && sandbox up --runtime {settings.runtime}"
        raise UserError(f"A sandbox with the {health.runtime} runtime is already running.", next_command)
    if health.ok:
        report(f"The sandbox {health.name} is already running.")
        return health
    report(f"The sandbox {health.name} is running, but impaired. {health.problems}")
    if health.runtime != "docker":
        return health
    report("Starting the missing containers.")
    return start(replace(settings, runtime="docker"), report)


def start(settings: Settings, report: Report) -> Health:
    """Starts a sandbox and returns when it is healthy. Raises UserError when the state folder is in use, or the start fails."""
    _check_folder(settings)
    settings = replace(settings, runtime=choose_runtime(settings, report))
    if settings.runtime == "docker":
        compose.up(settings, report)
        _record(settings, topology="compose")
        return wait_until_healthy(settings, lambda: None)
    process = _start_process(settings)
    try:
        return wait_until_healthy(settings, lambda: None if process.poll() is None else daemon.exit_error(settings))
    except UserError:
        own = RunningSandbox.read(settings)
        if process.poll() is not None and own and own.pid == process.pid:
            RunningSandbox.file(settings).unlink(missing_ok=True)
        raise


def choose_runtime(settings: Settings, report: Report) -> str:
    """The runtime of the settings; for `auto`: docker if a Docker engine responds, else process."""
    if settings.runtime not in ("auto", "docker"):
        return settings.runtime
    problem = compose.docker_problem()
    if problem is None:
        return "docker"
    if settings.runtime == "docker":
        raise UserError(f"The docker runtime is not available. {problem}", "sandbox up --runtime process")
    report(f"{problem} Using the process runtime: instances are local processes.")
    return "process"


def remove(settings: Settings, report: Report) -> bool:
    """Stops the sandbox of these settings and removes everything that belongs to it. Returns False when there was nothing.

    The control plane stops first, or it would replace what is removed. Raises UserError when something could not be removed, or a sandbox
    is running that was not started with this state folder.
    """
    record = RunningSandbox.read(settings)
    stopped = daemon.stop(record.pid if record else 0) or daemon.stop(daemon.find(settings))  # the record may be lost
    done = [stopped] if stopped else []
    for sentence in done:
        report(sentence)
    with FolderLock(settings.state_dir) if settings.state_dir.exists() else nullcontext():
        done += _remove_data_plane(settings, record, report)
    if not done and read_health(settings):
        message = f"The sandbox at {endpoint(settings)} was not started with the state folder {settings.state_dir}."
        raise UserError(message, "sandbox down, in the directory in which it was started")
    return bool(done)


def _check_folder(settings: Settings) -> None:
    """Raises UserError when another sandbox uses the state folder: its record there must not be overwritten."""
    with FolderLock(settings.state_dir):
        pass  # no local control plane uses it; one in a container locks its own volume
    record = RunningSandbox.read(settings)
    if record is None or record.topology != "compose" or (record.name == settings.name and settings.runtime in ("auto", "docker")):
        return
    if read_health(settings, record.endpoint):
        raise in_use(settings.state_dir, f"{record.name} at {record.endpoint}")


def _start_process(settings: Settings) -> subprocess.Popen[bytes]:
    """Starts the control plane and records it. Kills it again if the record cannot be written: `down` could not find it."""
    process = None
    try:
        process = daemon.start(settings)
        _record(settings, topology="embedded", pid=process.pid)
    except OSError as error:
        if process is not None:
            process.kill()
            process.wait()
        raise unwritable(settings.state_dir, error) from error
    return process


def _record(settings: Settings, topology: str, pid: int = 0) -> None:
    record = RunningSandbox(endpoint=settings.endpoint, name=settings.name, runtime=settings.runtime, topology=topology, pid=pid)
    record.write(settings)


def _remove_data_plane(settings: Settings, record: RunningSandbox | None, report: Report) -> list[str]:
    """Removes what a stopped control plane left. Returns the reported sentences."""
    done: list[str] = []
    if any((settings.state_dir / name).exists() for name in STATE):
        from sandbox import serving  # noqa: PLC0415 - imports moto, which takes a second; only this needs it

        done += serving.remove(replace(settings, runtime="process"))
    if (record and record.topology == "compose") or compose.exists(settings):
        done += compose.down(settings)
    for sentence in done:
        report(sentence)
    RunningSandbox.file(settings).unlink(missing_ok=True)
    return done
