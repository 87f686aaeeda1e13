"""/_sandbox/openapi.json: it is valid OpenAPI, and describes every route, parameter and error."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from sandbox.control.api.requested import Needed, Whole
from sandbox.control.api.routes import ROUTES, Route
from sandbox.control.app import control_app
from sandbox.dashboard.blueprint import blueprint
from tests.support.control import Described, surface

API = Path(__file__).resolve().parents[3] / "sandbox" / "control"
HEADER = "X-Sandbox-Client"


def app() -> Flask:
    given = surface()
    return control_app(given, pages=[blueprint(given)])


@pytest.fixture(scope="module")
def document() -> Any:
    return app().test_client().get("/_sandbox/openapi.json").get_json()


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_it_is_valid(document: Any) -> None:
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_route_is_in_it_with_a_sentence(document: Any) -> None:
    rules = [rule for rule in app().url_map.iter_rules() if not rule.endpoint.endswith("static")]
    routes = {(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), m) for rule in rules for m in rule.methods - {"HEAD", "OPTIONS"}}
    written = {(path, method.upper()): operation for path, each in document["paths"].items() for method, operation in each.items()}
    assert len(routes) > 40
    assert routes == set(written)
    assert [key for key, operation in written.items() if not operation["summary"].endswith((".", "`"))] == []


def test_a_change_needs_the_header_and_a_question_does_not(document: Any) -> None:
    needed = {
        (method, any(each["name"] == HEADER and each["required"] for each in operation["parameters"]))
        for operations in document["paths"].values()
        for method, operation in operations.items()
    }
    assert needed == {("get", False), ("post", True), ("put", True)}


def test_each_operation_has_an_id_of_its_own(document: Any) -> None:
    ids = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("route", [route for route in ROUTES if route.query], ids=name)
def test_parameters_that_it_describes_are_read(route: Route) -> None:
    """A number outside its range, and a missing parameter that is required, are refused by name."""
    client = control_app(surface()).test_client()
    valid = {each.name: "client:80" for each in route.query if each.required}
    for each in route.query:
        if isinstance(each, Whole):
            answer = client.get(f"/_sandbox/{route.path}", query_string={**valid, each.name: each.high + 1})
            assert (answer.status_code, f"Invalid {each.name}=" in answer.get_json()["error"]) == (400, True)
        if isinstance(each, Needed):
            answer = client.get(f"/_sandbox/{route.path}", query_string={key: value for key, value in valid.items() if key != each.name})
            assert (answer.status_code, answer.get_json()["error"]) == (400, f"The parameter {each.name} is required.")


def test_only_described_parameters_are_read() -> None:
    """All are values of requested.py: no other module looks into the query."""
    readers = [path.name for path in API.rglob("*.py") if re.search(r"request\.(args|values|form)\b", path.read_text())]
    assert readers == ["requested.py"]


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=name)
def test_an_answer_is_as_described(route: Route, document: Any) -> None:
    values = {"resource": "web", "source": "client", "to": "web:80", "instance_id": "i-1"}
    query = {each.name: values[each.name] for each in route.query if each.required}
    answer = app().test_client().get(f"/_sandbox/{route.path}", query_string=query)
    assert Described(document).problems("GET", f"/_sandbox/{route.path}", answer.status_code, answer.get_json()) == []


def test_an_answer_with_a_field_more_or_less_is_not_as_described(document: Any) -> None:
    """The check of the test above can fail, also in a value within a value."""
    described, path = Described(document), "/_sandbox/machines"
    answer = app().test_client().get(path).get_json()
    machine = answer["machines"][0]
    assert described.problems("GET", path, 200, {**answer, "more": 1}) != []
    assert described.problems("GET", path, 200, {**answer, "machines": [{**machine, "impairment": {"frozen": False}}]}) != []
    assert described.problems("GET", path, 200, {**answer, "machines": [{**machine, "boots": "1"}]}) != []
    assert described.problems("GET", path, 418, answer) != []
