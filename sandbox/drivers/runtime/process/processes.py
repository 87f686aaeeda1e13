"""The processes of the process runtime. Each has a session of its own and is ended together with its child processes; waiting for an end
does not poll. A process of an earlier control plane is found again by its process id and start time.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO

import psutil

from sandbox.core.errors import SandboxError

GRACE = 10.0  # real seconds between SIGTERM and SIGKILL
SAME_START = 1.0  # seconds by which two readings of a process's start time may differ
MARK = "SANDBOX_INSTANCES"
"""Environment variable of each process: the folder of the records of the runtime that started it."""
COMMAND_OF = "SANDBOX_COMMAND_OF"
"""Environment variable of each command that ran inside an instance, and of what it started: the instance's id."""
MACHINE = Path(__file__).with_name("machine.py")
SERVICE = Path(__file__).with_name("service.py")
PYTHONS_ON_LOOPBACK = {"PYTHONPATH": str(Path(__file__).with_name("loopback_only"))}
THREADS = 8  # of the application server, as in the image


class InstanceProcess:
    """The process of a running instance. Thread-safe."""

    def __init__(self, pid: int, created: float, own: subprocess.Popen[bytes] | None = None) -> None:
        self.pid, self.created, self._own = pid, created, own

    def wait(self, timeout: float | None = None) -> int | None:
        """Returns when it has ended. → exit code, negative for a signal as in Popen; None when it is not our child. Raises TimeoutError."""
        try:
            if self._own:
                return self._own.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        wait_for_end(self.pid, timeout)
        return None

    def end(self, *, force: bool) -> int | None:
        """Sends SIGTERM, and SIGKILL when it does not end within GRACE; `force`: SIGKILL at once. → exit code"""
        with suppress(ProcessLookupError):
            if not force:
                os.killpg(self.pid, signal.SIGTERM)
                os.killpg(self.pid, signal.SIGCONT)  # a stopped process does not handle SIGTERM
                with suppress(TimeoutError):
                    return self.wait(GRACE)
            self.kill()
        return self.wait()

    def kill(self) -> None:
        """Raises ProcessLookupError when it has ended."""
        os.killpg(self.pid, signal.SIGKILL)

    def freeze(self, frozen: bool) -> None:
        """Stops its processes, or continues them. No effect when it has ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def frozen(self) -> bool:
        with suppress(psutil.NoSuchProcess):
            return bool(psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)
        return False

    def age(self) -> timedelta:
        return timedelta(seconds=max(0.0, time.time() - self.created))


def serve(app: Path, host: str, port: int, environment: Mapping[str, str], console: IO[bytes]) -> InstanceProcess:
    """Starts the application of the folder `app` under waitress."""
    command = [sys.executable, "-m", "waitress", f"--listen={host}:{port}", f"--threads={THREADS}", "app:app"]
    return _start(command, environment, console, app)


def run_command(command: Sequence[str], environment: Mapping[str, str], console: IO[bytes]) -> InstanceProcess:
    """Starts the command of an own AMI in the folder of this process. Its machine stays when it ends (service.py)."""
    folder = Path.cwd()
    words = [sys.executable, "-I", "-S", str(SERVICE), str(folder), *command]
    return _start(words, {**environment, **PYTHONS_ON_LOOPBACK}, console, folder)


def idle(environment: Mapping[str, str], console: IO[bytes]) -> InstanceProcess:
    """Starts a process without an application."""
    return _start([sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"], environment, console, Path("/"))


def run_user_data(order: bytes, environment: Mapping[str, str], console: IO[bytes], folder: Path) -> InstanceProcess:
    """Starts machine.py, which runs user data in the folder and stays. `order`: what it reads."""
    return _start([sys.executable, "-I", "-S", str(MACHINE)], environment, console, folder, order)


def find(pid: int, created: float) -> InstanceProcess | None:
    """The process with that id and start time, if it still runs."""
    try:
        process = psutil.Process(pid) if pid else None
        if process is None or process.status() == psutil.STATUS_ZOMBIE or abs(process.create_time() - created) > SAME_START:
            return None
    except psutil.NoSuchProcess:
        return None
    return InstanceProcess(pid, created)


def wait_for_end(pid: int, timeout: float | None = None) -> None:
    """Returns when the process has ended, whichever process is its parent. Raises TimeoutError.

    A process counts as ended when it exits, although its id stays in use until its parent collects it: the first process of a container may
    do that seconds later, or never, and psutil waits for it.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (OSError, AttributeError):  # no file descriptor left, or not Linux
        _wait_until_collected(pid, timeout)
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(None if timeout is None else timeout * 1000):
            raise TimeoutError
    finally:
        os.close(descriptor)


def _wait_until_collected(pid: int, timeout: float | None) -> None:
    try:
        psutil.Process(pid).wait(timeout)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired as error:
        raise TimeoutError from error


def kill_all(mark: str) -> None:
    """Kills every process that was started with this `mark`, recorded or not, and the other processes of its session."""
    _kill_groups({MARK: mark})


def kill_commands(mark: str, instance_id: str) -> None:
    """Kills what commands inside the instance left running: a machine that ends takes all its processes along."""
    _kill_groups({MARK: mark, COMMAND_OF: instance_id})


def kill_left(mark: str, instance_id: str) -> None:
    """Kills all that has the environment of an instance whose first process has ended: user data can leave its session."""
    _kill_groups({MARK: mark, "INSTANCE_ID": instance_id})


def _kill_groups(marks: Mapping[str, str]) -> None:
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if marks.items() <= process.environ().items():
                os.killpg(os.getpgid(process.pid), signal.SIGKILL)


def free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def check_port(host: str, port: int, instance_id: str) -> None:
    """Raises SandboxError with the reason when the application could not listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SandboxError(f"The application of {instance_id} cannot listen on {host}:{port}: {error.strerror}.") from error


def _start(
    command: list[str], environment: Mapping[str, str], console: IO[bytes], folder: Path, given: bytes | None = None
) -> InstanceProcess:
    """`given`: its standard input; None: it has none."""
    base = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    own = subprocess.Popen(
        command,
        cwd=folder,
        env={**base, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=console,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    if own.stdin and given is not None:
        with suppress(BrokenPipeError), own.stdin:
            own.stdin.write(given)
    return InstanceProcess(own.pid, psutil.Process(own.pid).create_time(), own)
