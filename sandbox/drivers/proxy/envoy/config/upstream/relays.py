"""Relays: how an error rate or a latency is put on one target. The target's endpoint is then an internal listener of Envoy itself, with
Envoy's fault filter, which forwards to the target.

So the load balancer's choice of a target, its health checks (which go directly) and its counters are as always: a gray failure. The fault
is in the relay's routes, because Envoy drains the connections of a changed listener. A relay stays when its fault has ended, unused, so
that requests in flight are not cut.

A relay that cannot reach its target answers with more headers than the load balancer accepts, so that the client gets the load balancer's
own 502 and no response of the target is counted. A connect timeout ends as the load balancer's idle timeout (504) instead.
"""

from dataclasses import dataclass

from sandbox.drivers.proxy.base import Endpoint, EndpointFault
from sandbox.drivers.proxy.envoy.config.conditions import Json
from sandbox.drivers.proxy.envoy.config.durations import seconds
from sandbox.drivers.proxy.envoy.config.upstream.http import bound, http_options, preserve_case

PREFIX = "relay "
FAULT = "sandbox.fault"
MOST = 256  # that are kept, the newest
STEPS = 8  # a jitter is this many equally probable delays
CONNECT = 3600.0  # real seconds: the idle timeout of the load balancer ends the request before
_HTTP = "type.googleapis.com/envoy.extensions.filters.http"
_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ADS = {"ads": {}, "resource_api_version": "V3"}
_OWN_HEADERS = ["x-envoy-external-address", "x-envoy-internal", "x-envoy-expected-rq-timeout-ms"]
_TOO_MANY_HEADERS = [{"header": {"key": f"x-unreachable-{n}", "value": "-" * 12_000}} for n in range(3)]
_PPM = 10_000  # of a percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """`fault` None: it forwards unchanged."""

    host: str
    port: int
    fault: EndpointFault | None
    source: str | None = None  # the address that connections to the target leave from; None: the system chooses

    @property
    def name(self) -> str:
        return name(self.host, self.port)


def name(host: str, port: int) -> str:
    """Of the relay's listener, routes and cluster."""
    return f"{PREFIX}{host}:{port}"


def address(endpoint: Endpoint) -> Json:
    """Where the load balancer connects to for this target."""
    if endpoint.fault is None:
        return {"socket_address": {"address": endpoint.host, "port_value": endpoint.port}}
    return {"envoy_internal_address": {"server_listener_name": name(endpoint.host, endpoint.port), "endpoint_id": endpoint.target}}


def listener(relay: str) -> Json:
    return {
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": relay,
        "internal_listener": {},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": _connection_manager(relay)}]}],
    }


def cluster(relay: Relay, idle: float) -> Json:
    """`idle` in real seconds: of the connections to the target."""
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": relay.name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": _ADS},
        "connect_timeout": seconds(CONNECT),
        **http_options(idle),
        **bound(relay.source),
    }


def assignment(relay: Relay) -> Json:
    target = {"endpoint": {"address": {"socket_address": {"address": relay.host, "port_value": relay.port}}}}
    return {
        "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": relay.name,
        "endpoints": [{"lb_endpoints": [target]}],
    }


def routes(relay: Relay) -> Json:
    weighted = [{"name": relay.name, "weight": 1, "typed_per_filter_config": {FAULT: each}} for each in _faults(relay.fault)]
    timeouts = {"timeout": "0s", "idle_timeout": "0s", "max_stream_duration": {"max_stream_duration": "0s"}}
    route = {"match": {"prefix": ""}, "route": {"weighted_clusters": {"clusters": weighted}, **timeouts}}
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": relay.name,
        "virtual_hosts": [{"name": "target", "domains": ["*"], "routes": [route]}],
        "request_headers_to_remove": _OWN_HEADERS,
    }


def _faults(fault: EndpointFault | None) -> list[Json]:
    """One for each delay, all equally probable."""
    config: Json = {"@type": f"{_HTTP}.fault.v3.HTTPFault"}
    if fault is None:
        return [config]
    if fault.error_percent:
        share = {"numerator": round(fault.error_percent * _PPM), "denominator": "MILLION"}
        config |= {"abort": {"http_status": fault.status, "percentage": share}}
    return [{**config, **_delay(each)} for each in delays(fault)]


def delays(fault: EndpointFault) -> list[float]:
    """Real seconds, from `delay - jitter` to `delay + jitter`."""
    if not fault.jitter:
        return [fault.delay]
    return [max(0.0, fault.delay + fault.jitter * (2 * n + 1 - STEPS) / STEPS) for n in range(STEPS)]


def _delay(duration: float) -> Json:
    return {"delay": {"fixed_delay": seconds(duration), "percentage": {"numerator": 100}}} if duration else {}


def _connection_manager(relay: str) -> Json:
    """Changes nothing in a request or a response."""
    return {
        "@type": _HCM,
        "stat_prefix": "relay",
        "codec_type": "HTTP1",
        "rds": {"route_config_name": relay, "config_source": _ADS},
        "http_filters": [
            {"name": FAULT, "typed_config": {"@type": f"{_HTTP}.fault.v3.HTTPFault"}},
            {"name": "router", "typed_config": {"@type": f"{_HTTP}.router.v3.Router", "suppress_envoy_headers": True}},
        ],
        "local_reply_config": {"mappers": [_refused_response()]},
        "common_http_protocol_options": {"max_headers_count": 2000},
        "max_request_headers_kb": 96,
        "http_protocol_options": {"accept_http_10": True, "header_key_format": preserve_case()},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "stream_idle_timeout": "0s",
        "skip_xff_append": True,
        "generate_request_id": False,
        "preserve_external_request_id": True,
        "server_header_transformation": "PASS_THROUGH",
        "normalize_path": False,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
    }


def _refused_response() -> Json:
    """The response when the target cannot be reached, which the load balancer refuses as malformed."""
    return {"filter": {"response_flag_filter": {"flags": _UNREACHABLE}}, "headers_to_add": _TOO_MANY_HEADERS}


_UNREACHABLE = ["UF", "UC", "UR", "LR", "UPE", "URX", "UH", "NC", "UO", "UT"]
"""Envoy's flags of a request that got no complete response from the target."""
