"""RDS: a listener's rules as Envoy routes, in priority order, and the front port's routes by Host.

The name of a route says in the access log what was matched (log_format.RouteName); its metadata has the listener's settings for headers and
redirects, which request.lua applies. So all listeners share one script and one log format, and a changed rule changes only its route
configuration.
"""

from collections.abc import Sequence

from sandbox.drivers.proxy.base import FixedResponse, Forward, ListenerConfig, Redirect, RuleConfig
from sandbox.drivers.proxy.envoy.access.log_format import RouteName
from sandbox.drivers.proxy.envoy.config.conditions import Json, match
from sandbox.drivers.proxy.envoy.config.durations import Real, seconds
from sandbox.drivers.proxy.envoy.config.local_replies import LUA, SERVER, direct_response, header, own_headers
from sandbox.drivers.proxy.envoy.config.stickiness import CHOICE, choice, sticky_cluster, sticky_route

IDLE_FLOOR = 1.0  # real seconds: with less, the delays of a loaded machine would count as timeouts
FRONT = "front"
NAMES = "names"


def idle(listener: ListenerConfig, real: Real) -> float:
    """The idle timeout in real seconds."""
    return max(real(listener.idle_timeout), IDLE_FLOOR)


def route_configuration(listener: ListenerConfig, real: Real) -> Json:
    return _configuration(listener.arn, [_virtual_host(listener, ["*"], real)])


def front_configuration(listeners: Sequence[ListenerConfig], front_port: int, real: Real) -> Json:
    """The Host header selects the load balancer: its DNS name with any port, or with the port of one of several listeners. The listener on
    port 80 (else the lowest port) also answers for the name without a port."""
    hosts, taken = [], set[str]()
    for listener in sorted(listeners, key=lambda x: (x.dns_name.lower(), x.port != 80, x.port)):
        name = listener.dns_name.lower()
        domains = [f"{name}:{listener.port}"] if name in taken else [name, f"{name}:*"]
        if name in taken and listener.port == front_port:
            continue  # a client uses "<name>:<front port>" for the front port itself
        taken.add(name)
        hosts.append(_virtual_host(listener, domains, real))
    return _configuration(FRONT, [*hosts, _unknown_host(sorted(taken))])


def names_configuration(listeners: Sequence[ListenerConfig], real: Real) -> Json:
    """`http://<DNS name>/`: only listeners on port 80. On AWS nothing answers there for a load balancer without one."""
    on_80 = {listener.dns_name.lower(): listener for listener in listeners if listener.port == 80}
    hosts = [_virtual_host(listener, [name, f"{name}:*"], real) for name, listener in sorted(on_80.items())]
    return _configuration(NAMES, [*hosts, _unknown_host(sorted(on_80), " on port 80")])


def route(listener: ListenerConfig, rule: RuleConfig, real: Real) -> Json:
    return {
        "name": str(RouteName.of(listener, rule)),
        "match": match(rule.conditions),
        "metadata": {"filter_metadata": {LUA: _instructions(listener, rule, real)}},
        **_action(listener, rule, real),
    }


def _configuration(name: str, hosts: list[Json]) -> Json:
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": name,
        "virtual_hosts": hosts,
        "request_headers_to_remove": ["x-envoy-external-address", "x-envoy-internal", CHOICE],
    }


def _virtual_host(listener: ListenerConfig, domains: list[str], real: Real) -> Json:
    trace = {
        "name": str(RouteName.of(listener, None)),
        "match": {"prefix": "", "headers": [_method("TRACE")]},
        **direct_response(405, listener.server_header),
    }
    return {
        "name": listener.arn,
        "domains": domains,
        "routes": [trace, *(route(listener, rule, real) for rule in listener.rules)],
        # ALB-30: the listener's port on AWS, not the local one
        "request_headers_to_add": [header("X-Forwarded-Proto", "http"), header("X-Forwarded-Port", str(listener.port))],
        "response_headers_to_add": [header(name, value) for name, value in listener.response_headers],
    }


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


def _action(listener: ListenerConfig, rule: RuleConfig, real: Real) -> Json:
    match rule.action:
        case Forward() as forward:
            return _forward(forward, listener, real)
        case FixedResponse() as fixed:
            return _fixed(fixed, listener.server_header)
        case Redirect():
            return direct_response(500)  # never sent: request.lua answers first


def _forward(forward: Forward, listener: ListenerConfig, real: Real) -> Json:
    weighted = [(arn, weight) for arn, weight in forward.target_groups if weight > 0]
    if len(forward.target_groups) == 1:
        chosen: Json = {"cluster": forward.target_groups[0][0]}  # the weight of a single group does not matter
    elif weighted:
        clusters = [{"name": arn, "weight": weight, **sticky_cluster(forward, arn, real)} for arn, weight in weighted]
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
