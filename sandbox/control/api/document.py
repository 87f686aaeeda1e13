"""The OpenAPI document of /_sandbox, made of the table of routes, the shapes of answers, and the further routes of the Flask app.

Served at /_sandbox/openapi.json; `make docs` writes it to docs/reference/openapi.json.
"""

import inspect
import re
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from typing import Any, get_args, get_type_hints

import msgspec
from flask import Flask
from werkzeug.routing import Rule

from sandbox.control.api import shapes
from sandbox.control.api.requested import ACCOUNT, Parameter
from sandbox.control.api.routes import ROUTES, Route

ROOT = "/_sandbox"
REF = "#/components/schemas/{name}"
JSON = "application/json"
HEADER = {
    "name": "X-Sandbox-Client",
    "in": "header",
    "required": True,
    "description": "Any value. A web page cannot send it, so none can change the sandbox.",
    "schema": {"type": "string"},
}
HEAD = {
    "openapi": "3.1.0",
    "info": {
        "title": "Sandbox control API",
        "description": "What `sandbox` commands, scenarios and the live page use. Errors have a sentence and the next command to type. "
        "The AWS API at the same port is AWS's own.",
    },
    "servers": [{"url": "http://127.0.0.1:4566"}],
    "tags": [
        {"name": "control", "description": "For your programs."},
        {"name": "page", "description": "The live page's own routes. Their answers follow the page and have no promised shape."},
    ],
}


def document(app: Flask) -> dict[str, Any]:
    """OpenAPI 3.1. Every route of the app is in it, but for the page's files."""
    types, schemas = _shapes()
    info = {**HEAD["info"], "version": version("fault-tolerance-sandbox")}  # type: ignore[dict-item]
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(f"{ROOT}/{route.path}", {})[route.method.lower()] = _operation(route, types)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint.endswith(".static"):
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}):
            paths.setdefault(_path(rule), {}).setdefault(method.lower(), _further(app, rule, method))
    return {**HEAD, "info": info, "paths": paths, "components": {"schemas": schemas}}


def result(route: Route) -> type:
    """The shape that a route answers with."""
    hint = get_type_hints(route.answer)["return"]
    return get_args(hint)[0] if get_args(hint) else hint  # type: ignore[no-any-return]


def _shapes() -> tuple[Mapping[type, Mapping[str, Any]], Mapping[str, Any]]:
    """Shape → a reference to its schema; name → schema."""
    types = list(dict.fromkeys([shapes.Problem, *(shape for route in ROUTES for shape in (result(route), *route.body))]))
    references, schemas = msgspec.json.schema_components(types, ref_template=REF)
    return dict(zip(types, references, strict=True)), {name: _whole(schema) for name, schema in sorted(schemas.items())}


def _whole(schema: dict[str, Any]) -> Mapping[str, Any]:
    """A dataclass's fields are all in its JSON, also those with a default."""
    defaults = [name for name, each in schema.get("properties", {}).items() if each.pop("default", schema) is not schema]
    if defaults:
        schema["required"] = list(schema["properties"])
    if "description" in schema:
        schema["description"] = _sentence(schema["description"])
    return schema


def _operation(route: Route, types: Mapping[type, Mapping[str, Any]]) -> Mapping[str, Any]:
    answer, problem = types[result(route)], types[shapes.Problem]
    responses = {route.status: _response("Done." if route.method != "GET" else "Found.", answer)}
    responses |= {status: _response(when, answer) for status, when in route.also.items()}
    responses |= {status: _response(when, problem) for status, when in route.errors.items()}
    made = {
        "operationId": route.answer.__name__,
        "tags": ["control"],
        "summary": _sentence(route.answer.__doc__),
        "parameters": [*map(_parameter, (*route.query, ACCOUNT)), *_headers(route.method)],
        "responses": {str(status): each for status, each in sorted(responses.items())},
    }
    if route.body:
        bodies = [types[each] for each in route.body]
        schema = bodies[0] if len(bodies) == 1 else {"anyOf": bodies}
        made["requestBody"] = {"required": route.body_required, "content": {JSON: {"schema": schema}}}
    return made


def _parameter(parameter: Parameter) -> Mapping[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.means,
        "schema": parameter.schema,
    }


def _headers(method: str) -> list[Mapping[str, Any]]:
    return [] if method == "GET" else [HEADER]


def _response(description: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"description": description, "content": {JSON: {"schema": schema}}}


# ---- routes that are not in the table --------------------------------------------------------------------------------------------------


def _further(app: Flask, rule: Rule, method: str) -> Mapping[str, Any]:
    in_path = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in sorted(rule.arguments)]
    return {
        "operationId": re.sub(r"\W+", "_", rule.endpoint).strip("_"),
        "tags": ["page" if rule.rule.startswith(f"{ROOT}/ui") else "control"],
        "summary": _described(app, rule),
        "parameters": [*in_path, *_headers(method)],
        "responses": {"200": {"description": "Done." if method != "GET" else "Found."}},
    }


def _described(app: Flask, rule: Rule) -> str:
    """The docstring of the function that answers; empty if it has none."""
    view: Any = app.view_functions[rule.endpoint]
    while isinstance(view, partial):
        view = view.func
    return _sentence(view.__doc__)


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def _sentence(docstring: str | None) -> str:
    return " ".join(inspect.cleandoc(docstring or "").split())
