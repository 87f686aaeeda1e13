"""/_sandbox over its WSGI application: answers, and errors with a sentence and the next command."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from sandbox.agenda import Loop
from sandbox.control.app import ControlApp, control_app
from sandbox.control.endpoints import NodeEndpoint, by_load_balancer, read
from sandbox.control.health import Disk, Part, Proxy, metadata_part, parts
from sandbox.control.rates import Rates
from sandbox.control.surface import ControlSurface
from sandbox.core.events import Event
from sandbox.drivers.proxy.base import Node, NodeAddress
from sandbox.drivers.proxy.batches import Records
from sandbox.drivers.proxy.simulated import SimulatedProxy
from sandbox.drivers.runtime.base import Container, ContainerState, UserDataResult, UserDataState
from tests.support import rule
from tests.support.control import WELL, request_record, surface


def client(given: ControlSurface | None = None) -> FlaskClient:
    return control_app(given or surface()).test_client()


def happened(summary: str, *resources: str) -> Event:
    return Event(source="test", detail_type="Test", summary=summary, resources=resources)


def test_the_routes_are_made_at_the_first_request_and_once() -> None:
    made: list[Flask] = []

    def make() -> Flask:
        made.append(control_app(surface()))
        return made[-1]

    app = Client(ControlApp(make))
    assert made == []
    assert [app.get("/_sandbox/health").status_code for _ in range(2)] == [200, 200]
    assert len(made) == 1


def test_health_is_200_when_all_is_well_and_503_when_a_part_is_not() -> None:
    well = client().get("/_sandbox/health")
    ill = client(surface(health=lambda: (*WELL, Part(name="proxy", ok=False, sentence="Envoy has gone.")))).get("/_sandbox/health")
    assert (well.status_code, well.get_json()["status"]) == (200, "ok")
    assert (ill.status_code, ill.get_json()["status"]) == (503, "impaired")
    assert ill.get_json()["parts"][1] == {"name": "proxy", "ok": False, "sentence": "Envoy has gone.", "remark": ""}


@pytest.mark.parametrize(
    ("path", "key", "first"),
    [
        ("endpoints", "endpoints", {"load_balancer": "web", "url": "http://127.0.0.1:8081/", "port": 80}),
        ("loops", "loops", {"controller": "ec2", "key": "123456789012/us-east-1/i-1", "runs": 2, "due": None}),
        ("seams", "seams", {"seam": "S1", "where": "moto.ec2.models.EC2Backend.run_instances", "why": "EC2-3"}),
        ("services", "services", {"name": "ec2", "class": "real", "saved": True, "refused": []}),
        ("machines", "machines", {"instance_id": "i-1", "state": "running", "boots": 1, "started_at": None}),
    ],
)
def test_lists(path: str, key: str, first: Mapping[str, Any]) -> None:
    answer = client().get(f"/_sandbox/{path}").get_json()[key][0]
    assert {name: answer[name] for name in first} == first


def test_events_after_the_last_known_one() -> None:
    given = surface()
    kept = [given.journal.record(happened(f"event {n}", "i-1")) for n in range(3)]
    asked = client(given)
    assert [e["id"] for e in asked.get("/_sandbox/events").get_json()["events"]] == [e.id for e in kept]
    after = asked.get(f"/_sandbox/events?after={kept[1].id}").get_json()
    assert ([e["summary"] for e in after["events"]], after["last"]) == (["event 2"], kept[2].id)
    none = asked.get(f"/_sandbox/events?after={kept[2].id}").get_json()
    assert none == {"events": [], "last": kept[2].id}
    assert [e["summary"] for e in asked.get("/_sandbox/events?newest=1").get_json()["events"]] == ["event 2"]


def test_a_follower_is_answered_when_an_event_comes() -> None:
    given = surface()
    first = given.journal.record(happened("first"))
    threading.Timer(0.05, lambda: given.journal.record(happened("second"))).start()
    answer = client(given).get(f"/_sandbox/events?after={first.id}&wait=20").get_json()
    assert [e["summary"] for e in answer["events"]] == ["second"]


def test_explain_tells_the_story_by_the_beginning_of_a_name() -> None:
    given = surface()
    cause = given.journal.record(happened("RunInstances", "i-0a1"))
    given.journal.record(replace(happened("i-0a1 is running", "i-0a1"), cause=cause.id))
    answer = client(given).get("/_sandbox/explain?resource=i-0").get_json()
    assert answer["resource"] == "i-0a1"
    assert [line.split("  ", 1)[-1].strip() for line in answer["text"][1:]] == ["RunInstances", "→ i-0a1 is running"]


@pytest.mark.parametrize(
    ("method", "path", "status_code", "sentence"),
    [
        ("GET", "explain?resource=i-9", 404, "There is no event about i-9."),
        ("GET", "explain?resource=i-", 409, "i- is ambiguous: it matches i-1, i-2."),
        ("GET", "explain", 400, "The parameter resource is required."),
        ("GET", "events?after=7", 400, "Invalid after=7: expected the id of an event, such as e000012."),
        ("GET", "events?wait=99", 400, "Invalid wait=99: expected a whole number from 0 to 30."),
        ("GET", "console?instance_id=i-9", 404, "Instance i-9 has no machine."),
        ("GET", "nothing", 404, "GET /_sandbox/nothing: Not Found."),
        ("GET", "reset", 405, "GET /_sandbox/reset: Method Not Allowed."),
        ("PUT", "clock", 400, 'Invalid body: expected {"speed": <sandbox seconds per real second>}.'),
    ],
)
def test_errors_are_a_sentence_and_the_next_command(method: str, path: str, status_code: int, sentence: str) -> None:
    given = surface()
    given.journal.record(happened("both", "i-1", "i-2"))
    answer = client(given).open(f"/_sandbox/{path}", method=method)
    assert (status_code, sentence) == (answer.status_code, answer.get_json()["error"])
    assert answer.get_json()["next"].startswith("sandbox ")


def test_the_clock_is_read_and_changed() -> None:
    asked = client()
    assert asked.get("/_sandbox/clock").get_json()["speed"] == 1
    assert asked.put("/_sandbox/clock", json={"speed": 10}).get_json()["speed"] == 10
    refused = asked.put("/_sandbox/clock", json={"speed": -1})
    assert refused.status_code == 400
    assert "speed -1" in refused.get_json()["error"]
    assert asked.get("/_sandbox/clock").get_json()["speed"] == 10


def test_console_output_is_text_whatever_its_bytes() -> None:
    assert client().get("/_sandbox/console?instance_id=i-1").get_json() == {"instance_id": "i-1", "output": "booted �\n"}


def test_reset_resets_and_empties_the_access_log() -> None:
    done: list[str] = []
    given = surface(reset=lambda: done.append("reset"))
    given.access_log.take(Records([request_record()]))
    asked = client(given)
    assert "GET http://web-1.elb:80/ HTTP/1.1" in asked.get("/_sandbox/access-log").get_json()["lines"][0]
    assert asked.post("/_sandbox/reset").status_code == 200
    assert (done, asked.get("/_sandbox/access-log").get_json()) == (["reset"], {"lines": []})


def test_settings_are_listed() -> None:
    assert client().get("/_sandbox/settings").get_json()["settings"]["listener_ports"] == "8081-8100"


@pytest.mark.parametrize(
    ("changes", "ill", "sentence"),
    [
        ({}, [], ""),
        ({"runtime": ("docker", "Docker does not answer.")}, ["runtime"], "Docker does not answer."),
        ({"proxy": "Envoy has gone."}, ["proxy"], "Envoy has gone."),
        ({"rejected": ["no such cluster"]}, ["proxy"], "The load balancer proxy rejected its configuration: no such cluster"),
        ({"failures": 2}, ["engine"], "ec2 for k failed 2 times in a row: boom"),
        ({"late": 31}, ["engine"], "The engine is stalled: ec2 for k is overdue."),
        ({"disk": Disk(state="The state could not be saved.")}, ["state"], "The state could not be saved."),
        ({"disk": Disk(journal="The journal could not be written.")}, ["journal"], "The journal could not be written."),
        ({"late": 29}, [], ""),
        ({"late": 290, "speed": 10.0}, [], ""),
    ],
)
def test_health_is_what_its_parts_say(changes: dict[str, Any], ill: list[str], sentence: str) -> None:
    now = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
    loops = [Loop("ec2", "k", due=now - timedelta(seconds=changes.get("late", 0)), failures=changes.get("failures", 0), last_error="boom")]
    runtime = changes.get("runtime", ("docker", None))
    proxy = Proxy(why_not=changes.get("proxy"), rejected=changes.get("rejected", []))
    found = parts(loops, now, changes.get("speed", 1.0), runtime, proxy, changes.get("disk", Disk()))
    assert [p.name for p in found] == ["engine", "runtime", "proxy", "state", "journal"]
    assert [p.name for p in found if not p.ok] == ill
    assert [p.sentence for p in found if not p.ok] == [sentence][: len(ill)]


def test_the_metadata_service_is_a_part_that_may_be_missing() -> None:
    down = metadata_part("The metadata service does not answer.", supported=True)
    assert (down.ok, down.sentence) == (False, "The metadata service does not answer.")
    assert metadata_part(None, supported=True).ok
    absent = metadata_part("Instances cannot read their metadata: macOS.", supported=False)
    assert absent.ok and absent.remark == "Instances cannot read their metadata: macOS."


def test_the_identity_certificate_is_published_where_there_is_one() -> None:
    assert client().get("/_sandbox/identity-certificate").get_json() == {"certificate": "-----BEGIN CERTIFICATE-----\n"}
    assert client(surface(certificate=lambda: None)).get("/_sandbox/identity-certificate").status_code == 404


class OneListener:
    """What is asked of boto3's elbv2 client: load balancer `a` with one listener that answers and one that does not, `b` with none."""

    def describe_load_balancers(self) -> dict[str, Any]:
        return {
            "LoadBalancers": [
                {"LoadBalancerName": n, "LoadBalancerArn": f"arn:{n}", "DNSName": f"{n}.elb", "State": {"Code": "active"}} for n in "ba"
            ]
        }

    def describe_listeners(self, LoadBalancerArn: str) -> dict[str, Any]:
        ports = {"arn:a": [80, 443], "arn:b": []}[LoadBalancerArn]
        return {"Listeners": [{"ListenerArn": f"arn:a/{port}", "Protocol": "HTTP", "Port": port} for port in ports]}


