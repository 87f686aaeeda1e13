"""Envoy's access log lines: their JSON format (part of each listener's configuration), and reading them as AccessRecords.

The names of listeners and routes contain all that a record needs, so that lines from before a restart of the control plane can be read too.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from sys import intern
from typing import Any, Self

from sandbox.drivers.proxy.base import AccessRecord, FixedResponse, Forward, ListenerConfig, Redirect, RuleConfig
from sandbox.drivers.proxy.envoy.config.conditions import Json

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

    @classmethod
    def of(cls, listener: ListenerConfig) -> Self:
        return cls(arn=listener.arn, load_balancer=listener.load_balancer, port=listener.port)

    def __str__(self) -> str:
        return f"{self.arn}|{self.load_balancer}|{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteName:
    listener: ListenerName
    priority: int  # 0: the default rule; -1: answered before any rule
    action: str  # as in `actions_executed`

    @classmethod
    def of(cls, listener: ListenerConfig, rule: RuleConfig | None) -> Self:
        priority = -1 if rule is None else rule.priority or 0
        return cls(listener=ListenerName.of(listener), priority=priority, action="-" if rule is None else action_name(rule))

    def __str__(self) -> str:
        return f"{self.listener}|{self.priority}|{self.action}"


def action_name(rule: RuleConfig) -> str:
    match rule.action:
        case Forward():
            return "forward"
        case Redirect():
            return "redirect"
        case FixedResponse():
            return "fixed-response"


def log_format(listener: str) -> Json:
    """`listener`: its ListenerName, or "" for the front port, where the load balancer is known only from the route."""
    return {
        "listener": listener,
        "route": "%ROUTE_NAME%",
        "began": "%START_TIME(%s.%6f)%",
        "took": "%DURATION%",
        "sending": "%COMMON_DURATION(DS_RX_BEG:US_TX_BEG:us)%",
        "waiting": "%COMMON_DURATION(US_TX_END:US_RX_BEG:us)%",
        "answering": "%COMMON_DURATION(US_RX_BEG:DS_TX_END:us)%",
        "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
        "target": "%UPSTREAM_HOST_NAME%",
        "group": "%UPSTREAM_CLUSTER%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "in": "%DOWNSTREAM_WIRE_BYTES_RECEIVED%",
        "out": "%DOWNSTREAM_WIRE_BYTES_SENT%",
        "method": "%REQ(:METHOD)%",
        "host": "%REQ(:AUTHORITY)%",
        "path": "%REQ(:PATH)%",
        "version": "%PROTOCOL%",
        "agent": "%REQ(USER-AGENT)%",
        "trace": "%REQ(X-AMZN-TRACE-ID)%",
        "location": "%RESP(LOCATION)%",
    }


def read(lines: Iterable[bytes]) -> Iterator[AccessRecord]:
    """Skips lines without a load balancer (an unknown Host on the front port) and lines that a killed Envoy left incomplete."""
    for line in lines:
        try:
            seen = json.loads(line)
        except ValueError:
            continue
        route = _route(seen["route"] or "", seen["listener"])
        if route is not None:
            yield _record(seen, route)


@lru_cache(maxsize=4096)
def _route(name: str, listener: str) -> RouteName | None:
    fields = (name or listener).split("|")
    if len(fields) < 3:
        return None
    known = ListenerName(arn=fields[0], load_balancer=fields[1], port=int(fields[2]))
    return RouteName(listener=known, priority=int(fields[3]) if len(fields) == 5 else -1, action=fields[4] if len(fields) == 5 else "-")


def _record(seen: dict[str, Any], route: RouteName) -> AccessRecord:
    answered = seen["details"] == "via_upstream"
    refused = seen["status"] in REFUSED and seen["details"] == "lua_response"
    flags, target = seen["flags"] or "", seen["target"]
    began = datetime.fromtimestamp(float(seen["began"]), UTC)
    dispatched = target is not None and "UF" not in flags and "UC" not in flags
    return AccessRecord(
        time=began + timedelta(milliseconds=seen["took"] or 0),
        listener=route.listener.arn,
        load_balancer=route.listener.load_balancer,
        client=seen["client"],
        target=_shared(target),
        target_group=_shared(seen["group"]) if route.action == "forward" and not refused else None,
        rule_priority=-1 if refused else route.priority,
        elb_status_code=seen["status"] or (CLIENT_CLOSED if "DC" in flags else 0),
        target_status_code=seen["status"] if answered else None,
        request_processing_time=_time(seen["sending"]) if dispatched else _NO_ANSWER,
        target_processing_time=_time(seen["waiting"]) if answered else _NO_ANSWER,
        response_processing_time=_time(seen["answering"]) if answered else _NO_ANSWER,
        received_bytes=seen["in"] or 0,
        sent_bytes=seen["out"] or 0,
        request=intern(_request(seen, route.listener.port)),
        user_agent=intern(seen["agent"] or "-"),
        trace_id=seen["trace"] or "-",
        request_creation_time=began,
        actions_executed="-" if refused else route.action,
        error_reason="-",
        target_connection_error="UF" in flags,
        redirect_url=(seen["location"] or "-") if route.action == "redirect" else "-",
    )


def _shared(text: str | None) -> str | None:
    """Records share equal strings, because thousands of records are kept."""
    return None if text is None else intern(text)


def _time(microseconds: int | None) -> float:
    return _NO_ANSWER if microseconds is None else microseconds * _MICROSECONDS


def _request(seen: dict[str, Any], port: int) -> str:
    """`GET http://name:80/path HTTP/1.1`; dashes for what is unknown of a malformed request."""
    if seen["method"] is None:
        return f"- http://-:{port}- -"
    host = _PORT.sub("", seen["host"] or "-")
    return f"{seen['method']} http://{host}:{port}{seen['path']} {seen['version']}"
