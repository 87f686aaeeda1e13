"""/_sandbox as HTTP and JSON. Each route returns a value of the ControlSurface; an error has a sentence and the next command to type.

The gateway passes paths that begin with /_sandbox to this WSGI application. It does not hold the lock, so a response may wait (long poll).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import Lock
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from sandbox.control.api.plain import plain
from sandbox.control.api.requested import ACCOUNT, RequestError
from sandbox.control.api.routes import ROUTES, Route
from sandbox.control.surface import ControlSurface
from sandbox.core.errors import UserError

ROOT = "/_sandbox"


class ControlApp:
    """Makes the application at the first request: a sandbox in a test or a simulation is often gone before anybody asks it anything, and
    the routes take longer than all its other parts. Thread-safe."""

    def __init__(self, make: Callable[[], Flask]) -> None:
        self._make, self._made, self._lock = make, list[Flask](), Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self.app(environ, start_response)

    @property
    def app(self) -> Flask:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


def control_app(surface: ControlSurface, pages: Sequence[Blueprint] = ()) -> Flask:
    """`pages`: further routes below /_sandbox, such as the live page's."""
    app = Flask("sandbox.control", static_folder=None)
    for route in ROUTES:
        view = as_json(partial(_answered, route, surface))
        app.add_url_rule(f"{ROOT}/{route.path}", f"{route.method} {route.path}", view, methods=[route.method])
    app.add_url_rule(f"{ROOT}/openapi.json", "GET openapi.json", partial(openapi, app), methods=["GET"])
    app.register_error_handler(RequestError, lambda error: problem(error.status_code, error.sentence, error.next_command))
    app.register_error_handler(HTTPException, not_a_route)
    for page in pages:
        app.register_blueprint(page)
    return app


def _answered(route: Route, surface: ControlSurface) -> Any:
    """As the account sees it that the request names."""
    account = ACCOUNT.text()
    try:
        seen = surface if account is None else surface.of(account)
    except UserError as error:
        raise RequestError(400, error.message, error.next_command or "sandbox status") from None
    return route.answer(seen)


def as_json(answer: Callable[[], Any]) -> Callable[[], Response | tuple[Response, int]]:
    def view() -> Response | tuple[Response, int]:
        given = answer()
        value, status = given if isinstance(given, tuple) else (given, 200)
        return jsonify(plain(value)), status

    return view


def openapi(app: Flask) -> Response:
    """This document: all routes of /_sandbox as OpenAPI."""
    from sandbox.control.api.document import document  # noqa: PLC0415 - only who asks for it waits for the import of msgspec

    return jsonify(document(app))


def problem(status_code: int, sentence: str, next_command: str) -> tuple[Response, int]:
    return jsonify({"error": sentence, "next": next_command}), status_code


def not_a_route(error: HTTPException) -> tuple[Response, int]:
    return problem(error.code or 500, f"{request.method} {request.path}: {error.name}.", "sandbox --help")
