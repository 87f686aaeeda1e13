"""Runs one live sandbox in this process until SIGTERM or SIGINT: the command `sandbox serve`, used by the Compose service and `sandbox up`.

It continues from an earlier run: AWS state and journal are loaded from the state folder; the drivers find containers and Envoy themselves.
At SIGTERM it saves the state and ends; instances and the load balancer keep serving, as on AWS. `sandbox down` removes them.
"""

import gc
import shutil
import signal
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sandbox import heap, takeover
from sandbox.aws import state, state_file
from sandbox.aws.http import open_files
from sandbox.aws.http.server import Server
from sandbox.aws.saver import Saver
from sandbox.control.health import Disk
from sandbox.core.clock import WallClock
from sandbox.core.errors import UserError
from sandbox.core.events import Event
from sandbox.core.text import plural
from sandbox.dashboard.runs import FOLDER as RUNS
from sandbox.drivers.build import CUTS, real_drivers
from sandbox.drivers.metadata.build import METADATA
from sandbox.faults.store import FILE, FileStore
from sandbox.folder_lock import FolderLock
from sandbox.journal_file import JournalFile
from sandbox.settings import Settings
from sandbox.wiring import build

STATE = "state.bin"  # in the state folder
NOT_SAVED, SAVED_AGAIN = "State Not Saved", "State Saved Again"
RELEASE_MEMORY_EVERY = 60.0  # real seconds


def serve(settings: Settings) -> None:
    """Returns after SIGTERM or SIGINT. Raises UserError if it cannot start (another sandbox uses the state folder, a port is in use)."""
    with FolderLock(settings.state_dir):
        _serve(settings)


def _serve(settings: Settings) -> None:
    open_files.raise_limit()
    # Listens first: where the port is in use, nothing has been started or changed yet.
    server = Server(
        lambda *request: sandbox.gateway(*request),  # noqa: PLW0108 - it is built below
        settings.host,
        settings.port,
        websocket=lambda *given: sandbox.websocket(*given),  # noqa: PLW0108 - likewise
    )
    file = JournalFile(settings.state_dir / "journal.jsonl")
    earlier = tuple(file.read())
    saved = settings.state_dir / STATE
    start = takeover.start(saved, earlier, settings.speed, datetime.now(UTC))
    saver = Saver(
        lambda: state.save(saved, lambda: sandbox.journal.newest, settings.speed), lambda error: sandbox.journal.record(_saving(error))
    )
    goes_on = replace(settings, speed=start.speed)
    sandbox = build(
        goes_on,
        start=start.at,
        journal_sink=file.write,
        disk=lambda: on_disk(saver, file, state_file.those_set_aside(saved)),
        fault_store=FileStore(settings.state_dir / FILE),
    )
    stop_signals = StopSignals()
    try:
        takeover.take_up(sandbox, earlier, saved)
        sandbox.journal.on_event(lambda event: None if event.detail_type in (NOT_SAVED, SAVED_AGAIN) else saver.mark())
        saver.start()
        saver.mark()  # the clock at least
        sandbox.engine.start()
        server.start()
        _collect_garbage_of_now_on()
        while not stop_signals.wait(RELEASE_MEMORY_EVERY):
            heap.release_free_memory()
    finally:
        sandbox.drivers.channels.close()  # while the server still tells their clients
        server.stop()
        sandbox.engine.stop()
        saver.stop()
        sandbox.close()
        file.close()
        stop_signals.close()


def _collect_garbage_of_now_on() -> None:
    """Exempts imported objects from garbage collection: they live as long as the process, and scanning all 200,000 stops all threads for
    0.15 s."""
    gc.freeze()
    gc.enable()


def on_disk(saver: Saver, file: JournalFile, aside: Sequence[Path] = ()) -> Disk:
    """For /_sandbox/health: state and journal are written independently, and each has its own failures. `aside`: states that could not be
    read."""
    unsaved = (
        None if saver.trouble is None else f"The state could not be saved ({saver.trouble}). A restart now would lose the unsaved changes."
    )
    kept = f"The state of an earlier run could not be read. It is kept in {aside[-1]}, and its machines are left running." if aside else ""
    return Disk(state=unsaved, journal=file.problem, remark=kept)


def _saving(error: Exception | None) -> Event:
    """Recorded when saving starts to fail, and when it succeeds again."""
    if error is None:
        return Event(source="sandbox.control", detail_type=SAVED_AGAIN, summary="the state is saved again")
    summary = f"the state could not be saved ({error}); it will be retried at each change, and every few seconds"
    return Event(source="sandbox.control", detail_type=NOT_SAVED, summary=summary, detail={"error": str(error)})


class StopSignals:
    """Catches SIGTERM and SIGINT from its creation on: a signal before `wait` is not lost. Create it and wait in the main thread.

    The interpreter writes each signal to a socket, which `wait` reads. With a lock or an Event, a signal that arrives in the few
    microseconds between the start of the wait and its system call would be lost, because its handler would not run.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
        self._fd_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether a signal arrived within `seconds`; None: waits until one arrives."""
        self._reader.settimeout(seconds)
        try:
            while self._reader.recv(1)[0] not in self._before:
                pass  # another signal, which other code handles
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Restores the previous signal handlers."""
        signal.set_wakeup_fd(self._fd_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()


def remove(settings: Settings) -> list[str]:
    """Removes what an embedded sandbox left when its control plane ended: instances, the proxy and the state. The caller holds the folder's
    lock. → what was done, in sentences."""
    clock = WallClock()
    drivers = real_drivers(clock, settings)
    machines = len(drivers.runtime.containers())
    stayed = drivers.runtime.remove_all()
    drivers.close(keep_serving=False)
    if stayed:
        raise UserError("Not everything could be removed: " + " ".join(stayed), "sandbox down")
    kept = state_file.remove(settings.state_dir / STATE)
    for name in ("journal.jsonl", "journal.older.jsonl", FILE, CUTS):
        (settings.state_dir / name).unlink(missing_ok=True)
    for folder in ("instances", "proxy", METADATA, RUNS):
        shutil.rmtree(settings.state_dir / folder, ignore_errors=True)
    done = [f"{plural(machines, 'machine')} removed.", "The load balancer proxy and the state are removed."]
    return [*done, *(f"{file} is kept: it is a state that this release could not read." for file in kept)]
