"""The Commands of real machines: one thread for each command that runs, at most AT_ONCE; others wait for a thread."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sandbox.core.clock import Clock
from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.commands.base import CommandReport, CommandRequest
from sandbox.drivers.requester import Requester
from sandbox.drivers.runtime.base import Runtime
from sandbox.drivers.runtime.commands import Cancellation, CommandEnd, CommandResult, MachineCommand

AT_ONCE = 64
SHORTEST = 1.0
"""Real seconds that a command has at any speed of the clock: it is a real program."""


class ThreadedCommands(Requester[CommandReport]):
    def __init__(self, clock: Clock, runtime: Runtime) -> None:
        super().__init__()
        self._clock, self._runtime = clock, runtime
        self._lock = threading.Lock()
        self._running: dict[str, Cancellation] = {}
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="command")

    def start(self, request: CommandRequest) -> None:
        with self._lock:
            if request.key in self._running:
                return
            cancellation = self._running[request.key] = Cancellation()
        self._results.begin(request)
        self._threads.submit(self._run, request, cancellation)

    def cancel(self, key: str) -> None:
        with self._lock:
            cancellation = self._running.get(key)
        if cancellation is not None:
            cancellation.request()

    def is_running(self, key: str) -> bool:
        with self._lock:
            return key in self._running

    def close(self) -> None:
        super().close()
        with self._lock:
            running = tuple(self._running.values())
        for each in running:
            each.request()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, request: CommandRequest, cancellation: Cancellation) -> None:
        command = MachineCommand(argv=request.argv, timeout=max(self._clock.real(request.timeout), SHORTEST), directory=request.directory)
        result = _result(lambda: self._runtime.run_command(request.instance_id, command, cancellation))
        report = CommandReport(key=request.key, number=request.number, at=self._clock.now(), result=result)
        self._results.end(report)  # first: a key without a report that is not running was lost
        with self._lock:
            del self._running[request.key]


def _result(run: Callable[[], CommandResult]) -> CommandResult | None:
    try:
        return run()
    except (KeyError, DriverUnavailable):
        return None
    except Exception as error:  # every command ends in a report
        return CommandResult(end=CommandEnd.NOT_STARTED, detail=f"{type(error).__name__}: {error}")
