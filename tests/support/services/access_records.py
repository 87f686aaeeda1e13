"""Access records and kinds of requests for the tests of load balancer metrics."""

from datetime import UTC, datetime
from typing import Any

from sandbox.drivers.proxy.base import AccessRecord

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/front/50dc6c495c0c9188/f2f7dc8efc522ab2"
BALANCER = "app/front/50dc6c495c0c9188"
GROUP_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
GROUP = "targetgroup/web/73e2d6bc24d8a067"
TARGET = "172.31.0.5:80"


def record(**fields: Any) -> AccessRecord:
    """A request that the target answered with 200 after 12.34 ms."""
    known: dict[str, Any] = {
        "time": NOON,
        "listener": LISTENER,
        "load_balancer": BALANCER,
        "client": "203.0.113.10:40000",
        "target": TARGET,
        "target_group": GROUP_ARN,
        "rule_priority": 0,
        "elb_status_code": 200,
        "target_status_code": 200,
        "request_processing_time": 0.0,
        "target_processing_time": 0.01234,
        "response_processing_time": 0.0,
        "received_bytes": 100,
        "sent_bytes": 300,
        "request": "GET http://front:80/ HTTP/1.1",
        "user_agent": "-",
        "trace_id": "-",
        "request_creation_time": NOON,
        "actions_executed": "forward",
        "error_reason": "-",
        "node_zone": "us-east-1a",
        "target_zone": "us-east-1b",
    }
    return AccessRecord(**(known | fields))


def answered_by_balancer(status: int, **fields: Any) -> AccessRecord:
    """No target was reached, so there is no target's status or time."""
    none = {"target": None, "target_status_code": None, "target_processing_time": -1.0}
    return record(**(none | {"elb_status_code": status} | fields))
