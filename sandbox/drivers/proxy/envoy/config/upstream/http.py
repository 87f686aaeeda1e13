"""How Envoy speaks HTTP/1.1 to targets and clients: as an ALB, it changes no header name and has no limits of its own."""

from sandbox.drivers.proxy.envoy.config.conditions import Json
from sandbox.drivers.proxy.envoy.config.durations import seconds

_PRESERVE_CASE = "type.googleapis.com/envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig"
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_UNLIMITED = 1_000_000


def preserve_case() -> Json:
    """Header names keep their case in both directions; names that Envoy adds are written Like-This."""
    config = {"@type": _PRESERVE_CASE, "forward_reason_phrase": True, "formatter_type_on_envoy_headers": "PROPER_CASE"}
    return {"stateful_formatter": {"name": "preserve_case", "typed_config": config}}


def http_options(idle: float) -> Json:
    """Fields of a cluster. `idle` in real seconds: after which an unused connection to a target is closed."""
    options = {
        "@type": f"type.googleapis.com/{_HTTP_OPTIONS}",
        "common_http_protocol_options": {"idle_timeout": seconds(idle), "max_response_headers_kb": 32},  # ALB-36
        "explicit_http_config": {"http_protocol_options": {"header_key_format": preserve_case()}},
    }
    return {"circuit_breakers": {"thresholds": [_no_limits()]}, "typed_extension_protocol_options": {_HTTP_OPTIONS: options}}


def bound(source: str | None) -> Json:
    """The fields of a cluster whose connections leave from this address."""
    return {"upstream_bind_config": {"source_address": {"address": source, "port_value": 0}}} if source else {}


def _no_limits() -> Json:
    limits = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests"), _UNLIMITED)
    return {**limits, "max_retries": 0}  # ALB-39: no retry
