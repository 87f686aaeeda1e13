"""Converts JSON resources of Envoy's API to protobuf bytes. Parsing checks every field name, so that a misspelt option fails here.

protobuf resolves an "@type" only when the module that defines it was imported: the list below has every type that is rendered.
"""

from importlib import import_module

from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as AnyMessage

from sandbox.drivers.proxy.envoy.config.conditions import Json

_CONFIG, _EXTENSIONS = "envoy.config.", "envoy.extensions."

for _module in (
    f"{_CONFIG}bootstrap.v3.bootstrap_pb2",
    f"{_CONFIG}cluster.v3.cluster_pb2",
    f"{_CONFIG}endpoint.v3.endpoint_pb2",
    f"{_CONFIG}listener.v3.listener_pb2",
    f"{_CONFIG}route.v3.route_pb2",
    f"{_EXTENSIONS}access_loggers.file.v3.file_pb2",
    f"{_EXTENSIONS}access_loggers.filters.cel.v3.cel_pb2",
    f"{_EXTENSIONS}filters.http.fault.v3.fault_pb2",
    f"{_EXTENSIONS}filters.http.lua.v3.lua_pb2",
    f"{_EXTENSIONS}filters.http.router.v3.router_pb2",
    f"{_EXTENSIONS}filters.network.http_connection_manager.v3.http_connection_manager_pb2",
    f"{_EXTENSIONS}filters.network.set_filter_state.v3.set_filter_state_pb2",
    f"{_EXTENSIONS}http.early_header_mutation.header_mutation.v3.header_mutation_pb2",
    f"{_EXTENSIONS}http.header_formatters.preserve_case.v3.preserve_case_pb2",
    f"{_EXTENSIONS}matching.common_inputs.network.v3.network_inputs_pb2",
    f"{_EXTENSIONS}matching.input_matchers.consistent_hashing.v3.consistent_hashing_pb2",
    f"{_EXTENSIONS}load_balancing_policies.least_request.v3.least_request_pb2",
    "google.protobuf.wrappers_pb2",
    f"{_EXTENSIONS}upstreams.http.v3.http_protocol_options_pb2",
):
    import_module(_module)


def pack(resource: Json) -> bytes:
    """The bytes of the message of type `resource["@type"]`, always the same for the same resource.

    Raises google.protobuf.json_format.ParseError when a field does not exist or has the wrong type.
    """
    message = json_format.ParseDict(resource, AnyMessage())
    return bytes(message.value)
