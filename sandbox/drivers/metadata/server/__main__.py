"""The metadata server as a process: `python -m sandbox.drivers.metadata.server FOLDER --address 169.254.169.254 --port 80`.

It needs nothing of the control plane but the folder: documents/ has what each instance reads, token.key signs tokens, server.sock is where
the control plane asks what is served. Without --address each instance has a loopback address of its own (process runtime).
"""

import argparse
import asyncio
import fcntl
import gc
import os
import secrets
import signal
import sys
import time
from pathlib import Path

from sandbox.drivers.metadata.files import DOCUMENTS, LOCK, SOCKET, TOKEN_KEY
from sandbox.drivers.metadata.server.link import Link
from sandbox.drivers.metadata.server.listeners import Listeners
from sandbox.drivers.metadata.server.service import Service
from sandbox.drivers.metadata.server.tokens import KEY_BYTES, Tokens

LOOK = 1.0  # real seconds between two looks at the folder, where nobody says that it has changed
ALREADY_RUNS = 3  # exit code


def main() -> int:
    parser = argparse.ArgumentParser(prog="sandbox.drivers.metadata.server")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--address", default=None)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    (given.folder / DOCUMENTS).mkdir(parents=True, exist_ok=True)
    lock = (given.folder / LOCK).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return ALREADY_RUNS
    asyncio.run(serve(given.folder, given.address, given.port))
    lock.close()
    return 0


async def serve(folder: Path, address: str | None, port: int) -> None:
    """Returns after SIGTERM, SIGINT, or when the control plane asks for it."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    service = Service(Tokens(token_key(folder / TOKEN_KEY), time.time))
    listeners = Listeners(service.respond, address, port)
    link = Link(folder / SOCKET, folder / DOCUMENTS, service, listeners, stop)
    await link.look()
    await link.open()
    gc.freeze()
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), LOOK)
        except TimeoutError:
            await link.look_if_changed()
            listeners.close_idle()
    await link.close()


def token_key(file: Path) -> bytes:
    """The key of an earlier server, so that its tokens stay valid; else a new one."""
    try:
        key = file.read_bytes()
        if len(key) == KEY_BYTES:
            return key
    except OSError:
        pass
    key = secrets.token_bytes(KEY_BYTES)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(key)
    return key


if __name__ == "__main__":
    sys.exit(main())
