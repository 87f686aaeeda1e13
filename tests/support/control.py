"""/_sandbox without a sandbox: a control surface with fixed answers, any WSGI application served on loopback, and what OpenAPI says."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from werkzeug.serving import make_server

from sandbox.agenda import Loop
from sandbox.aws.seams import Seam
from sandbox.control.access_log import AccessLog
from sandbox.control.endpoints import Endpoint
from sandbox.control.gameday.game import GameDay
from sandbox.control.health import Part
from sandbox.control.observed.model import Observed
from sandbox.control.rates import Rates
from sandbox.control.surface import ControlSurface
from sandbox.core.clock import WallClock
from sandbox.core.journal import Journal
from sandbox.drivers.proxy.base import AccessRecord
from sandbox.drivers.runtime.base import Container, ContainerState
from sandbox.faults.injector import FaultInjector
from sandbox.faults.registry import FaultRegistry
from sandbox.settings import Settings
from tests.support.services.faults import FakeInventory, fault_context, instance

WELL = (Part(name="engine", ok=True, sentence="3 loops are running; none is failing."),)
LISTENER = Endpoint(
    load_balancer="web", load_balancer_arn="arn:lb", dns_name="web-1.elb", state="active", port=80, url="http://127.0.0.1:8081/"
)

SERVICES = (
    {"name": "ec2", "class": "real", "saved": True, "note": "Instances.", "refused": []},
    {
        "name": "events",
        "class": "record",
        "saved": False,
        "note": "Rules are kept.",
        "refused": [
            {"operations": ["PutRule"], "why": "it would never fire", "when": "ScheduleExpression"},
            {"operations": ["StartReplay"], "why": "archives are not replayed"},
        ],
    },
    {"name": "textract", "class": "refused", "saved": False, "note": "no model reads the documents", "refused": []},
)
NOTHING = Observed(zones=(("us-east-1a", "use1-az1"),), instances=(), load_balancers=(), target_groups=(), groups=(), alarms=())
MAIL = {
    "at": "2026-05-07T12:00:00.000Z",
    "protocol": "email",
    "from": "no-reply",
    "body": "hello",
    "message_id": "m-1",
    "topic_arn": "arn:t",
}
MAILS = (
    {**MAIL, "to": "ops@example.com", "subject": "ALARM"},
    {**MAIL, "to": "+15550100", "subject": None, "protocol": "sms"},
)


def surface(**changes: Any) -> ControlSurface:
    clock = WallClock(start=datetime(2026, 5, 7, 12, 0, tzinfo=UTC))
    journal = Journal(clock)
    faults = FaultRegistry(clock, journal, lambda when, callback: None)
    inventory = FakeInventory([instance("i-1", group="web")], ("web",))
    inject = FaultInjector(faults, lambda: fault_context(clock, journal, inventory, registry=faults)).begin
    plain = ControlSurface(
        settings=Settings(),
        clock=clock,
        journal=journal,
        faults=faults,
        inventory=inventory,
        inject=inject,
        gameday=GameDay(
            clock=clock,
            journal=journal,
            faults=faults,
            inventory=inventory,
            inject=inject,
            at=lambda when, callback: None,
            runtime="simulated",
            account=Settings().account,
        ),
        access_log=AccessLog(),
        policy=lambda: None,
        health=lambda: WELL,
        loops=lambda: (Loop("ec2", "123456789012/us-east-1/i-1", runs=2, last_run=clock.now()),),
        seams=lambda: (Seam(seam="S1", where="moto.ec2.models.EC2Backend.run_instances", by="sandbox.services.ec2", why="EC2-3"),),
        services=lambda: SERVICES,
        endpoints=lambda: (LISTENER,),
        observed=lambda: NOTHING,
        alarm_points=lambda names, until: {},
        terminate=lambda instance_id: None,
        listener_address=lambda arn: None,
        in_a_vpc=lambda address: False,
        containers=lambda: {"i-1": Container(instance_id="i-1", state=ContainerState.RUNNING, boots=1)},
        shell=lambda instance_id: None,
        endpoint=lambda address, port: (address, port),
        console={"i-1": b"booted \xff\n"}.__getitem__,
        rates=Rates(lambda: 0.0),
        cpu=lambda: {"i-1": 42.5},
        certificate=lambda: b"-----BEGIN CERTIFICATE-----\n",
        mailbox=lambda to: [mail for mail in MAILS if to in (None, mail["to"])],
        set_speed=clock.set_speed,
        reset=lambda: None,
        runtime="simulated",
        learner_dir=Path(".sandbox"),
        of=lambda account: replace(plain, settings=replace(plain.settings, account=account)),
    )
    return replace(plain, **changes)


def request_record() -> AccessRecord:
    now = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
    return AccessRecord(
        time=now,
        listener="arn:listener",
        load_balancer="app/web/1",
        client="127.0.0.1:5000",
        target="172.31.0.5:80",
        target_group="arn:tg",
        rule_priority=0,
        elb_status_code=200,
        target_status_code=200,
        request_processing_time=0.0,
        target_processing_time=0.001,
        response_processing_time=0.0,
        received_bytes=10,
        sent_bytes=20,
        request="GET http://web-1.elb:80/ HTTP/1.1",
        user_agent="test",
        trace_id="Root=1-2-3",
        request_creation_time=now,
        actions_executed="forward",
        error_reason="-",
    )


@contextlib.contextmanager
def served(app: object) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


JSON = "application/json"


class Described:
    """The document, in which an object has no field but those that are described."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        schemas = document["components"]["schemas"]
        closed = {name: {**each, "additionalProperties": False} if "properties" in each else each for name, each in schemas.items()}
        self._components = {"components": {"schemas": closed}}

    def operation(self, method: str, path: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document["paths"][path][method.lower()]
        return found

    def problems(self, method: str, path: str, status: int, answer: Any) -> list[str]:
        """What differs from the schema of this status, one sentence for each."""
        responses = self.operation(method, path)["responses"]
        if str(status) not in responses:
            return [f"{method} {path} answered {status}, which is not described: {answer}"]
        return self.differences(responses[str(status)]["content"][JSON]["schema"], answer)

    def differences(self, schema: Mapping[str, Any], value: Any) -> list[str]:
        found = Draft202012Validator({**self._components, **schema}).iter_errors(value)
        return [f"{'/'.join(str(step) for step in each.absolute_path)}: {each.message}" for each in found]
