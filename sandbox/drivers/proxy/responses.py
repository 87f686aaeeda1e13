"""The responses of the simulated proxy: what a client gets, and what the access record of the request needs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from sandbox.drivers.proxy.base import (
    LONGEST_HEADER,
    LONGEST_REQUEST_LINE,
    AccessRecord,
    Endpoint,
    ListenerConfig,
    Node,
    Redirect,
    RuleConfig,
)
from sandbox.drivers.proxy.envoy.access.log_format import action_name
from sandbox.drivers.proxy.envoy.config.local_replies import page
from sandbox.drivers.proxy.matching import Request

NEVER = timedelta(hours=1)  # longer than any client waits
_NO_ANSWER = -1.0


class Response(NamedTuple):
    status: int  # 0: none, the node does not answer
    target_id: str | None  # None: a response of the load balancer itself
    body: str
    latency: timedelta  # virtual
    headers: Mapping[str, str]
    cookies: Mapping[str, str] = MappingProxyType({})  # that it sets
    node: str | None = None  # the zone of the load balancer's node that has the connection
    zone: str | None = None  # of the target


class Sent(NamedTuple):
    """A request, as the client sent it."""

    at: datetime
    port: int  # of the client
    trace: int  # 96 random bits
    requests: int  # how many equal ones


class Handled(NamedTuple):
    """The response to a request, and what its access record needs."""

    response: Response
    group: str | None = None  # arn
    endpoint: Endpoint | None = None
    answered: bool = False  # by the target
    refused: bool = False  # no connection was made
    in_its_place: bool = False  # a fault answered for the target, which the request did not reach

    @property
    def worker(self) -> str | None:
        """The target that worked for the request."""
        return self.endpoint.target_id if self.answered and self.endpoint and not self.in_its_place else None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for requests whose access records differ in times only."""
        response = self.response
        target = self.endpoint.target if self.endpoint else None
        return response.status, response.node, response.zone, self.group, target, self.answered, self.refused, self.fails_open

    def opens(self, listener: ListenerConfig) -> tuple[str, ...]:
        """What a connection is opened to: the listener, and the target group if the target accepts it."""
        return (listener.arn, self.group) if self.group and self.endpoint and not self.refused else (listener.arn,)

    @property
    def fails_open(self) -> bool:
        return self.endpoint is not None and self.endpoint.fail_open

    def taking(self, latency: timedelta) -> "Handled":
        return self._replace(response=self.response._replace(latency=latency))

    def at_node(self, listener: ListenerConfig, node: Node) -> "Handled":
        """As the client of this node sees it."""
        zone = self.endpoint.zone if self.endpoint else None
        return self._replace(response=with_headers_of(listener, self.response)._replace(node=node.zone or None, zone=zone))

    def delayed(self, by: timedelta) -> "Handled":
        return self._replace(response=self.response._replace(latency=self.response.latency + by)) if by else self


Parts = tuple[ListenerConfig, RuleConfig | None, Request, Handled]
"""What an access record is made of, besides times."""


@dataclass(slots=True)
class Ending:
    """Requests that end in the same few seconds and differ in nothing that their access record shows."""

    parts: Parts  # of the first
    ended: datetime  # the first
    requests: int
    seconds: float  # latencies, added up

    def add(self, requests: int, latency: float) -> None:
        self.requests += requests
        self.seconds += requests * latency


def location(redirect: Redirect, listener: ListenerConfig, request: Request) -> str:
    """ALB-25. `#{port}` is the port in the Host header, or the listener's."""
    path, _, query = request.path.removeprefix("/").partition("?")
    host, _, port = request.host.partition(":")
    values = {"protocol": "http", "host": host, "port": port or str(listener.port), "path": path, "query": query}

    def filled(template: str) -> str:
        for name, value in values.items():
            template = template.replace(f"#{{{name}}}", value)
        return template

    url = filled(f"{redirect.protocol.lower()}://{redirect.host}:{redirect.port}{redirect.path}")
    wanted = filled(redirect.query)
    return f"{url}?{wanted}" if wanted else url


def refused(request: Request) -> int | None:
    """ALB-36: the status for a request that is too large."""
    if len(f"{request.method} {request.path} HTTP/1.1") > LONGEST_REQUEST_LINE:
        return 414
    return 400 if any(len(name) + len(value) > LONGEST_HEADER for name, value in request.headers.items()) else None


def with_headers_of(listener: ListenerConfig, response: Response) -> Response:
    """ALB-17."""
    hidden = {"Server"} if response.target_id is None and not listener.server_header else set()
    headers = {name: value for name, value in response.headers.items() if name not in hidden}
    return response._replace(headers=headers | dict(listener.response_headers))


def own_response(status: int, to: str | None = None, latency: timedelta = timedelta(0)) -> Response:
    headers = {"Server": "awselb/2.0", "Content-Type": "text/html", **({"Location": to} if to else {})}
    return Response(status, None, page(status), latency, headers)


def access_record(listener: ListenerConfig, rule: RuleConfig | None, request: Request, handled: Handled, sent: Sent) -> AccessRecord:
    endpoint, answered, response = handled.endpoint, handled.answered, handled.response
    dispatched = endpoint is not None and not handled.refused
    return AccessRecord(
        time=sent.at + response.latency,
        listener=listener.arn,
        load_balancer=listener.load_balancer,
        client=f"{request.source_ip}:{sent.port}",
        target=endpoint.target if endpoint else None,
        target_group=handled.group,
        rule_priority=-1 if rule is None else rule.priority or 0,
        elb_status_code=response.status,
        target_status_code=response.status if answered else None,
        request_processing_time=0.0 if dispatched else _NO_ANSWER,
        target_processing_time=response.latency.total_seconds() if answered else _NO_ANSWER,
        response_processing_time=0.0 if answered else _NO_ANSWER,
        received_bytes=0,
        sent_bytes=len(response.body),
        request=f"{request.method} http://{request.host.partition(':')[0]}:{listener.port}{request.path} HTTP/1.1",
        user_agent=request.header("User-Agent") or "-",
        trace_id=f"Root=1-{int(sent.at.timestamp()):08x}-{sent.trace:024x}",
        request_creation_time=sent.at,
        actions_executed="-" if rule is None else action_name(rule),
        error_reason="-",
        target_connection_error=handled.refused,
        redirect_url=response.headers.get("Location", "-"),
        node_zone=response.node,
        target_zone=response.zone,
        fail_open=handled.fails_open,
        count=sent.requests,
    )