class OneAddress(SimulatedProxy):
    """Only the listener on port 80 has an address."""

    def __init__(self, **problems: str) -> None:
        self._problems = {name.replace("__", "/").replace("arn_", "arn:"): text for name, text in problems.items()}

    def local_address(self, listener_arn: str) -> tuple[str, int] | None:
        return ("127.0.0.1", 8081) if listener_arn == "arn:a/80" else None

    def nodes(self, listener_arn: str) -> tuple[NodeAddress, ...]:
        if listener_arn != "arn:a/80":
            return ()
        away = NodeAddress(node=Node(zone="us-east-1b", zone_id="use1-az1", in_dns=False), address=None)
        return NodeAddress(node=Node(zone="us-east-1a", zone_id="use1-az6"), address=("127.0.0.2", 8081)), away

    def problems(self) -> dict[str, str]:
        return self._problems


@rule("ALB-5")
def test_endpoints_have_the_nodes_of_each_listener() -> None:
    nodes = next(e.nodes for e in read(OneListener(), OneAddress()) if e.port == 80)
    assert nodes == (
        NodeEndpoint(zone="us-east-1a", zone_id="use1-az6", url="http://127.0.0.2:8081/", in_dns=True),
        NodeEndpoint(zone="us-east-1b", zone_id="use1-az1", url=None, in_dns=False),
    )


