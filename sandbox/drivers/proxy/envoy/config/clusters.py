"""CDS and EDS: a target group as an Envoy cluster and its endpoints.

Health comes only from the sandbox's own health checks. When no target of a group is healthy, all are rendered as healthy (fail open,
TG-35). That is exact for a group of any size; Envoy's panic threshold in percent is not.
"""

from sandbox.drivers.proxy.base import Endpoint, TargetGroupConfig
from sandbox.drivers.proxy.envoy.config.conditions import Json
from sandbox.drivers.proxy.envoy.config.durations import seconds

CONNECT_FLOOR = 0.25  # real seconds

_ADS = {"ads": {}, "resource_api_version": "V3"}
_PRESERVE_CASE = "type.googleapis.com/envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig"
_LEAST_REQUEST = "type.googleapis.com/envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest"
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_UNLIMITED = 1_000_000


def preserve_case() -> Json:
    """Header names keep their case in both directions; names that Envoy adds are written Like-This."""
    config = {"@type": _PRESERVE_CASE, "forward_reason_phrase": True, "formatter_type_on_envoy_headers": "PROPER_CASE"}
    return {"stateful_formatter": {"name": "preserve_case", "typed_config": config}}


def cluster(arn: str, algorithm: str, connect: float, idle: float) -> Json:
    """`connect` and `idle` in real seconds."""
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": arn,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": _ADS},
        "connect_timeout": seconds(connect),
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "circuit_breakers": {"thresholds": [_no_limits()]},
        "typed_extension_protocol_options": {_HTTP_OPTIONS: _http_options(idle)},
        **_policy(algorithm),
    }


def assignment(group: TargetGroupConfig) -> Json:
    fail_open = not any(endpoint.healthy for endpoint in group.endpoints)
    endpoints = [_endpoint(endpoint, endpoint.healthy or fail_open) for endpoint in group.endpoints]
    return {
        "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": group.arn,
        "endpoints": [{"lb_endpoints": endpoints}] if endpoints else [],  # one locality: targets of all zones are equal
    }


def _endpoint(endpoint: Endpoint, healthy: bool) -> Json:
    address = {"socket_address": {"address": endpoint.host, "port_value": endpoint.port}}
    return {
        "endpoint": {"address": address, "hostname": endpoint.target},  # the hostname appears in the access log
        "health_status": "HEALTHY" if healthy else "UNHEALTHY",
    }


def _no_limits() -> Json:
    limits = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests"), _UNLIMITED)
    return {**limits, "max_retries": 0}  # ALB-39: no retry


def _http_options(idle: float) -> Json:
    return {
        "@type": f"type.googleapis.com/{_HTTP_OPTIONS}",
        "common_http_protocol_options": {"idle_timeout": seconds(idle), "max_response_headers_kb": 32},  # ALB-36
        "explicit_http_config": {"http_protocol_options": {"header_key_format": preserve_case()}},
    }


def _policy(algorithm: str) -> Json:
    if algorithm != "least_outstanding_requests":
        return {"lb_policy": "RANDOM" if algorithm == "weighted_random" else "ROUND_ROBIN"}
    config = {"@type": _LEAST_REQUEST, "selection_method": "FULL_SCAN"}
    named = {"name": "envoy.load_balancing_policies.least_request", "typed_config": config}
    return {"load_balancing_policy": {"policies": [{"typed_extension_config": named}]}}
