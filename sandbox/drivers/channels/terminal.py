"""The endpoint of a shell session: a shell in a terminal of the instance's machine (Runtime.open_terminal). Its reads and writes block, so
they run in threads.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress

from sandbox.core.errors import SandboxError
from sandbox.drivers.channels.endpoint import CannotBegin, Output
from sandbox.drivers.channels.payloads import Size
from sandbox.drivers.runtime.terminals import Terminal

Open = Callable[[], Terminal]
Input = bytes | Size | None
"""None: the end."""


class TerminalEndpoint:
    def __init__(self, open_terminal: Open, threads: Executor) -> None:
        self._open, self._threads = open_terminal, threads
        self._terminal: Terminal | None = None
        self._inputs: asyncio.Queue[Input] = asyncio.Queue()
        self._waiting = 0
        self._closed = False

    async def run(self, output: Output) -> None:
        loop = asyncio.get_running_loop()
        try:
            terminal = await loop.run_in_executor(self._threads, self._open)
        except KeyError as error:
            raise CannotBegin("The instance's machine does not run.") from error
        except (SandboxError, OSError) as error:
            raise CannotBegin(f"The shell could not be started: {error}") from error
        self._terminal = terminal
        if self._closed:  # while it was opened
            self._end(terminal)
        writing = asyncio.ensure_future(self._write(terminal))
        try:
            while data := await loop.run_in_executor(self._threads, terminal.read):
                await output(data)
        finally:
            self._end(terminal)
            self._inputs.put_nowait(None)
            await writing

    def data(self, data: bytes) -> None:
        self._waiting += len(data)
        self._inputs.put_nowait(data)

    @property
    def waiting(self) -> int:
        return self._waiting

    def resize(self, size: Size) -> None:
        self._inputs.put_nowait(size)

    def close(self) -> None:
        self._closed = True
        if self._terminal is not None:
            self._end(self._terminal)

    def _end(self, terminal: Terminal) -> None:
        """Killing what runs there takes calls to the machine. `close` of a terminal is idempotent."""
        self._threads.submit(terminal.close)

    async def _write(self, terminal: Terminal) -> None:
        loop = asyncio.get_running_loop()
        while (each := await self._inputs.get()) is not None:
            with suppress(OSError, SandboxError):  # it has ended, which `read` tells
                if isinstance(each, Size):
                    await loop.run_in_executor(self._threads, terminal.resize, each.columns, each.rows)
                else:
                    await loop.run_in_executor(self._threads, terminal.write, each)
            if not isinstance(each, Size):
                self._waiting -= len(each)
