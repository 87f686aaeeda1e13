"""Each page as HTML or as JSON: `.json` at the end of its path, or an Accept header that prefers JSON."""

import json
from typing import Any

from flask import Response, request

from sandbox.control.api.plain import plain

HTML, JSON = "text/html", "application/json"


def wants_json() -> bool:
    if request.path.endswith(".json"):
        return True
    return request.accept_mimetypes.best_match([HTML, JSON], default=HTML) == JSON


def as_json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(plain(value)), status=status, mimetype=JSON)


def problem(sentence: str, next_command: str | None, status: int) -> Response:
    """An error, as /_sandbox tells it."""
    return as_json({"error": sentence, "next": next_command}, status)
