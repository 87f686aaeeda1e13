"""The Proxy of the simulated world: answers requests from its configuration by the same rules as Envoy, without virtual time passing. The
latency of a request is part of its response; its AccessRecord is published when that much virtual time has passed.

Each request is a new connection, which goes to one of the load balancer's nodes by their weights, unless the caller says which node has
its connection. `request_many` sends equal requests at once: their outcomes are those of as many single requests, at a fraction of the cost.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sandbox.drivers.proxy import cookies
from sandbox.drivers.proxy.base import (
    Connections,
    Endpoint,
    FixedResponse,
    Forward,
    ListenerConfig,
    Node,
    NodeAddress,
    ProxyConfig,
    Redirect,
    RuleConfig,
    TargetGroupConfig,
)
from sandbox.drivers.proxy.batches import AccessBatch
from sandbox.drivers.proxy.loopback import node_host
from sandbox.drivers.proxy.matching import Request, choose
from sandbox.drivers.proxy.open_requests import LONG, OpenRequests, Pending
from sandbox.drivers.proxy.recording import Recording
from sandbox.drivers.proxy.repeats import Repeat, Repeats
from sandbox.drivers.proxy.responses import NEVER, Handled, Response, location, own_response, refused
from sandbox.drivers.proxy.spreading import Turns, order, shares
from sandbox.drivers.proxy.table import Table
from sandbox.drivers.world import Answer, World

_FIRST_PORT = 8081
_NO_TIME = timedelta(0)
_NO_NODE = Node(zone="")  # of a listener without zones


class Outcome(NamedTuple):
    """What some of many equal requests had in common."""

    status: int  # 0: no answer
    target_id: str | None  # None: a response of the load balancer itself
    node: str | None  # zone of the load balancer's node
    zone: str | None  # of the target
    latency: timedelta  # virtual; of the first one
    last_latency: timedelta  # of the last one: a queue grows or shrinks evenly between them
    open: OpenRequests | None = None  # they take long: whoever sent them settles them (`SimulatedProxy.pending`)


class SimulatedProxy:
    def __init__(self, world: World) -> None:
        self._world = world
        self.configuration = ProxyConfig()  # that was applied last
        self._table = Table(self.configuration)
        self._turns = Turns()  # of requests, by target group and, without cross-zone, zone of the node; of new connections, by listener
        self._ports: dict[str, int] = {}
        self._trouble: list[Callable[[str], None]] = []
        self._recording = Recording(world)
        self._repeats = Repeats(world, self._send)
        self.pending = Pending(world, self._recording)
        self.closed: list[tuple[str, int]] = []

    # ---- Proxy -----------------------------------------------------------------------------------------------------------------------

    def apply(self, config: ProxyConfig | None) -> None:
        if config is None:
            return
        self.configuration, self._table = config, Table(config)
        self._repeats.forget()
        for listener in config.listeners:
            self._ports.setdefault(listener.arn, _FIRST_PORT + len(self._ports))

    def rejected(self) -> Sequence[str]:
        return ()

    def local_address(self, listener_arn: str) -> tuple[str, int] | None:
        """Nothing listens there; always the same for a listener."""
        return ("127.0.0.1", self._ports[listener_arn]) if listener_arn in self._table.listeners else None

    def nodes(self, listener_arn: str) -> Sequence[NodeAddress]:
        listener = self._table.listeners.get(listener_arn)
        port = self._ports.get(listener_arn, 0)
        return tuple(NodeAddress(node=node, address=(node_host(node.zone), port)) for node in listener.nodes) if listener else ()

    def problems(self) -> dict[str, str]:
        return {}

    def on_access(self, callback: Callable[[AccessBatch], None]) -> None:
        self._recording.on_access(callback)

    def on_trouble(self, callback: Callable[[str], None]) -> None:
        self._trouble.append(callback)

    def connections(self) -> Mapping[str, Connections]:
        return self._recording.connections()

    def close_connections(self, host: str, port: int) -> None:
        self.closed.append((host, port))
        self.pending.cut(host, port)

    def available(self) -> str | None:
        return None

    def close(self, *, keep_serving: bool = True) -> None:
        pass

    def crash(self) -> None:
        """Like `kill -9` of Envoy: it is restarted with its configuration, and connections are counted from 0 again."""
        self._recording.forget_connections()
        for callback in self._trouble:
            callback("the simulated proxy was killed; it is started again")

    # ---- requests --------------------------------------------------------------------------------------------------------------------

    def request(  # noqa: PLR0913, PLR0917 - the parts of a request
        self,
        where: str,
        method: str = "GET",
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        source_ip: str = "203.0.113.10",
        body: str = "",
        node: str | None = None,
    ) -> Response:
        """`where`: the ARN of a listener, or a load balancer's DNS name with or without a port. `node`: the zone of the node that has the
        connection; None: a new connection.

        Raises KeyError when there is no such listener: on AWS the name would not resolve, or the port not answer."""
        listener = self._table.listener(where)
        request = _request(listener, method, path, headers, source_ip)
        at = self._node(listener, node)
        if not at.reachable:
            return Response(0, None, "", NEVER, {}, node=at.zone)
        rule, handled = self._handle(listener, request, at)
        handled = handled.delayed(self._work([(handled.worker, 1)], path, None)[handled.worker][0])
        self._recording.one(listener, rule, request, handled)
        return handled.response

    def request_many(
        self, where: str, count: int, path: str = "/", node: str | None = None, began: datetime | None = None
    ) -> Mapping[Outcome, int]:
        """The outcomes of `count` equal requests (GET, without a cookie), and how many had each. They are sent at equal distances from
        `began` (None: all now) until now. They are counted and recorded like single ones: one access record for those with the same
        outcome, with their `count` and the mean of their latencies."""
        listener = self._table.listener(where)
        request = _request(listener, "GET", path, None, "203.0.113.10")
        found: dict[Outcome, int] = {}
        made: list[tuple[Repeat, int]] = []
        self._repeats.look_again()
        for at, arrived in self._nodes(listener, node, count):
            if at.reachable:
                made += self._handle_many(listener, request, at, arrived)
            else:
                silent = Outcome(0, None, at.zone, None, NEVER, NEVER)
                found[silent] = found.get(silent, 0) + arrived
        waits = self._work([(repeat.worker, times) for repeat, times in made], path, began)
        for repeat, times in made:
            outcome = self._outcome(repeat, times, *waits[repeat.worker])
            found[outcome] = found.get(outcome, 0) + times
        return found

    def _outcome(self, repeat: Repeat, times: int, first: timedelta, last: timedelta) -> Outcome:
        """Records the requests. They wait between `first` and `last` for their target."""
        open_, latency, response = None, repeat.latency, repeat.response
        if repeat.answered and latency + last >= LONG:
            listener, rule, request, handled = repeat.parts
            open_ = self.pending.begin((listener, rule, request, handled.delayed((first + last) / 2)))
        else:
            self._recording.many(repeat, latency + (first + last) / 2, times)
        return Outcome(response.status, response.target_id, response.node, response.zone, latency + first, latency + last, open_)

    def _work(
        self, made: Iterable[tuple[str | None, int]], path: str, began: datetime | None
    ) -> dict[str | None, tuple[timedelta, timedelta]]:
        """`made`: (target, requests) → target → how much longer the first and the last of its requests take, because it works on them one
        after the other."""
        arrived: Counter[str] = Counter()
        for worker, times in made:
            if worker is not None:
                arrived[worker] += times
        return {None: (_NO_TIME, _NO_TIME), **{target: self._world.work(target, path, times, began) for target, times in arrived.items()}}

    def _node(self, listener: ListenerConfig, zone: str | None) -> Node:
        """The node that has the connection to it, or the one that a new connection goes to."""
        return self._nodes(listener, zone, 1)[0][0]

    def _nodes(self, listener: ListenerConfig, zone: str | None, count: int) -> list[tuple[Node, int]]:
        """The nodes that have `count` connections, with how many each has."""
        if not listener.nodes:
            return [(_NO_NODE, count)]
        if zone is not None and (known := next((node for node in listener.nodes if node.zone == zone), None)):
            return [(known, count)]
        turns = order(tuple([node.weight for node in listener.nodes]))
        if not turns:
            return [(listener.nodes[0], count)]
        first = self._turns.take(listener.arn, count)
        return [(listener.nodes[index], times) for index, times in shares(turns, first, count).items()]

    def _handle(self, listener: ListenerConfig, request: Request, node: Node) -> tuple[RuleConfig | None, Handled]:
        status = refused(request)
        rule = None if status or request.method == "TRACE" else choose(listener, request)
        handled = Handled(own_response(status or 405)) if rule is None else self._act(listener, rule, request, node)
        return rule, handled.at_node(listener, node)

    def _handle_many(self, listener: ListenerConfig, request: Request, node: Node, count: int) -> list[tuple[Repeat, int]]:
        """With single requests wherever chance decides."""
        rule = choose(listener, request)
        if rule is None or not isinstance(rule.action, Forward) or not self._is_in_turn(rule.action, node):
            return [(self._single(listener, request, node), 1) for _ in range(count)]
        group = self._table.groups.get(rule.action.target_groups[0][0])
        eligible = self._table.eligible(group, node.zone) if group else ()
        if group is None or not eligible:
            return [(self._single(listener, request, node), count)] if count else []
        chosen = shares(tuple(range(len(eligible))), self._turn(group, node.zone, count), count)
        asked = self._repeats.of(listener, rule, request, node, group)
        return [(asked(number, eligible[number]), times) for number, times in chosen.items()]

    def _single(self, listener: ListenerConfig, request: Request, node: Node) -> Repeat:
        rule, handled = self._handle(listener, request, node)
        return Repeat.of((listener, rule, request, handled))

    def _is_in_turn(self, forward: Forward, node: Node) -> bool:
        """Whether the target of each request follows from those before it."""
        if len(forward.target_groups) > 1 or forward.sticky_targets:
            return False
        group = self._table.groups.get(forward.target_groups[0][0])
        if group is None:
            return True
        if group.algorithm == "weighted_random" or self._table.varies(group, node.zone):
            return False
        return not self._world.lossy or not any(self._world.varies(each.host) for each in self._table.eligible(group, node.zone))

    def _act(self, listener: ListenerConfig, rule: RuleConfig, request: Request, node: Node) -> Handled:
        match rule.action:
            case Forward() as forward:
                return self._forward(listener, forward, request, node)
            case FixedResponse() as fixed:
                headers = {"Server": "awselb/2.0", "Content-Type": fixed.content_type}
                return Handled(Response(fixed.status_code, None, fixed.body, timedelta(0), headers))
            case Redirect() as redirect:
                return Handled(own_response(redirect.status_code, location(redirect, listener, request)))

    def _forward(self, listener: ListenerConfig, forward: Forward, request: Request, node: Node) -> Handled:
        now = self._world.clock.now()
        arn = cookies.target_group(forward, request, now) or self._weighted(forward.target_groups)
        group = self._table.groups.get(arn or "")
        eligible = self._table.eligible(group, node.zone) if group else ()
        if group is None or not eligible:
            return Handled(own_response(503), group=arn)  # TG-38
        same = cookies.target(group, dict(forward.sticky_targets).get(group.arn), request, now) if forward.sticky_targets else None
        handled = self._send(listener, group, same or self._next(group, eligible, node.zone))
        if not handled.answered or handled.endpoint is None or not (forward.sticky_targets or forward.sticky_choice):
            return handled
        set_now = cookies.of_response(forward, group.arn, handled.endpoint, handled.response.cookies, now)
        return handled._replace(response=handled.response._replace(cookies={**handled.response.cookies, **set_now}))

    def _weighted(self, groups: tuple[tuple[str, int], ...]) -> str | None:
        if len(groups) == 1:
            return groups[0][0]
        weights = [weight for _, weight in groups]
        return self._world.random.choices([arn for arn, _ in groups], weights)[0] if any(weights) else None  # ALB-24

    def _next(self, group: TargetGroupConfig, eligible: Sequence[Endpoint], zone: str) -> Endpoint:
        """Round robin over the healthy targets, or over all when none is healthy (TG-35). Requests take no time here, so least outstanding
        requests is round robin too."""
        if group.algorithm == "weighted_random":
            return self._world.random.choice(eligible)
        return eligible[self._turn(group, zone) % len(eligible)]

    def _turn(self, group: TargetGroupConfig, zone: str, count: int = 1) -> int:
        """TG-24: one for all nodes with cross-zone on, where AWS has one for each node."""
        return self._turns.take((group.arn, "" if group.cross_zone else zone), count)

    def _send(self, listener: ListenerConfig, group: TargetGroupConfig, endpoint: Endpoint) -> Handled:
        fault = endpoint.fault
        if fault is None:
            return self._ask(listener, group, endpoint)
        delay = timedelta(seconds=fault.delay + fault.jitter * self._world.random.uniform(-1, 1) if fault.jitter else fault.delay)
        if delay >= listener.idle_timeout:
            return Handled(own_response(504, latency=listener.idle_timeout), group.arn, endpoint)
        if fault.error_percent >= 100 or (fault.error_percent and self._world.random.uniform(0, 100) < fault.error_percent):
            error = Response(fault.status, endpoint.target_id, "", self._world.request_time, {})
            handled = Handled(error, group.arn, endpoint, answered=True, in_its_place=True)  # as Envoy's filter: before the target
        else:
            handled = self._ask(listener, group, endpoint)
        return handled._replace(response=handled.response._replace(latency=handled.response.latency + max(delay, timedelta(0))))

    def _ask(self, listener: ListenerConfig, group: TargetGroupConfig, endpoint: Endpoint) -> Handled:
        answer, status = self._world.connect(endpoint.host, endpoint.port)
        lost = self._world.lost_time(endpoint.host)
        match answer:
            case Answer.RESPONSE if lost >= listener.connect_timeout:
                return Handled(own_response(504, latency=listener.connect_timeout), group.arn, endpoint, refused=True)
            case Answer.RESPONSE:
                response = Response(status, endpoint.target_id, "", self._world.request_time + lost, {})
                return Handled(response, group.arn, endpoint, answered=True)
            case Answer.REFUSED:
                return Handled(own_response(502), group.arn, endpoint, refused=True)  # ALB-45
            case Answer.BLACKHOLE:
                return Handled(own_response(504, latency=listener.connect_timeout), group.arn, endpoint, refused=True)
            case Answer.HANG:
                return Handled(own_response(504, latency=listener.idle_timeout), group.arn, endpoint)


def _request(listener: ListenerConfig, method: str, path: str, headers: Mapping[str, str] | None, source_ip: str) -> Request:
    given = dict(headers or {})
    host = next((value for name, value in given.items() if name.lower() == "host"), listener.dns_name)
    return Request(method=method, host=host, path=path, headers=given, source_ip=source_ip)
