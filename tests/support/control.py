"""/_sandbox without a sandbox: a control surface with fixed answers, and any WSGI application served on loopback."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from werkzeug.serving import make_server

from sandbox.aws.seams import Seam
from sandbox.control.access_log import AccessLog
from sandbox.control.endpoints import Endpoint
from sandbox.control.health import Part
from sandbox.control.rates import Rates
from sandbox.control.surface import ControlSurface
from sandbox.core.clock import WallClock
from sandbox.core.journal import Journal
from sandbox.drivers.proxy.base import AccessRecord
from sandbox.drivers.runtime.base import Container, ContainerState
from sandbox.engine import Loop
from sandbox.faults.registry import FaultRegistry
from sandbox.settings import Settings

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
MAILS = ({"to": "ops@example.com", "subject": "ALARM"}, {"to": "+15550100", "subject": None})


def surface(**changes: Any) -> ControlSurface:
    clock = WallClock(start=datetime(2026, 5, 7, 12, 0, tzinfo=UTC))
    journal = Journal(clock)
    plain = ControlSurface(
        settings=Settings(),
        clock=clock,
        journal=journal,
        faults=FaultRegistry(clock, journal, lambda when, callback: None),
        access_log=AccessLog(),
        health=lambda: WELL,
        loops=lambda: (Loop("ec2", "123456789012/us-east-1/i-1", runs=2, last_run=clock.now()),),
        seams=lambda: (Seam(seam="S1", where="moto.ec2.models.EC2Backend.run_instances", by="sandbox.services.ec2", why="EC2-3"),),
        services=lambda: SERVICES,
        endpoints=lambda: (LISTENER,),
        containers=lambda: {"i-1": Container(instance_id="i-1", state=ContainerState.RUNNING, boots=1)},
        console={"i-1": b"booted \xff\n"}.__getitem__,
        rates=Rates(lambda: 0.0),
        cpu=lambda: {"i-1": 42.5},
        mailbox=lambda to: [mail for mail in MAILS if to in (None, mail["to"])],
        set_speed=clock.set_speed,
        reset=lambda: None,
        runtime="simulated",
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
