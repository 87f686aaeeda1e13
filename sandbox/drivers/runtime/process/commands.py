"""`run_command` of the process runtime: a process of the sandbox's user, in the instance's folder and with its environment. The user of the
command is not looked at: there is one account only.
"""

import os
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sandbox.drivers.runtime.base import Shell
from sandbox.drivers.runtime.commands import GRACE, Cancellation, CommandEnd, CommandResult, Kept, MachineCommand
from sandbox.drivers.runtime.process import processes
from sandbox.drivers.runtime.process.instances import Instance, Instances
from sandbox.drivers.runtime.process.records import Records
from sandbox.drivers.runtime.process.surroundings import NOTHING_AROUND, Surroundings
from sandbox.drivers.runtime.process.terminals import ProcessTerminal, kill_session
from sandbox.drivers.runtime.terminals import Terminal

CHUNK = 65536
FROM_THE_USER = ("PATH", "LANG", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "VIRTUAL_ENV")


class ProcessCommands:
    def __init__(self, instances: Instances, records: Records, surroundings: Surroundings = NOTHING_AROUND) -> None:
        self._instances, self._records, self._surroundings = instances, records, surroundings
        self._commanded: set[str] = set()  # instances in which commands of this control plane ran
        instances.on_end(self._end)

    def run(self, instance_id: str, command: MachineCommand, cancellation: Cancellation) -> CommandResult:
        """The command gets the marks by which `_end` finds what it left running. Raises KeyError if the instance does not run."""
        instance = self._instances.running(instance_id)
        if instance is None or instance.container.impairment.frozen:
            raise KeyError(instance_id)
        return run(command, self._folder(instance_id), self._environment(instance), cancellation)

    def open_terminal(self, instance_id: str) -> Terminal:
        """Raises KeyError if the instance does not run or is frozen."""
        instance = self._instances.running(instance_id)
        if instance is None or instance.container.impairment.frozen:
            raise KeyError(instance_id)
        return ProcessTerminal(self._folder(instance_id), environment(self._environment(instance)))

    def shell(self, instance_id: str) -> Shell | None:
        """What a shell leaves running ends with the machine, too."""
        instance = self._instances.running(instance_id)
        if instance is None:
            return None
        return Shell(directory=str(self._folder(instance_id).resolve()), environment=self._environment(instance))

    def _folder(self, instance_id: str) -> Path:
        self._commanded.add(instance_id)
        folder = self._records.home(instance_id)
        folder.mkdir(exist_ok=True)
        return folder

    def _environment(self, instance: Instance) -> dict[str, str]:
        marks = {processes.MARK: self._records.mark, processes.COMMAND_OF: instance.instance_id}
        return self._surroundings.environment(instance.record.spec) | marks

    def _end(self, instance_id: str) -> None:
        """A machine that ends takes along what its commands left running. To find that takes long, so it is done only where there may be
        some: an earlier control plane left the folder."""
        if instance_id in self._commanded or self._records.home(instance_id).is_dir():
            self._commanded.discard(instance_id)
            processes.kill_commands(self._records.mark, instance_id)


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """What a process inside the instance sees: `own`, the instance's, and some variables of the sandbox's user."""
    return {name: os.environ[name] for name in FROM_THE_USER if name in os.environ} | dict(own)


def run(command: MachineCommand, folder: Path, own: Mapping[str, str], cancellation: Cancellation) -> CommandResult:
    """`folder`: where it runs, unless the command names one. `own`: the instance's environment."""
    try:
        process = subprocess.Popen(
            command.argv,
            cwd=command.directory or folder,
            env=environment(own) | dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return CommandResult(end=CommandEnd.NOT_STARTED, detail=f"{command.argv[0]}: {reason}")
    stdout, stderr, readers = Kept(), Kept(), []
    for pipe, kept in ((process.stdout, stdout), (process.stderr, stderr)):
        assert pipe is not None
        readers.append(threading.Thread(target=_read, args=(os.dup(pipe.fileno()), kept), name=f"command-{process.pid}", daemon=True))
        readers[-1].start()
        pipe.close()
    cancellation.on_request(lambda: _kill_session(process))
    end, code = _wait(process, command.timeout, cancellation)
    _join(readers)
    detail = f"it ran longer than {command.timeout:g} s" if end is CommandEnd.TIMED_OUT else ""
    return CommandResult(end=end, exit_code=code, stdout=stdout.value(), stderr=stderr.value(), detail=detail)


def _wait(process: subprocess.Popen[bytes], timeout: float, cancellation: Cancellation) -> tuple[CommandEnd, int | None]:
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        _kill_session(process)
        process.wait()
        return CommandEnd.TIMED_OUT, None
    if cancellation.requested:
        return CommandEnd.CANCELED, None
    return CommandEnd.EXITED, code if code >= 0 else 128 - code


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    """No effect when the command has ended by itself: its background processes stay."""
    if process.poll() is None:
        kill_session(process.pid)


def _read(descriptor: int, kept: Kept) -> None:
    """Goes on while a background process holds the pipe, so that it can write."""
    with suppress(OSError):
        while chunk := os.read(descriptor, CHUNK):
            kept.add(chunk)
    os.close(descriptor)


def _join(readers: list[threading.Thread]) -> None:
    until = time.monotonic() + GRACE
    for reader in readers:
        reader.join(max(0.0, until - time.monotonic()))
