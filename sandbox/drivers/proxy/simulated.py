"""The Proxy of the simulated world: answers requests from its configuration by the same rules as Envoy, without virtual time passing. The
latency of a request is part of its response; its AccessRecord is published when that much virtual time has passed.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple

from sandbox.drivers.proxy import cookies
from sandbox.drivers.proxy.base import (
    LONGEST_HEADER,
    LONGEST_REQUEST_LINE,
    AccessRecord,
    Connections,
    Endpoint,
    FixedResponse,
    Forward,
    ListenerConfig,
    ProxyConfig,
    Redirect,
    RuleConfig,
    TargetGroupConfig,
)
from sandbox.drivers.proxy.envoy.access.log_format import action_name
from sandbox.drivers.proxy.envoy.config.local_replies import page
from sandbox.drivers.proxy.matching import Request, choose
from sandbox.drivers.world import Answer, World

_FIRST_PORT = 8081
_FIRST_CLIENT_PORT = 32768
_NO_ANSWER = -1.0


class Response(NamedTuple):
    status: int
    target_id: str | None  # None: a response of the load balancer itself
    body: str
    latency: timedelta  # virtual
    headers: Mapping[str, str]
    cookies: Mapping[str, str] = MappingProxyType({})  # that it sets


class _Handled(NamedTuple):
    """The response to a request, and what its access record needs."""

    response: Response
    group: str | None = None  # arn
    endpoint: Endpoint | None = None
    answered: bool = False  # by the target
    refused: bool = False  # no connection was made


class SimulatedProxy:
    def __init__(self, world: World) -> None:
        self._world = world
        self.configuration = ProxyConfig()  # that was applied last
        self._turns: dict[str, itertools.count[int]] = {}
        self._clients = itertools.count(_FIRST_CLIENT_PORT)
        self._ports: dict[str, int] = {}
        self._access: list[Callable[[Sequence[AccessRecord]], None]] = []
        self._trouble: list[Callable[[str], None]] = []
        self._opened: Counter[str] = Counter()
        self.closed: list[tuple[str, int]] = []

    # ---- Proxy -----------------------------------------------------------------------------------------------------------------------

    def apply(self, config: ProxyConfig | None) -> None:
        if config is None:
            return
        self.configuration = config
        for listener in config.listeners:
            self._ports.setdefault(listener.arn, _FIRST_PORT + len(self._ports))

    def rejected(self) -> Sequence[str]:
        return ()

    def local_address(self, listener_arn: str) -> tuple[str, int] | None:
        """Nothing listens there; always the same for a listener."""
        known = any(listener.arn == listener_arn for listener in self.configuration.listeners)
        return ("127.0.0.1", self._ports[listener_arn]) if known else None

    def problems(self) -> dict[str, str]:
        return {}

    def on_access(self, callback: Callable[[Sequence[AccessRecord]], None]) -> None:
        self._access.append(callback)

    def on_trouble(self, callback: Callable[[str], None]) -> None:
        self._trouble.append(callback)

    def connections(self) -> Mapping[str, Connections]:
        """Each request has a connection from its client and one to its target; both end with it."""
        return {arn: Connections(opened=count, open=0) for arn, count in self._opened.items()}

    def close_connections(self, host: str, port: int) -> None:
        """No request is ever open here; the call is recorded in `closed`."""
        self.closed.append((host, port))

    def available(self) -> str | None:
        return None

    def close(self, *, keep_serving: bool = True) -> None:
        pass

    def crash(self) -> None:
        """Like `kill -9` of Envoy: it is restarted with its configuration, and connections are counted from 0 again."""
        self._opened.clear()
        for callback in self._trouble:
            callback("the simulated proxy was killed; it is started again")

    # ---- requests --------------------------------------------------------------------------------------------------------------------

    def request(
        self,
        where: str,
        method: str = "GET",
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        source_ip: str = "203.0.113.10",
        body: str = "",
    ) -> Response:
        """`where`: the ARN of a listener, or a load balancer's DNS name with or without a port.

        Raises KeyError when there is no such listener: on AWS the name would not resolve, or the port not answer."""
        listener = self._listener(where)
        given = dict(headers or {})
        host = next((value for name, value in given.items() if name.lower() == "host"), listener.dns_name)
        request = Request(method=method, host=host, path=path, headers=given, source_ip=source_ip)
        refused = _refused(request)
        rule = None if refused or method == "TRACE" else choose(listener, request)
        handled = _Handled(_own_response(refused or 405)) if rule is None else self._act(listener, rule, request)
        handled = handled._replace(response=_with_headers_of(listener, handled.response))
        self._opened[listener.arn] += 1
        if handled.group and handled.endpoint and not handled.refused:
            self._opened[handled.group] += 1
        self._record(listener, rule, request, handled)
        return handled.response

    def _listener(self, where: str) -> ListenerConfig:
        name, _, port = where.partition(":")
        found = [x for x in self.configuration.listeners if x.arn == where or (x.dns_name == name and (not port or x.port == int(port)))]
        if not found:
            raise KeyError(f"no listener {where}; there are {[x.arn for x in self.configuration.listeners]}")
        return min(found, key=lambda x: (x.port != 80, x.port))

    def _act(self, listener: ListenerConfig, rule: RuleConfig, request: Request) -> _Handled:
        match rule.action:
            case Forward() as forward:
                return self._forward(listener, forward, request)
            case FixedResponse() as fixed:
                headers = {"Server": "awselb/2.0", "Content-Type": fixed.content_type}
                return _Handled(Response(fixed.status_code, None, fixed.body, timedelta(0), headers))
            case Redirect() as redirect:
                return _Handled(_own_response(redirect.status_code, location(redirect, listener, request)))

    def _forward(self, listener: ListenerConfig, forward: Forward, request: Request) -> _Handled:
        now = self._world.clock.now()
        arn = cookies.target_group(forward, request, now) or self._weighted(forward.target_groups)
        group = next((g for g in self.configuration.target_groups if g.arn == arn), None)
        if group is None or not group.endpoints:
            return _Handled(_own_response(503), group=arn)  # TG-38
        same = cookies.target(group, dict(forward.sticky_targets).get(group.arn), request, now)
        handled = self._send(listener, group, same or self._next(group))
        if not handled.answered or handled.endpoint is None:
            return handled
        set_now = cookies.of_response(forward, group.arn, handled.endpoint, handled.response.cookies, now)
        return handled._replace(response=handled.response._replace(cookies={**handled.response.cookies, **set_now}))

    def _weighted(self, groups: tuple[tuple[str, int], ...]) -> str | None:
        if len(groups) == 1:
            return groups[0][0]
        weights = [weight for _, weight in groups]
        return self._world.random.choices([arn for arn, _ in groups], weights)[0] if any(weights) else None  # ALB-24

    def _next(self, group: TargetGroupConfig) -> Endpoint:
        """Round robin over the healthy targets, or over all when none is healthy (TG-35). Requests take no time here, so least outstanding
        requests is round robin too."""
        eligible = [e for e in group.endpoints if e.healthy] or list(group.endpoints)
        if group.algorithm == "weighted_random":
            return self._world.random.choice(eligible)
        return eligible[next(self._turns.setdefault(group.arn, itertools.count())) % len(eligible)]

    def _send(self, listener: ListenerConfig, group: TargetGroupConfig, endpoint: Endpoint) -> _Handled:
        answer, status = self._world.connect(endpoint.host, endpoint.port)
        match answer:
            case Answer.RESPONSE:
                response = Response(status, endpoint.target_id, "", self._world.request_time, {})
                return _Handled(response, group.arn, endpoint, answered=True)
            case Answer.REFUSED:
                return _Handled(_own_response(502), group.arn, endpoint, refused=True)  # ALB-45
            case Answer.BLACKHOLE:
                return _Handled(_own_response(504, latency=listener.connect_timeout), group.arn, endpoint, refused=True)
            case Answer.HANG:
                return _Handled(_own_response(504, latency=listener.idle_timeout), group.arn, endpoint)

    def _record(self, listener: ListenerConfig, rule: RuleConfig | None, request: Request, handled: _Handled) -> None:
        began = self._world.clock.now()
        ended = began + handled.response.latency
        dispatched = handled.endpoint is not None and not handled.refused
        status = handled.response.status
        record = AccessRecord(
            time=ended,
            listener=listener.arn,
            load_balancer=listener.load_balancer,
            client=f"{request.source_ip}:{next(self._clients)}",
            target=handled.endpoint.target if handled.endpoint else None,
            target_group=handled.group,
            rule_priority=-1 if rule is None else rule.priority or 0,
            elb_status_code=status,
            target_status_code=status if handled.answered else None,
            request_processing_time=0.0 if dispatched else _NO_ANSWER,
            target_processing_time=handled.response.latency.total_seconds() if handled.answered else _NO_ANSWER,
            response_processing_time=0.0 if handled.answered else _NO_ANSWER,
            received_bytes=0,
            sent_bytes=len(handled.response.body),
            request=f"{request.method} http://{request.host.partition(':')[0]}:{listener.port}{request.path} HTTP/1.1",
            user_agent=request.header("User-Agent") or "-",
            trace_id=f"Root=1-{int(began.timestamp()):08x}-{self._world.random.getrandbits(96):024x}",
            request_creation_time=began,
            actions_executed="-" if rule is None else action_name(rule),
            error_reason="-",
            target_connection_error=handled.refused,
            redirect_url=handled.response.headers.get("Location", "-"),
        )
        self._world.at(ended, lambda: self._publish(record))

    def _publish(self, record: AccessRecord) -> None:
        for callback in self._access:
            callback((record,))


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


def _refused(request: Request) -> int | None:
    """ALB-36: the status for a request that is too large."""
    if len(f"{request.method} {request.path} HTTP/1.1") > LONGEST_REQUEST_LINE:
        return 414
    return 400 if any(len(name) + len(value) > LONGEST_HEADER for name, value in request.headers.items()) else None


def _with_headers_of(listener: ListenerConfig, response: Response) -> Response:
    """ALB-17."""
    hidden = {"Server"} if response.target_id is None and not listener.server_header else set()
    headers = {name: value for name, value in response.headers.items() if name not in hidden}
    return response._replace(headers=headers | dict(listener.response_headers))


def _own_response(status: int, to: str | None = None, latency: timedelta = timedelta(0)) -> Response:
    headers = {"Server": "awselb/2.0", "Content-Type": "text/html", **({"Location": to} if to else {})}
    return Response(status, None, page(status), latency, headers)
