"""Envoy's admin interface over its unix socket: the two or three questions that the control plane has."""

import http.client
import socket
import tempfile
from hashlib import sha256
from pathlib import Path

_LONGEST_PATH = 100  # a unix socket's address holds about 107 bytes
_TIMEOUT = 2.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("envoy", timeout=_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_TIMEOUT)
        self.sock.connect(str(self._path))


def ask(admin: Path, method: str, path: str) -> str | None:
    """The body of the answer; None when Envoy does not answer with 200."""
    connection = _UnixConnection(admin)
    try:
        connection.request(method, path, headers={"Content-Length": "0"})
        response = connection.getresponse()
        body = response.read().decode(errors="replace")
        return body if response.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def socket_path(directory: Path, name: str) -> Path:
    """`<directory>/<name>.sock`, or where that is too long for a socket a name in the temporary directory that is always the same."""
    near = directory.resolve() / f"{name}.sock"
    if len(str(near)) <= _LONGEST_PATH:
        return near
    return Path(tempfile.gettempdir()) / f"sandbox-{sha256(str(near).encode()).hexdigest()[:16]}-{name}.sock"
