"""RDS: a listener's rules as Envoy routes, in priority order, and the front port's routes by Host.

The name of a route says in the access log what was matched (log_format.RouteName); its metadata has the listener's settings for headers and
redirects, which request.lua applies. So all listeners share one script and one log format, and a changed rule changes only its route
configuration.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.drivers.proxy.base import FixedResponse, Forward, ListenerConfig, Node, Redirect, RuleConfig
from sandbox.drivers.proxy.envoy.access.log_format import RouteName
from sandbox.drivers.proxy.envoy.config.conditions import Json, match
from sandbox.drivers.proxy.envoy.config.dark import dark_host
from sandbox.drivers.proxy.envoy.config.durations import Real, seconds
from sandbox.drivers.proxy.envoy.config.local_replies import LUA, SERVER, direct_response, header, own_headers
from sandbox.drivers.proxy.envoy.config.nodes import node_for
from sandbox.drivers.proxy.envoy.config.scripts import SHAPE, of_route
from sandbox.drivers.proxy.envoy.config.stickiness import CHOICE, choice, sticky_cluster, sticky_route

IDLE_FLOOR = 1.0  # real seconds: with less, the delays of a loaded machine would count as timeouts
FRONT = "front"
NAMES = "names"


def idle(listener: ListenerConfig, real: Real) -> float:
    """The idle timeout in real seconds."""
    return max(real(listener.idle_timeout), IDLE_FLOOR)


def node_name(name: str, zone: str) -> str:
    """Of the routes (or the cluster) that the node of a zone has for itself; without a zone, the name."""
    return f"{name}|{zone}" if zone else name


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """The node for which routes are made."""

    zone: str = ""
    shared: bool = False  # on a port that all load balancers share
    zonal: frozenset[str] = frozenset()  # the target groups of which a node has only the targets of its zone (TG-28)

    def route(self, listener: ListenerConfig, rule: RuleConfig | None) -> str:
        """The name of a rule's route."""
        name = RouteName.of(listener, self.zone, rule)
        return name.on_shared_port if self.shared else str(name)

    def cluster(self, arn: str) -> str:
        return node_name(arn, self.zone) if arn in self.zonal else arn


def route_configuration(listener: ListenerConfig, node: Node | None, zonal: frozenset[str], real: Real) -> Json:
    at = At(zone=node.zone, zonal=zonal) if node else At()
    host = _virtual_host(listener, ["*"], at, real) if node is None or node.reachable else dark_host()
    return _configuration(node_name(listener.arn, at.zone), [host])


def front_configuration(listeners: Sequence[ListenerConfig], zone: str, zonal: frozenset[str], front_port: int, real: Real) -> Json:
    """The Host header selects the load balancer: its DNS name with any port, or with the port of one of several listeners. The listener on
    port 80 (else the lowest port) also answers for the name without a port. `zone`: of the filter chain that has the connection."""
    hosts, taken = [], set[str]()
    for listener in sorted(listeners, key=lambda x: (x.dns_name.lower(), x.port != 80, x.port)):
        name = listener.dns_name.lower()
        domains = [f"{name}:{listener.port}"] if name in taken else [name, f"{name}:*"]
        if name in taken and listener.port == front_port:
            continue  # a client uses "<name>:<front port>" for the front port itself
        taken.add(name)
        hosts.append(_shared_host(listener, domains, zone, zonal, real))
    return _configuration(node_name(FRONT, zone), [*hosts, _unknown_host(sorted(taken))])


def names_configuration(listeners: Sequence[ListenerConfig], zone: str, zonal: frozenset[str], real: Real) -> Json:
    """`http://<DNS name>/`: only listeners on port 80. On AWS nothing answers there for a load balancer without one."""
    on_80 = {listener.dns_name.lower(): listener for listener in listeners if listener.port == 80}
    hosts = [_shared_host(listener, [name, f"{name}:*"], zone, zonal, real) for name, listener in sorted(on_80.items())]
    return _configuration(node_name(NAMES, zone), [*hosts, _unknown_host(sorted(on_80), " on port 80")])


def _shared_host(listener: ListenerConfig, domains: list[str], zone: str, zonal: frozenset[str], real: Real) -> Json:
    node = node_for(listener, zone)
    if node is not None and not node.reachable:
        return {**dark_host(), "name": listener.arn, "domains": domains}
    return _virtual_host(listener, domains, At(zone=node.zone if node else "", shared=True, zonal=zonal), real)


def route(listener: ListenerConfig, rule: RuleConfig, at: At, real: Real) -> Json:
    return {
        "name": at.route(listener, rule),
        "match": match(rule.conditions),
        "metadata": {"filter_metadata": {LUA: _instructions(listener, rule, real)}},
        **_with_script(listener, rule, _action(listener, rule, at, real)),
    }


