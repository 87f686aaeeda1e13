"""CDS and EDS: a target group as an Envoy cluster and its endpoints.

Health comes only from the sandbox's own health checks. When no target of a group is healthy, all are rendered as healthy (fail open,
TG-35). That is exact for a group of any size; Envoy's panic threshold in percent is not.
"""

from collections.abc import Sequence

from sandbox.drivers.proxy.base import Endpoint
from sandbox.drivers.proxy.envoy.access.log_format import TargetName
from sandbox.drivers.proxy.envoy.config.conditions import Json
from sandbox.drivers.proxy.envoy.config.durations import seconds
from sandbox.drivers.proxy.envoy.config.upstream import relays
from sandbox.drivers.proxy.envoy.config.upstream.http import bound, http_options

CONNECT_FLOOR = 0.25  # real seconds

_ADS = {"ads": {}, "resource_api_version": "V3"}
_LEAST_REQUEST = "type.googleapis.com/envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest"


def cluster(name: str, algorithm: str, connect: float, idle: float, source: str | None = None) -> Json:
    """`connect` and `idle` in real seconds. `source`: the address that connections to targets leave from; None: the system chooses."""
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": _ADS},
        "connect_timeout": seconds(connect),
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        **http_options(idle),
        **_policy(algorithm),
        **bound(source),
    }


def assignment(name: str, targets: Sequence[Endpoint]) -> Json:
    fail_open = not any(endpoint.healthy for endpoint in targets)
    endpoints = [_endpoint(endpoint, endpoint.healthy or fail_open) for endpoint in targets]
    return {
        "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": name,
        "endpoints": [{"lb_endpoints": endpoints}] if endpoints else [],  # one locality: targets of all zones are equal
    }


def _endpoint(endpoint: Endpoint, healthy: bool) -> Json:
    return {
        "endpoint": {"address": relays.address(endpoint), "hostname": str(TargetName.of(endpoint))},  # for the access log
        "health_status": "HEALTHY" if healthy else "UNHEALTHY",
    }


def _policy(algorithm: str) -> Json:
    if algorithm != "least_outstanding_requests":
        return {"lb_policy": "RANDOM" if algorithm == "weighted_random" else "ROUND_ROBIN"}
    config = {"@type": _LEAST_REQUEST, "selection_method": "FULL_SCAN"}
    named = {"name": "envoy.load_balancing_policies.least_request", "typed_config": config}
    return {"load_balancing_policy": {"policies": [{"typed_extension_config": named}]}}
