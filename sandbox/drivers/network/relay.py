"""One connection to a port of an instance, over this process's standard input and output: `sandbox forward` runs it in the VPC router's
container, from which instances can be reached on every platform. Standard library only.

    python3 -m sandbox.drivers.network.relay HOST PORT
"""

import os
import socket
import sys
import threading

CONNECT_TIMEOUT = 10.0  # real seconds
CHUNK = 65_536
UNREACHABLE = 3  # exit code


def main(arguments: list[str] | None = None) -> int:
    host, port = (arguments or sys.argv[1:])[:2]
    try:
        connection = socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT)
    except OSError as error:
        sys.stderr.write(f"{host}:{port}: {error}\n")
        return UNREACHABLE
    connection.settimeout(None)
    threading.Thread(target=_send, args=(connection,), daemon=True).start()
    _receive(connection)
    return 0


def _send(connection: socket.socket) -> None:
    while chunk := os.read(sys.stdin.fileno(), CHUNK):
        connection.sendall(chunk)
    connection.shutdown(socket.SHUT_WR)


def _receive(connection: socket.socket) -> None:
    try:
        while chunk := connection.recv(CHUNK):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
    except (ConnectionError, BrokenPipeError):
        pass  # one of the two sides has ended


if __name__ == "__main__":
    sys.exit(main())