def _with_script(listener: ListenerConfig, rule: RuleConfig, action: Json) -> Json:
    own = {**action.get("typed_per_filter_config", {}), **of_route(listener, rule)}
    return {**action, **({"typed_per_filter_config": own} if own else {})}


def _configuration(name: str, hosts: list[Json]) -> Json:
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": name,
        "virtual_hosts": hosts,
        "request_headers_to_remove": ["x-envoy-external-address", "x-envoy-internal", CHOICE, SHAPE],
    }


def _virtual_host(listener: ListenerConfig, domains: list[str], at: At, real: Real) -> Json:
    trace = {
        "name": at.route(listener, None),
        "match": {"prefix": "", "headers": [_method("TRACE")]},
        **direct_response(405, listener.server_header),
    }
    return {
        "name": listener.arn,
        "domains": domains,
        "routes": [trace, *(route(listener, rule, at, real) for rule in listener.rules)],
        # ALB-30: the listener's port on AWS, not the local one
        "request_headers_to_add": [header("X-Forwarded-Proto", "http"), header("X-Forwarded-Port", str(listener.port)), *_peer(listener)],
        **({"request_headers_to_remove": ["x-forwarded-for"]} if listener.xff_mode == "remove" else {}),
        "response_headers_to_add": [header(name, value) for name, value in listener.response_headers],
    }


def _peer(listener: ListenerConfig) -> list[Json]:
    """ALB-30: the client's address, for a request that has none yet; request.lua appends it to those that are there."""
    if listener.xff_mode != "append":
        return []
    value = f"%DOWNSTREAM_DIRECT_REMOTE_ADDRESS{'' if listener.xff_client_port else '_WITHOUT_PORT'}%"
    return [{**header("X-Forwarded-For", value), "append_action": "ADD_IF_ABSENT"}]


def _unknown_host(names: list[str], which: str = "") -> Json:
    known = "".join(f"  {name}\n" for name in names) or "  (none yet: create one with `aws elbv2 create-load-balancer`)\n"
    body = f"No load balancer has this Host. This port selects one by the Host header. Load balancers with a listener{which}:\n{known}"
    answer = {"status": 404, "body": {"inline_string": body[:4000]}}
    return {"name": "unknown-host", "domains": ["*"], "routes": [{"match": {"prefix": ""}, "direct_response": answer}]}


def _method(name: str) -> Json:
    return {"name": ":method", "string_match": {"exact": name}}


def _instructions(listener: ListenerConfig, rule: RuleConfig, real: Real) -> Json:
    settings: Json = {"port": str(listener.port), "xff": listener.xff_mode, "preserve_host": listener.preserve_host_header}
    settings |= {"xff_port": True} if listener.xff_client_port else {}
    settings |= {"drop_invalid": True} if listener.drop_invalid_headers else {}
    settings |= {"server": SERVER} if listener.server_header else {}
    settings |= {"headers": dict(listener.response_headers)} if listener.response_headers else {}
    if isinstance(rule.action, Forward):
        settings |= choice(rule.action, real)
    if isinstance(rule.action, Redirect):
        to = rule.action
        settings |= {"status": str(to.status_code), "location": f"{to.protocol.lower()}://{to.host}:{to.port}{to.path}", "query": to.query}
    return settings


def _action(listener: ListenerConfig, rule: RuleConfig, at: At, real: Real) -> Json:
    match rule.action:
        case Forward() as forward:
            return _forward(forward, listener, at, real)
        case FixedResponse() as fixed:
            return _fixed(fixed, listener.server_header)
        case Redirect():
            return direct_response(500)  # never sent: request.lua answers first


def _forward(forward: Forward, listener: ListenerConfig, at: At, real: Real) -> Json:
    weighted = [(arn, weight) for arn, weight in forward.target_groups if weight > 0]
    if len(forward.target_groups) == 1:
        chosen: Json = {"cluster": at.cluster(forward.target_groups[0][0])}  # the weight of a single group does not matter
    elif weighted:
        clusters = [{"name": at.cluster(arn), "weight": weight, **sticky_cluster(forward, arn, real)} for arn, weight in weighted]
        chosen = {"weighted_clusters": {"clusters": clusters, **({"header_name": CHOICE} if forward.sticky_choice else {})}}
    else:
        return direct_response(503, listener.server_header)  # ALB-24
    timeouts = {"timeout": "0s", "idle_timeout": seconds(idle(listener, real)), "max_stream_duration": {"max_stream_duration": "0s"}}
    return {"route": {**chosen, **timeouts}, **sticky_route(forward, real)}


def _fixed(fixed: FixedResponse, server_header: bool) -> Json:
    body = {"body": {"inline_string": fixed.body}} if fixed.body else {}
    return {
        "direct_response": {"status": fixed.status_code, **body},
        "response_headers_to_add": own_headers(fixed.content_type, server_header),
    }
