"""A worker in a separate process, with an asyncio loop that answers its parent over a pipe, so that its work does not wait for the parent.

`worker(connection, …)` is a module's function. It ends when the parent sends "end" or exits, or after LONGEST.
"""

import asyncio
import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

LONGEST = 600.0  # seconds that a worker runs at most
PATIENCE = 30.0

Command = tuple[str, Any]


class Child:
    def __init__(self, worker: Callable[..., None], *arguments: object) -> None:
        """Returns when the worker is ready (after its first message)."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=worker, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()
        self.first_word = self._answer()

    def ask(self, word: str, value: object = None) -> Any:
        self._connection.send((word, value))
        return self._answer()

    def _answer(self) -> Any:
        if not self._connection.poll(PATIENCE):
            raise TimeoutError(f"the process {self._process.name} does not respond")
        return self._connection.recv()

    def close(self) -> None:
        with suppress(OSError):
            self._connection.send(("end", None))
        self._process.join(PATIENCE)
        if self._process.is_alive():
            self._process.kill()


async def obey(connection: Connection, answer: Callable[[str, Any], Any], first_word: object) -> None:
    """In the child: sends the first message, then answers each command until "end"."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def take() -> None:
        try:
            word, value = connection.recv()
        except EOFError:
            word, value = "end", None
        if word == "end":
            loop.remove_reader(connection.fileno())
            ended.set()
        else:
            connection.send(answer(word, value))

    loop.add_reader(connection.fileno(), take)
    connection.send(first_word)
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST):
            await ended.wait()
