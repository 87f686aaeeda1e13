"""Runs one live sandbox in this process until it is told to end: `sandbox serve`, the command of the compose service and of `sandbox up`.

What an earlier run left is taken up again: AWS state and journal from the state folder, containers and Envoy by the drivers themselves.
SIGTERM saves and lets go; instances and the load balancer go on serving, as on AWS. `sandbox down` removes them.
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
from sandbox.drivers.build import real_drivers
from sandbox.folder_lock import FolderLock
from sandbox.journal_file import JournalFile
from sandbox.settings import Settings
from sandbox.wiring import build

STATE = "state.bin"  # in the state folder
NOT_SAVED, SAVED_AGAIN = "State Not Saved", "State Saved Again"
GIVE_BACK_EVERY = 60.0  # real seconds


def serve(settings: Settings) -> None:
    """Returns after SIGTERM or SIGINT. Raises UserError when it cannot start (another sandbox uses the state folder, a port is taken)."""
    with FolderLock(settings.state_dir):
        _serve(settings)


def _serve(settings: Settings) -> None:
    open_files.raise_limit()
    file = JournalFile(settings.state_dir / "journal.jsonl")
    earlier = tuple(file.read())
    saved = settings.state_dir / STATE
    start = takeover.start(saved, earlier, settings.speed, datetime.now(UTC))
    saver = Saver(
        lambda: state.save(saved, lambda: sandbox.journal.newest, settings.speed), lambda error: sandbox.journal.record(_saving(error))
    )
    goes_on = replace(settings, speed=start.speed)
    sandbox = build(goes_on, start=start.at, journal_sink=file.write, disk=lambda: on_disk(saver, file, state_file.those_set_aside(saved)))
    server = Server(sandbox.gateway, settings.host, settings.port)
    told = Told()
    try:
        takeover.take_up(sandbox, earlier, saved)
        sandbox.journal.on_event(lambda event: None if event.detail_type in (NOT_SAVED, SAVED_AGAIN) else saver.mark())
        saver.start()
        saver.mark()  # the clock at least
        sandbox.engine.start()
        server.start()
        _collect_garbage_of_now_on()
        while not told.wait(GIVE_BACK_EVERY):
            heap.give_back()
    finally:
        server.stop()
        sandbox.engine.stop()
        saver.stop()
        sandbox.close()
        file.close()
        told.close()


def _collect_garbage_of_now_on() -> None:
    """What was imported lives as long as the process. Looking through its 200,000 objects would stop all threads for 0.15 s each time."""
    gc.freeze()
    gc.enable()


def on_disk(saver: Saver, file: JournalFile, aside: Sequence[Path] = ()) -> Disk:
    """For /_sandbox/health: state and journal are written independently, and each has its own failures. `aside`: states that could not be
    read."""
    unsaved = None if saver.trouble is None else f"The state could not be saved ({saver.trouble}): a restart now would forget what is not."
    kept = f"The state of an earlier run could not be read: it is kept in {aside[-1]}, and what it ran is left alone." if aside else ""
    return Disk(state=unsaved, journal=file.trouble, remark=kept)


def _saving(error: Exception | None) -> Event:
    """When saving begins to fail, and when it succeeds again."""
    if error is None:
        return Event(source="sandbox.control", detail_type=SAVED_AGAIN, summary="the state is saved again")
    summary = f"the state could not be saved ({error}); it is tried again at each change, and every few seconds"
    return Event(source="sandbox.control", detail_type=NOT_SAVED, summary=summary, detail={"error": str(error)})


class Told:
    """SIGTERM and SIGINT, from when it is made: one that comes before `wait` is not lost. Made and waited for in the main thread.

    The interpreter writes each signal to a socket, which `wait` reads. A lock or an Event would do in all but the few microseconds in which
    a signal comes after the wait was begun and before the system call: then its handler never runs.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
        self._fd_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether one came; None: until one does."""
        self._reader.settimeout(seconds)
        try:
            while self._reader.recv(1)[0] not in self._before:
                pass  # another signal that somebody handles
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Signals do what they did before."""
        signal.set_wakeup_fd(self._fd_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()


def remove(settings: Settings) -> list[str]:
    """What an embedded sandbox left running after its control plane ended: instances, the proxy, and the state. The caller holds the
    folder's lock. → what was done."""
    clock = WallClock()
    drivers = real_drivers(clock, settings)
    machines = len(drivers.runtime.containers())
    stayed = drivers.runtime.remove_all()
    drivers.close(keep_serving=False)
    if stayed:
        raise UserError("Not everything could be removed: " + " ".join(stayed), "sandbox down")
    state_file.remove(settings.state_dir / STATE)
    for name in ("journal.jsonl", "journal.older.jsonl"):
        (settings.state_dir / name).unlink(missing_ok=True)
    for folder in ("instances", "proxy"):
        shutil.rmtree(settings.state_dir / folder, ignore_errors=True)
    return [f"{plural(machines, 'machine')} removed.", "The load balancers' proxy is removed, and the state."]
