"""Calls a WSGI application as a function from a request to a response, and the keys of ours in a request's environ.

Only code of this process can set these keys: a request's headers become HTTP_* keys, never these.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.aws.http.answers import Answer

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

CALLER = "sandbox.caller"
"""The AWS service that calls ("autoscaling"); None or absent: a user."""

ACCOUNT = "sandbox.account"
"""The account of the call; absent from a request that comes from outside: aws/requests/accounts.py finds it."""

STREAM = "sandbox.stream"
"""A function that an application calls with a feed (streams.py) when its response does not end. Absent: the server cannot do that."""


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
