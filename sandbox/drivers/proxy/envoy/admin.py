"""Envoy's admin interface over its Unix socket: counters, and reopening the access log."""

import tempfile
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.http_client import HttpClient

_LONGEST_PATH = 100  # a Unix socket's address holds about 107 bytes
_TIMEOUT = 2.0  # real seconds


class Admin:
    def __init__(self, socket: Path) -> None:
        self._http = HttpClient(f"unix://{socket}", _TIMEOUT)

    def ask(self, method: str, path: str) -> str | None:
        """The body of the response; None when Envoy does not answer with 200."""
        try:
            response = self._http.request(method, path)
        except DriverUnavailable:
            return None
        return response.text if response.status_code == HTTPStatus.OK else None


def socket_path(directory: Path, name: str) -> Path:
    """`<directory>/<name>.sock`; where that is too long for a socket, a path in the temporary directory that is always the same."""
    near = directory.resolve() / f"{name}.sock"
    if len(str(near)) <= _LONGEST_PATH:
        return near
    return Path(tempfile.gettempdir()) / f"sandbox-{sha256(str(near).encode()).hexdigest()[:16]}-{name}.sock"
