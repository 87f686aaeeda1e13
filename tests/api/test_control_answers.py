"""Every route of /_sandbox of a whole sandbox in virtual time: full answers, each as the OpenAPI document describes it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from sandbox.control.api.routes import ROUTES
from sandbox.drivers.proxy.simulated import SimulatedProxy
from tests.support.control import Described
from tests.support.fleet import AMI, Fleet
from tests.support.virtual import VirtualSandbox, virtual_sandbox

FAULT = {"kind": "error-rate", "targets": ["web"], "for": "10m", "parameters": {"percent": 30, "status": 503}}
LESSON = {"lesson": "draining", "after": "e000001", "green": [0]}
BODIES: Mapping[str, list[tuple[Any, int]]] = {
    "PUT clock": [({"speed": "fast"}, 400)],  # a virtual clock has no other speed
    "POST faults": [(FAULT, 201), (FAULT, 409), ({"summary": "i-1 is terminated", "targets": ["i-1"], "seconds": 60}, 201), ({}, 400)],
    "POST faults/clear": [({"id": "fault-9"}, 404), ({"all": True}, 200)],
    "POST scenarios/progress": [
        ({"what": "started", "run": "run-1", "summary": "it begins", "detail": {"phases": [{"name": "dark", "seconds": 3}]}}, 201),
        ({}, 400),
    ],
    "POST lessons": [(LESSON, 200), ({"lesson": "../x", "after": None, "green": []}, 400)],
    "POST gameday": [({"seed": "x"}, 400), ({"seed": 7}, 200), ({}, 409)],
    "POST gameday/answer": [({"kind": "instance-hang", "target": "i-1"}, 200), ({"kind": "x", "target": "i-1"}, 409), ({}, 400)],
    "POST gameday/stop": [(None, 200), (None, 409)],
    "POST shells": [({"instance": "i-"}, 409), ({}, 400)],
    "POST forwards": [({"instance": "i-", "port": 80}, 409), ({}, 400)],
    "POST reset": [(None, 200)],
}
"""Bodies, each with its status, in this order; reset is the last. Simulated machines have neither shells nor ports:
tests/unit/cli has answers with them."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualSandbox]:
    """A group behind a load balancer with traffic and user data, an alarm's mail, and a fault."""
    made = virtual_sandbox(state_dir=str(tmp_path_factory.mktemp("state")))
    fleet = Fleet(made).make()
    made.client("ec2").run_instances(ImageId=AMI, MinCount=1, MaxCount=1, UserData="no script")
    topic = made.client("sns").create_topic(Name="ops")["TopicArn"]
    made.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    made.client("sns").publish(TopicArn=topic, Message="hello", Subject="ALARM")
    made.run(120)
    proxy = made.sandbox.simulated.proxy
    assert isinstance(proxy, SimulatedProxy)
    for _ in range(3):
        proxy.request(fleet.listener)
        made.run(2)
    yield made
    made.sandbox.close()


@pytest.fixture(scope="module")
def client(sandbox: VirtualSandbox) -> Client:
    return Client(sandbox.sandbox.gateway)


@pytest.fixture(scope="module")
def described(client: Client) -> Described:
    return Described(client.get("http://localhost/_sandbox/openapi.json").get_json())


def ask(client: Client, method: str, path: str, **how: Any) -> TestResponse:
    headers = {} if method == "GET" else {"X-Sandbox-Client": "test"}
    return client.open(f"http://localhost/_sandbox/{path}", method=method, headers=headers, **how)


def query(path: str, sandbox: VirtualSandbox) -> Mapping[str, str]:
    [balancer] = sandbox.client("elbv2").describe_load_balancers()["LoadBalancers"]
    machine = next(iter(sandbox.runtime.containers()))
    asked = {"explain": {"resource": "web"}, "console": {"instance_id": machine}}
    return asked.get(path, {"source": "client", "to": f"{balancer['LoadBalancerName']}:81"} if path == "connection" else {})


@pytest.mark.parametrize("path", [route.path for route in ROUTES if route.method == "GET"])
def test_each_question_is_answered_as_described(path: str, client: Client, sandbox: VirtualSandbox, described: Described) -> None:
    ask(client, "POST", "faults", json=FAULT)
    ask(client, "POST", "lessons", json=LESSON)
    ask(client, "POST", "gameday")
    ask(client, "POST", "gameday/answer", json={"kind": "instance-hang", "target": "i-1"})
    answer = ask(client, "GET", path, query_string=query(path, sandbox))
    assert answer.status_code == 200, answer.get_json()
    assert described.problems("GET", f"/_sandbox/{path}", answer.status_code, answer.get_json()) == []
    assert [name for name, value in answer.get_json().items() if value in ([], {})] == [], "nothing in it was looked at"
    ask(client, "POST", "gameday/stop")


def test_every_change_has_bodies() -> None:
    assert set(BODIES) == {f"{route.method} {route.path}" for route in ROUTES if route.method != "GET"}


@pytest.mark.parametrize("change", BODIES)
def test_each_change_is_answered_as_described(change: str, client: Client, described: Described) -> None:
    """The bodies that succeed are as described, too."""
    method, path = change.split()
    ask(client, "POST", "faults/clear")
    for body, status in BODIES[change]:
        answer = ask(client, method, path, json=body)
        assert (answer.status_code, answer.get_json()) == (status, answer.get_json())
        assert described.problems(method, f"/_sandbox/{path}", status, answer.get_json()) == []
        if status < 300 and body is not None:
            asked = described.operation(method, f"/_sandbox/{path}")["requestBody"]["content"]["application/json"]["schema"]
            assert described.differences(asked, body) == []