def test_endpoints_say_where_a_listener_answers_or_why_not() -> None:
    found = read(OneListener(), OneAddress(arn_a__443="ports 8081-8100 are all in use"))
    assert [(e.load_balancer, e.port, e.url, e.problem) for e in found] == [
        ("a", 80, "http://127.0.0.1:8081/", None),
        ("a", 443, None, "ports 8081-8100 are all in use"),
        ("b", None, None, "It has no listener, so it accepts no connections."),
    ]


def test_endpoints_by_load_balancer_are_what_a_script_needs() -> None:
    found = read(OneListener(), OneAddress())
    a = {"dns_name": "a.elb", "state": "active", "listeners": {"80": "http://127.0.0.1:8081"}, "front": "http://a.elb:8080"}
    b = {"dns_name": "b.elb", "state": "active", "listeners": {}, "front": "http://b.elb:8080", "url": None}
    assert by_load_balancer(found, 8080, 80) == {"a": {**a, "url": "http://a.elb/"}, "b": b}
    assert by_load_balancer(found, 8080, 8000) == {"a": {**a, "url": "http://a.elb:8000/"}, "b": b}
    assert by_load_balancer(found, 8080, None) == {"a": {**a, "url": None}, "b": b}


def test_a_name_that_does_not_answer_is_not_returned_as_a_url() -> None:
    found = read(OneListener(), OneAddress(names="port 80 is in use by another program"))
    assert [entry["url"] for entry in by_load_balancer(found, 8080, 80).values()] == [None, None]


