"""Envoy's access log lines: their format (part of each listener's configuration), and reading them as AccessRecords.

The names of listeners, routes and targets contain all that a record needs, so that lines from before a restart of the control plane can be
read too. The fields are plain text with a separator: JSON would cost Envoy and the reader several times as much.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from sys import intern
from typing import NamedTuple, Self

from sandbox.drivers.proxy.base import AccessRecord, Endpoint, FixedResponse, Forward, ListenerConfig, Redirect, RuleConfig

ROUTE = " "  # between the names of listener and route
DARK = "dark"  # the route of a node that is cut off, whose requests appear in no access log
CLIENT_CLOSED = 460
REFUSED = (400, 414, 463)  # by request.lua
_NO_ANSWER = -1.0
_MICROSECONDS = 1e-6
_PORT = re.compile(r":[0-9]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerName:
    arn: str
    load_balancer: str
    port: int
    zone: str  # of the load balancer's node; "" for one without zones

    @classmethod
    def of(cls, listener: ListenerConfig, zone: str) -> Self:
        return cls(arn=listener.arn, load_balancer=listener.load_balancer, port=listener.port, zone=zone)

    def __str__(self) -> str:
        return f"{self.arn}|{self.load_balancer}|{self.port}|{self.zone}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteName:
    listener: ListenerName
    priority: int  # 0: the default rule; -1: answered before any rule
    action: str  # as in `actions_executed`

    @classmethod
    def of(cls, listener: ListenerConfig, zone: str, rule: RuleConfig | None) -> Self:
        priority = -1 if rule is None else rule.priority or 0
        return cls(listener=ListenerName.of(listener, zone), priority=priority, action="-" if rule is None else action_name(rule))

    def __str__(self) -> str:
        """On a port of the listener itself: the log has its name already."""
        return f"{self.priority}|{self.action}"

    @property
    def on_shared_port(self) -> str:
        return f"{self.listener}{ROUTE}{self}"


def action_name(rule: RuleConfig) -> str:
    match rule.action:
        case Forward():
            return "forward"
        case Redirect():
            return "redirect"
        case FixedResponse():
            return "fixed-response"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetName:
    """The host name of an endpoint, which Envoy writes for the target that it chose."""

    target: str  # "172.31.0.5:80"
    zone: str
    fail_open: bool

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        return cls(target=endpoint.target, zone=endpoint.zone, fail_open=endpoint.fail_open)

    def __str__(self) -> str:
        return f"{self.target}|{self.zone}|{int(self.fail_open)}"


PART, FIELD, ABSENT = "\x1e", "\x1f", "-"  # separators: header values have no control characters but tabs
_COMMON = {
    "route": "%ROUTE_NAME%",
    "group": "%UPSTREAM_CLUSTER%",
    "target": "%UPSTREAM_HOST_NAME%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
}
_NUMBERS = {
    "began": "%START_TIME(%s.%6f)%",  # seconds since 1970
    "took": "%DURATION%",  # milliseconds
    "sending": "%COMMON_DURATION(DS_RX_BEG:US_TX_BEG:us)%",
    "waiting": "%COMMON_DURATION(US_TX_END:US_RX_BEG:us)%",
    "answering": "%COMMON_DURATION(US_RX_BEG:DS_TX_END:us)%",
    "received": "%DOWNSTREAM_WIRE_BYTES_RECEIVED%",
    "sent": "%DOWNSTREAM_WIRE_BYTES_SENT%",
}
_TEXTS = {
    "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
    "method": "%REQ(:METHOD)%",
    "host": "%REQ(:AUTHORITY)%",
    "path": "%REQ(:PATH)%",
    "version": "%PROTOCOL%",
    "agent": "%REQ(USER-AGENT)%",
    "trace": "%REQ(X-AMZN-TRACE-ID)%",
    "location": "%RESP(LOCATION)%",
}
NUMBERS, TEXTS = tuple(_NUMBERS), tuple(_TEXTS)


class _Line(NamedTuple):
    """The fields of a line, as text."""

    listener: str
    route: str
    group: str
    target: str
    status: str
    flags: str
    details: str
    began: str
    took: str
    sending: str
    waiting: str
    answering: str
    received: str
    sent: str
    client: str
    method: str
    host: str
    path: str
    version: str
    agent: str
    trace: str
    location: str


def log_format(listener: str) -> str:
    """`listener`: its ListenerName, or "" for a shared port, where the load balancer is known only from the route.

    What many requests have in common comes first, then the numbers, then what differs (log_batch.py)."""
    common = FIELD.join((listener.replace("%", "%%"), *_COMMON.values()))
    return PART.join((common, " ".join(_NUMBERS.values()), FIELD.join(_TEXTS.values()))) + "\n"


def read(lines: Iterable[bytes]) -> Iterator[AccessRecord]:
    """Skips lines without a load balancer (an unknown Host on the front port, a node that is cut off) and lines that a killed Envoy left
    incomplete."""
    for line in lines:
        parts = line.decode(errors="replace").split(PART)
        fields = [*parts[0].split(FIELD), *parts[1].split(" "), *parts[2].split(FIELD)] if len(parts) == 3 else []
        if len(fields) != len(_Line._fields):
            continue
        seen = _Line._make(fields)
        route = _route(seen.route, seen.listener)
        if route is not None:
            yield _record(seen, route)


def of_common_part(text: str) -> AccessRecord | None:
    """A record of which only what the first part of a line has is known."""
    fields = text.split(FIELD)
    if len(fields) != len(_COMMON) + 1:
        return None
    rest = [ABSENT] * (len(_Line._fields) - len(fields))
    seen = _Line._make([*fields, *rest])._replace(began="0")
    route = _route(seen.route, seen.listener)
    return _record(seen, route) if route is not None else None


@lru_cache(maxsize=4096)
def _route(name: str, listener: str) -> RouteName | None:
    """Of a request that was answered before any rule, the listener only."""
    if not listener:
        listener, _, name = name.rpartition(ROUTE)
    fields = listener.split("|")
    if len(fields) != 4 or name == DARK:
        return None
    known = ListenerName(arn=fields[0], load_balancer=fields[1], port=int(fields[2]), zone=fields[3])
    priority, _, action = (f"-1|{ABSENT}" if name == ABSENT else name).partition("|")
    return RouteName(listener=known, priority=int(priority), action=action)


@lru_cache(maxsize=16_384)
def _target(name: str) -> TargetName | None:
    target, _, rest = name.partition("|")
    zone, _, fail_open = rest.partition("|")
    return None if name == ABSENT else TargetName(target=target, zone=zone, fail_open=fail_open == "1")


def _record(seen: _Line, route: RouteName) -> AccessRecord:
    answered = seen.details == "via_upstream"
    status = int(seen.status)
    refused = status in REFUSED and seen.details == "lua_response"
    flags, target = seen.flags, _target(seen.target)
    began = datetime.fromtimestamp(float(seen.began), UTC)
    dispatched = target is not None and "UF" not in flags and "UC" not in flags
    return AccessRecord(
        time=began + timedelta(milliseconds=_number(seen.took)),
        listener=route.listener.arn,
        load_balancer=route.listener.load_balancer,
        client=seen.client,
        target=target.target if target else None,
        target_group=_target_group(seen.group) if route.action == "forward" and not refused else None,
        rule_priority=-1 if refused else route.priority,
        elb_status_code=status or (CLIENT_CLOSED if "DC" in flags else 0),
        target_status_code=status if answered else None,
        request_processing_time=_time(seen.sending) if dispatched else _NO_ANSWER,
        target_processing_time=_time(seen.waiting) if answered else _NO_ANSWER,
        response_processing_time=_time(seen.answering) if answered else _NO_ANSWER,
        received_bytes=_number(seen.received),
        sent_bytes=_number(seen.sent),
        request=intern(_request(seen, route.listener.port)),
        user_agent=intern(seen.agent),
        trace_id=seen.trace,
        request_creation_time=began,
        actions_executed=ABSENT if refused else route.action,
        error_reason=ABSENT,
        target_connection_error="UF" in flags,
        redirect_url=seen.location if route.action == "redirect" else ABSENT,
        node_zone=route.listener.zone or None,
        target_zone=target.zone if target else None,
        fail_open=target is not None and target.fail_open,
    )


@lru_cache(maxsize=4096)
def _target_group(cluster: str) -> str | None:
    """The ARN in the name of a cluster, which has a zone when the target group's cross-zone load balancing is off."""
    return None if cluster == ABSENT else intern(cluster.partition("|")[0])


def _number(text: str) -> int:
    return 0 if text == ABSENT else int(text)


def _time(microseconds: str) -> float:
    return _NO_ANSWER if microseconds == ABSENT else int(microseconds) * _MICROSECONDS


def _request(seen: _Line, port: int) -> str:
    """`GET http://name:80/path HTTP/1.1`; dashes for what is unknown of a malformed request."""
    if seen.method == ABSENT:
        return f"- http://-:{port}- -"
    host = _PORT.sub("", seen.host)
    return f"{seen.method} http://{host}:{port}{seen.path} {seen.version}"
