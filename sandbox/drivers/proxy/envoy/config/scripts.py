"""The Lua scripts of the load balancers' listeners. Native options of Envoy do what they can (routes.py); a script runs for the trace id,
and for what only some requests or rules need. Without the longer script, a request costs Envoy a third less.
"""

from importlib.resources import files

from sandbox.drivers.proxy.base import Forward, ListenerConfig, Redirect, RuleConfig
from sandbox.drivers.proxy.envoy.config.conditions import Json
from sandbox.drivers.proxy.envoy.config.local_replies import LUA, header

EVERYTHING = "everything"
SHAPE = "x-sandbox-shape"  # as in plain.lua; routes remove it
DEFAULT_PORT = 80
_EARLY = "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
_TYPE = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
_SCRIPT = files(__package__).joinpath("request.lua").read_text()
_PLAIN = _SCRIPT + files(__package__).joinpath("plain.lua").read_text()


def shape() -> Json:
    """Sets the header SHAPE of each request: its size, the first characters of its trace id and X-Forwarded-For, and its host."""
    value = "%REQUEST_HEADERS_BYTES% %REQ(X-AMZN-TRACE-ID):1% %REQ(X-FORWARDED-FOR):1% %REQ(:AUTHORITY)%"
    config = {"@type": _EARLY, "mutations": [{"append": header(SHAPE, value)}]}
    return {"name": "shape", "typed_config": config}


def request_filter() -> Json:
    codes = {"default_source_code": {"inline_string": _PLAIN}, "source_codes": {EVERYTHING: {"inline_string": _SCRIPT}}}
    return {"name": LUA, "typed_config": {"@type": _TYPE, **codes}}


def of_route(listener: ListenerConfig, rule: RuleConfig) -> Json:
    """The `typed_per_filter_config` of a rule's route: each of its requests needs the longer script, or few do."""
    return {LUA: {"@type": f"{_TYPE}PerRoute", "name": EVERYTHING}} if _needs_everything(listener, rule) else {}


def _needs_everything(listener: ListenerConfig, rule: RuleConfig) -> bool:
    chooses = isinstance(rule.action, Forward) and rule.action.sticky_choice is not None
    other_host = listener.port != DEFAULT_PORT or listener.preserve_host_header  # ALB-32
    return listener.drop_invalid_headers or other_host or chooses or isinstance(rule.action, Redirect)