def test_a_front_port_of_another_program_is_reported_and_not_returned() -> None:
    taken = "port 8080 is in use by another program: load balancers answer on their own ports only"
    found = read(OneListener(), OneAddress(front=taken))
    assert [entry["front"] for entry in by_load_balancer(found, 8080, 80).values()] == [None, None]
    proxy = parts([], datetime(2026, 5, 7, 12, 0, tzinfo=UTC), 1.0, ("process", None), Proxy(remark=taken), Disk())[2]
    assert (proxy.name, proxy.ok, proxy.remark) == ("proxy", True, taken)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["ops@example.com", "+15550100"]),
        ("?to=ops@example.com", ["ops@example.com"]),
        ("?newest=1", ["+15550100"]),
        ("?to=nobody", []),
    ],
)
def test_the_mailbox_shows_what_was_sent_to_whom(query: str, expected: list[str]) -> None:
    assert [mail["to"] for mail in client().get(f"/_sandbox/mailbox{query}").get_json()["messages"]] == expected


def test_rates_are_of_the_last_seconds() -> None:
    moments = iter([7.0, 8.0, 8.0])
    given = surface(rates=Rates(lambda: next(moments)))
    given.rates.take(Records([request_record()] * 20))
    answer = client(given).get("/_sandbox/rates").get_json()
    assert answer["cpu"] == {"i-1": 42.5}
    assert [(rate["target"], rate["requests_per_second"], rate["p99_ms"]) for rate in answer["targets"]] == [("172.31.0.5:80", 2.0, 1.0)]
    assert [rate["target_group"] for rate in answer["target_groups"]] == ["arn:tg"]


# ---- faults ------------------------------------------------------------------------------------------------------------------------------


def test_a_fault_is_announced_listed_and_cleared() -> None:
    app = client(surface())
    made = app.post("/_sandbox/faults", json={"summary": "i-1 is terminated", "targets": ["i-1"]}).get_json()
    assert (made["id"], made["kind"], made["targets"], made["until"]) == ("fault-1", "announced", ["i-1"], None)
    assert app.get("/_sandbox/faults").get_json()["faults"] == [made]
    assert app.post("/_sandbox/faults/clear", json={"id": "fault-1"}).get_json()["cleared"] == [made]
    again = app.post("/_sandbox/faults/clear", json={"id": "fault-1"})
    expected = {"error": "There is no active fault 'fault-1'.", "next": "sandbox fault list"}
    assert (again.status_code, again.get_json()) == (404, expected)
    assert app.get("/_sandbox/faults").get_json()["faults"] == []


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"summary": " "}, {"summary": 1}, {"summary": "x", "targets": "i-1"}, {"summary": "x", "targets": [1]}]
    + [{"summary": "x", "seconds": seconds} for seconds in (0, -1, 86_401, "60", True)],
)
def test_an_announcement_that_is_not_one_is_refused_and_changes_nothing(body: object) -> None:
    app = client(surface())
    assert app.post("/_sandbox/faults", json=body).status_code == 400
    assert app.get("/_sandbox/faults").get_json()["faults"] == []


