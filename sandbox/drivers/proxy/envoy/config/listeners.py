"""LDS: an AWS listener as an Envoy listener on its local port, and the front listener that all load balancers share.

What changes often (rules, idle timeouts) is in the routes, because Envoy drains the connections of a changed listener.
"""

from importlib.resources import files

from sandbox.drivers.proxy.base import ListenerConfig
from sandbox.drivers.proxy.envoy.access.log_format import ListenerName, log_format
from sandbox.drivers.proxy.envoy.config.clusters import preserve_case
from sandbox.drivers.proxy.envoy.config.conditions import PEER, Json
from sandbox.drivers.proxy.envoy.config.durations import Real, seconds
from sandbox.drivers.proxy.envoy.config.local_replies import LUA, local_reply_config
from sandbox.drivers.proxy.envoy.config.routes import idle
from sandbox.drivers.proxy.envoy.config.stickiness import sticky_filter
from sandbox.drivers.proxy.envoy.connection_counts import stat_prefix

_HTTP = "type.googleapis.com/envoy.extensions.filters.http"
_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ADS = {"ads": {}, "resource_api_version": "V3"}
FRONT_IDLE = 60.0  # real seconds: the front port's connections belong to no single load balancer

SCRIPT = files(__package__).joinpath("request.lua").read_text()


def listener_resource(listener: ListenerConfig, address: tuple[str, int], log_path: str, real: Real) -> Json:
    keep_alive = seconds(max(real(listener.client_keep_alive), idle(listener, real)))
    options = {"idle_timeout": seconds(idle(listener, real)), "max_connection_duration": keep_alive}
    return _listener(listener.arn, address, options, _log(log_path, str(ListenerName.of(listener))))


def shared_resource(name: str, address: tuple[str, int], log_path: str) -> Json:
    """A port that all load balancers share: FRONT or NAMES."""
    return _listener(name, address, {"idle_timeout": seconds(FRONT_IDLE)}, _log(log_path, ""))


def _listener(name: str, address: tuple[str, int], options: Json, log: Json) -> Json:
    manager = {"name": "http", "typed_config": _connection_manager(name, options, log)}
    return {
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": name,
        "stat_prefix": stat_prefix(name),
        "address": {"socket_address": {"address": address[0], "port_value": address[1]}},
        "enable_reuse_port": False,  # a port that another program uses is an error
        "filter_chains": [{"filters": [_store_client_address(), manager]}],
    }


def _connection_manager(name: str, options: Json, log: Json) -> Json:
    return {
        "@type": _HCM,
        "stat_prefix": "listener",
        "codec_type": "HTTP1",  # ALB-37: HTTP/2 is for HTTPS listeners
        "rds": {"route_config_name": name, "config_source": _ADS},
        "http_filters": [
            _script(),
            sticky_filter(),
            {"name": "router", "typed_config": {"@type": f"{_HTTP}.router.v3.Router", "suppress_envoy_headers": True}},
        ],
        "access_log": [log],
        "local_reply_config": local_reply_config(),
        "common_http_protocol_options": {**options, "max_headers_count": 1000},
        "http1_safe_max_connection_duration": True,  # ALB-35: `Connection: close` on a response, never a forced close
        "max_request_headers_kb": 64,  # ALB-36; request.lua has the limits of a single field
        "http_protocol_options": {"accept_http_10": True, "header_key_format": preserve_case()},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        **_untouched(),
    }


def _untouched() -> Json:
    """Turns off what Envoy would change in a request and an ALB does not."""
    no_client = [{"address_prefix": "255.255.255.255", "prefix_len": 32}]
    return {
        "use_remote_address": True,
        "internal_address_config": {"cidr_ranges": no_client},  # x-envoy-* headers of clients (such as retries) are ignored
        "skip_xff_append": True,  # request.lua does it by ALB-30
        "generate_request_id": False,
        "preserve_external_request_id": True,
        "server_header_transformation": "PASS_THROUGH",
        "normalize_path": False,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "delayed_close_timeout": "0.1s",
        "drain_timeout": "0.05s",  # by default an idle connection stays 5 s longer than the idle timeout
    }


def _store_client_address() -> Json:
    """Stores the client's address, which source-ip conditions need, before any header is read."""
    value = {"text_format_source": {"inline_string": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"}}
    config = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config",
        "on_new_connection": [{"object_key": PEER, "factory_key": "envoy.network.ip", "format_string": value}],
    }
    return {"name": "peer", "typed_config": config}


def _script() -> Json:
    return {"name": LUA, "typed_config": {"@type": f"{_HTTP}.lua.v3.Lua", "default_source_code": {"inline_string": SCRIPT}}}


def _log(path: str, listener: str) -> Json:
    config = {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": path,
        "log_format": {"json_format": log_format(listener)},
    }
    return {"name": "requests", "typed_config": config}
