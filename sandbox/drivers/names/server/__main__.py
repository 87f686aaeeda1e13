"""The DNS server as a process: `python -m sandbox.drivers.names.server FOLDER`.

It needs nothing of the control plane but the folder, and answers from the names that were published last. Other names it asks of the
resolver in /etc/resolv.conf, where that is allowed (answers.py).
"""

import argparse
import asyncio
import signal
from pathlib import Path

from sandbox.drivers.names.base import LINK_LOCAL_SERVER
from sandbox.drivers.names.server.forwarding import Resolver, nameserver
from sandbox.drivers.names.server.sockets import PORT, Sockets


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.drivers.names.server")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--always", default=LINK_LOCAL_SERVER, help="the address at which it listens besides those that are published")
    given = parser.parse_args()
    asyncio.run(serve(given.folder, given.port, given.always))


async def serve(folder: Path, port: int, always: str) -> None:
    """Returns after SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sockets = Sockets(folder, port, Resolver(nameserver()), always)
    await sockets.follow(stop)


if __name__ == "__main__":
    main()