BAD_FAULTS: list[tuple[object, int, str]] = [
    ({"kind": 1}, 400, "Invalid body: expected"),
    ({"kind": "latency", "targets": "i-1"}, 400, "Invalid targets: expected a list of ids or names."),
    ({"kind": "latency", "targets": ["i-1"], "parameters": [1]}, 400, "Invalid body: expected"),
    ({"kind": "latency", "targets": ["i-1"], "for": 10}, 400, "Invalid for 10: expected a duration in quotes"),
    ({"kind": "latency", "targets": ["i-1"], "for": "P400D", "parameters": {"milliseconds": 1}}, 400, "Invalid duration of latency"),
    ({"kind": "latency", "targets": ["i-1"], "seconds": 10}, 400, "Invalid body: it has no 'seconds'"),
    ({"kind": "latency", "targets": [""], "parameters": {"milliseconds": 1}}, 400, "There is no instance, Auto Scaling group or"),
    ({"kind": "latency", "targets": ["i-1"] * 501, "parameters": {"milliseconds": 1}}, 400, "501 targets are too many: at most 500."),
    ({"kind": "latency", "targets": ["i-1"], "parameters": {"milliseconds": "1e3"}}, 400, "Invalid milliseconds '1e3' of latency"),
    ({"kind": "latency", "targets": ["i-1"], "parameters": {"milliseconds": [1]}}, 400, "Invalid milliseconds [1] of latency"),
    ({"kind": "instance-crash", "targets": ["i-1"], "for": "1m"}, 400, "instance-crash happens at once and is not undone"),
    ({"kind": "", "targets": ["i-1"]}, 400, "There is no kind of fault ''."),
]


@pytest.mark.parametrize(("body", "status", "sentence"), BAD_FAULTS)
def test_a_fault_that_is_not_valid_is_refused_in_a_sentence_and_changes_nothing(body: object, status: int, sentence: str) -> None:
    app = client(surface())
    answer = app.post("/_sandbox/faults", json=body)
    said = answer.get_json()
    assert (answer.status_code, said["error"].startswith(sentence), said["next"].startswith("sandbox ")) == (status, True, True), said
    assert app.get("/_sandbox/faults").get_json() == {"faults": []}


def test_a_second_fault_of_a_kind_on_a_target_conflicts_and_another_can_follow_when_it_is_cleared() -> None:
    app, body = client(surface()), {"kind": "latency", "targets": ["i-1"], "parameters": {"milliseconds": 5}, "for": "PT10M"}
    statuses = [app.post("/_sandbox/faults", json=body).status_code for _ in range(2)]
    app.post("/_sandbox/faults/clear", json={"all": True})
    made = app.post("/_sandbox/faults", json=body)
    assert (statuses, made.status_code, made.get_json()["id"]) == ([201, 409], 201, "fault-2")


@pytest.mark.parametrize("body", [{"id": "fault-9"}, {"id": 9}, {"id": None, "all": False}, {"all": "yes"}])
def test_clearing_what_is_not_active_is_not_found(body: object) -> None:
    assert client(surface()).post("/_sandbox/faults/clear", json=body).status_code == 404


def test_kinds_and_targets_are_tables() -> None:
    app = client(surface())
    kinds = {kind["name"]: kind for kind in app.get("/_sandbox/faults/kinds").get_json()["kinds"]}
    assert kinds["error-rate"]["parameters"][1]["default"] == 500
    targets = app.get("/_sandbox/faults/targets").get_json()["targets"]
    assert {(each["name"], each["type"]) for each in targets} >= {
        ("i-1", "instance"),
        ("web", "group"),
        ("us-east-1a", "zone"),
        ("ec2", "service"),
    }


def test_a_machine_shows_what_became_of_its_user_data() -> None:
    result = UserDataResult(state=UserDataState.NOT_RUN, reason="it is no script", finished=3.0)
    machine = Container(instance_id="i-1", state=ContainerState.RUNNING, user_data=result)
    [shown] = client(surface(containers=lambda: {"i-1": machine})).get("/_sandbox/machines").json["machines"]
    assert shown["user_data"] == {"state": "not run", "reason": "it is no script", "finished": 3.0}
