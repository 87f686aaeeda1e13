"""LDS: an AWS listener as an Envoy listener on its local port, and the front listener that all load balancers share.

What changes often (rules, idle timeouts) is in the routes, because Envoy drains the connections of a changed listener: each is asked to
close with its next response.
"""

from collections.abc import Sequence

from sandbox.drivers.proxy.base import ListenerConfig
from sandbox.drivers.proxy.envoy.access.log_format import ListenerName, log_format
from sandbox.drivers.proxy.envoy.config.conditions import PEER, Json
from sandbox.drivers.proxy.envoy.config.dark import fault_filter
from sandbox.drivers.proxy.envoy.config.durations import Real, seconds
from sandbox.drivers.proxy.envoy.config.local_replies import local_reply_config
from sandbox.drivers.proxy.envoy.config.nodes import chain_matcher
from sandbox.drivers.proxy.envoy.config.routes import idle, node_name
from sandbox.drivers.proxy.envoy.config.scripts import request_filter, shape
from sandbox.drivers.proxy.envoy.config.stickiness import is_sticky, sticky_filter
from sandbox.drivers.proxy.envoy.config.upstream.http import preserve_case
from sandbox.drivers.proxy.envoy.connection_counts import stat_prefix

_HTTP = "type.googleapis.com/envoy.extensions.filters.http"
_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ADS = {"ads": {}, "resource_api_version": "V3"}
ANYWHERE = "anywhere"  # the filter chain of a load balancer without zones
EVERY_ADDRESS = "0.0.0.0"
IN_VPC = "|vpc"  # ends the name of the listener at a node's private address, whose port may be one of EVERY_ADDRESS too
FRONT_IDLE = 60.0  # real seconds: the front port's connections belong to no single load balancer


def listener_resource(listener: ListenerConfig, address: tuple[str, int], log_path: str, real: Real) -> Json:
    """What the load balancer's name stands for: its connections are spread over the nodes."""
    if not listener.nodes:
        return _listener(listener.arn, listener.arn, address, {"filter_chains": [_node_chain(listener, "", log_path, real)]})
    chains = [_node_chain(listener, node.zone, log_path, real) for node in listener.nodes]
    matcher = chain_matcher({node.zone: node.weight for node in listener.nodes})
    return _listener(listener.arn, listener.arn, address, {"filter_chains": chains, "filter_chain_matcher": matcher})


def node_resource(listener: ListenerConfig, zone: str, address: tuple[str, int], log_path: str, real: Real) -> Json:
    """The node's own address. Its connections are counted with those of the load balancer."""
    chains = {"filter_chains": [_node_chain(listener, zone, log_path, real)]}
    return _listener(node_name(listener.arn, zone), listener.arn, address, chains)


def private_resource(listener: ListenerConfig, zone: str, address: str, log_path: str, real: Real) -> Json:
    """The node's private address in the VPC, with the listener's own port."""
    made = node_resource(listener, zone, (address, listener.port), log_path, real)
    return {**made, "name": made["name"] + IN_VPC, "enable_reuse_port": True}


def shared_resource(name: str, zones: Sequence[str], address: tuple[str, int], log_path: str) -> Json:
    """A port that all load balancers share: FRONT or NAMES. `zones`: those in which they have nodes."""
    options = {"idle_timeout": seconds(FRONT_IDLE)}
    chains = [_chain(zone, node_name(name, zone), options, _log(log_path, ""), sticky=True) for zone in zones or ("",)]
    matcher = {"filter_chain_matcher": chain_matcher(dict.fromkeys(zones, 1))} if zones else {}
    return _listener(name, name, address, {"filter_chains": chains, **matcher})


def _node_chain(listener: ListenerConfig, zone: str, log_path: str, real: Real) -> Json:
    keep_alive = seconds(max(real(listener.client_keep_alive), idle(listener, real)))
    options = {"idle_timeout": seconds(idle(listener, real)), "max_connection_duration": keep_alive}
    log = _log(log_path, str(ListenerName.of(listener, zone)))
    return _chain(zone, node_name(listener.arn, zone), options, log, sticky=is_sticky(listener))


def _chain(zone: str, routes: str, options: Json, log: Json, *, sticky: bool) -> Json:
    manager = {"name": "http", "typed_config": _connection_manager(routes, options, log, sticky)}
    return {"name": zone or ANYWHERE, "filters": [_store_client_address(), manager]}


def _listener(name: str, counted_as: str, address: tuple[str, int], chains: Json) -> Json:
    return {
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": name,
        "stat_prefix": stat_prefix(counted_as),
        "address": {"socket_address": {"address": address[0], "port_value": address[1]}},
        "enable_reuse_port": address[0] == EVERY_ADDRESS,  # else a port that another program uses is an error
        **chains,
    }


def _connection_manager(name: str, options: Json, log: Json, sticky: bool) -> Json:
    return {
        "@type": _HCM,
        "stat_prefix": "listener",
        "codec_type": "HTTP1",  # ALB-37: HTTP/2 is for HTTPS listeners
        "rds": {"route_config_name": name, "config_source": _ADS},
        "http_filters": [
            fault_filter(),
            request_filter(),
            *([sticky_filter()] if sticky else []),
            {"name": "router", "typed_config": {"@type": f"{_HTTP}.router.v3.Router", "suppress_envoy_headers": True}},
        ],
        "early_header_mutation_extensions": [shape()],
        "access_log": [log],
        "local_reply_config": local_reply_config(),
        "common_http_protocol_options": {**options, "max_headers_count": 1000},
        "http1_safe_max_connection_duration": True,  # ALB-35: `Connection: close` on a response, never a forced close
        "max_request_headers_kb": 64,  # ALB-36; the scripts have the limits of a single field
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
        "skip_xff_append": True,  # routes and request.lua do it by ALB-30
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


def _log(path: str, listener: str) -> Json:
    config = {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": path,
        "log_format": {"text_format_source": {"inline_string": log_format(listener)}},
    }
    return {"name": "requests", "typed_config": config}
