"""Calls a WSGI application as a function from a request to a response."""

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.aws.http.answers import Answer

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def run(app: Wsgi, environ: Environ) -> Answer:
    """The app's complete response."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        started[:] = (int(status.split(" ", 1)[0]), tuple(headers))

    pieces = app(environ, start_response)
    try:
        body = b"".join(pieces)
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
    return Answer(status=started[0], headers=started[1], body=body)
