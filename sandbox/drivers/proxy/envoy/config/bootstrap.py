"""Envoy's bootstrap configuration: the address of the discovery server, and the admin socket. Everything else comes over ADS.

As a command it writes the file for an Envoy in its own container:
    python -m sandbox.drivers.proxy.envoy.config.bootstrap --ads 127.0.0.1:18000 --admin /run/sandbox/admin.sock > envoy.json
"""

import argparse
import json
import sys

from sandbox.core.own_ports import ENVOY_STREAM
from sandbox.drivers.proxy.envoy.config.conditions import Json

DEFAULT_ADS = f"127.0.0.1:{ENVOY_STREAM}"
DEFAULT_ADMIN = "/run/sandbox/admin.sock"
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_INTERNAL = "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener"
_SOURCE: Json = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}  # waits for the control plane without a limit


def bootstrap(ads: str, admin: str) -> Json:
    """`ads`: "host:port" or "unix:/path"; `admin`: the path of a Unix socket, which cannot be reached from outside."""
    retry = {"retry_back_off": {"base_interval": "0.05s", "max_interval": "0.5s"}}  # connects quickly to a new control plane
    service = {"envoy_grpc": {"cluster_name": "control-plane", "retry_policy": retry}}  # Envoy ignores GrpcService.retry_policy
    stream = {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [service]}
    return {
        "node": {"id": "sandbox", "cluster": "sandbox"},
        "admin": {"address": {"pipe": {"path": admin}}},
        "bootstrap_extensions": [{"name": "internal", "typed_config": {"@type": _INTERNAL}}],  # relays.py
        "dynamic_resources": {"ads_config": stream, "cds_config": _SOURCE, "lds_config": _SOURCE},
        "static_resources": {"clusters": [_control_plane(ads)]},
    }


def _control_plane(ads: str) -> Json:
    http2 = {"@type": f"type.googleapis.com/{_HTTP_OPTIONS}", "explicit_http_config": {"http2_protocol_options": {}}}
    endpoint = {"endpoint": {"address": _address(ads)}}
    return {
        "name": "control-plane",
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {_HTTP_OPTIONS: http2},
        "load_assignment": {"cluster_name": "control-plane", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _address(ads: str) -> Json:
    if ads.startswith("unix:"):
        return {"pipe": {"path": ads.removeprefix("unix:")}}
    host, _, port = ads.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.drivers.proxy.envoy.config.bootstrap")
    parser.add_argument("--ads", default=DEFAULT_ADS, help="address of the control plane's discovery server, host:port or unix:/path")
    parser.add_argument("--admin", default=DEFAULT_ADMIN, help="path of the admin socket")
    chosen = parser.parse_args(arguments)
    json.dump(bootstrap(chosen.ads, chosen.admin), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
