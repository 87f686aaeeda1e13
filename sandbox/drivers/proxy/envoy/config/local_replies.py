"""Responses of the load balancer itself, with the bodies and headers of an ALB (ALB-34): the status and page for each of Envoy's reasons.

502: the target refused or reset the connection, or its response was malformed. 503: there is no target. 504: no connection within the
connect timeout, or no response within the idle timeout. 400: the parser rejected the request.
"""

from sandbox.drivers.proxy.envoy.config.conditions import Json

SERVER = "awselb/2.0"
LUA = "envoy.filters.http.lua"
_SERVER_OF_ROUTE = f"%METADATA(ROUTE:{LUA}:server)%"  # empty, and so no header, when the listener has it switched off

PHRASES = {
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    404: "Not Found",
    405: "Not Allowed",
    408: "Request Time-out",
    414: "Request-URI Too Large",
    463: "",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}

_CEL = "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"


def page(status: int) -> str:
    """The HTML body, 162 bytes for 503."""
    title = f"{status} {PHRASES[status]}".rstrip()
    return f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"


def header(name: str, value: str) -> Json:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def local_reply_config() -> Json:
    """Envoy uses the first mapper whose filter matches."""
    connect_timeout = {"and_filter": {"filters": [_flags("UF"), _details("connection_timeout")]}}
    slow_client = {"and_filter": {"filters": [_flags("SI", "UT"), _status(408)]}}
    return {
        "mappers": [
            _mapper(connect_timeout, 504, _SERVER_OF_ROUTE),  # ALB-45: packets are dropped, not refused
            _mapper(_flags("UF", "UC", "UR", "LR", "UPE", "URX"), 502, _SERVER_OF_ROUTE),
            _mapper(_flags("NR"), 503, SERVER),  # without a route
            _mapper(_flags("UH", "NC", "UO"), 503, _SERVER_OF_ROUTE),
            _mapper(slow_client, 408, SERVER),
            _mapper(_flags("UT", "SI"), 504, _SERVER_OF_ROUTE),
            *(_mapper(_made_by_parser(status), 400, SERVER) for status in (400, 414, 431)),
        ]
    }


def direct_response(status: int, server_header: bool = True) -> Json:
    """A route that answers with the page."""
    return {
        "direct_response": {"status": status, "body": {"inline_string": page(status)}},
        "response_headers_to_add": own_headers("text/html", server_header),
    }


def own_headers(content_type: str, server_header: bool) -> list[Json]:
    return [*([header("server", SERVER)] if server_header else []), header("content-type", content_type)]


def _mapper(condition: Json, status: int, server: str) -> Json:
    return {
        "filter": condition,
        "status_code": status,
        "body": {"inline_string": page(status)},
        "headers_to_add": [header("server", server)],
        "body_format_override": {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}, "content_type": "text/html"},
    }


def _flags(*flags: str) -> Json:
    return {"response_flag_filter": {"flags": list(flags)}}


def _status(status: int) -> Json:
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": {"default_value": status, "runtime_key": "sandbox.unset"}}}}


def _details(part: str) -> Json:
    expression = f"response.code_details.contains('{part}')"
    return {"extension_filter": {"name": "cel", "typed_config": {"@type": _CEL, "expression": expression}}}


def _made_by_parser(status: int) -> Json:
    """Excludes a fixed response and an answer of request.lua with the same status."""
    expression = "response.code_details != 'direct_response' && response.code_details != 'lua_response'"
    not_ours = {"name": "cel", "typed_config": {"@type": _CEL, "expression": expression}}
    return {"and_filter": {"filters": [_status(status), {"extension_filter": not_ours}]}}
