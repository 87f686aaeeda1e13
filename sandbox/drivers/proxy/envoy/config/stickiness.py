"""Sticky sessions (TG-25 to TG-27): what sticky.lua and request.lua need to know of a route and its target groups.

Envoy's own cookie-based sessions set their cookie once; an ALB sets it with each response, and the duration begins again.
"""

from importlib.resources import files

from sandbox.drivers.proxy.base import Forward, ListenerConfig, Stickiness
from sandbox.drivers.proxy.envoy.config.conditions import Json
from sandbox.drivers.proxy.envoy.config.durations import Real

STICKY = "sandbox.sticky"  # the filter, which only sticky routes switch on
CHOICE = "x-sandbox-choice"  # set by request.lua: a number that selects the weighted target group
TARGET = "x-sandbox-target"  # removed by sticky.lua: the target that answered
COOKIE, APP_COOKIE = "AWSALB", "AWSALBAPP-0"

SCRIPT = files(__package__).joinpath("sticky.lua").read_text()

_LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
_OFF: Json = {"cookie": ""}


def is_sticky(listener: ListenerConfig) -> bool:
    """Whether any of its rules needs the filter: it costs each request a little, also where no route switches it on."""
    forwards = [rule.action for rule in listener.rules if isinstance(rule.action, Forward)]
    return any(forward.sticky_targets or forward.sticky_choice is not None for forward in forwards)


def sticky_filter() -> Json:
    config = {"@type": _LUA, "default_source_code": {"inline_string": SCRIPT}}
    return {"name": STICKY, "typed_config": config, "disabled": True}


def sticky_route(forward: Forward, real: Real) -> Json:
    """Fields of the route. One that forwards to several groups switches the filter on; the chosen group's cluster says how."""
    if not forward.sticky_targets and forward.sticky_choice is None:
        return {}
    own = dict(forward.sticky_targets)
    arn = forward.target_groups[0][0]
    context = _context(arn, own[arn], real) if len(forward.target_groups) == 1 and arn in own else _OFF
    target = {"header": {"key": TARGET, "value": "%UPSTREAM_REMOTE_ADDRESS%"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    return {"typed_per_filter_config": _per_route(context), "response_headers_to_add": [target]}


def sticky_cluster(forward: Forward, arn: str, real: Real) -> Json:
    """Fields of one of the weighted clusters."""
    own = dict(forward.sticky_targets)
    return {"typed_per_filter_config": _per_route(_context(arn, own[arn], real))} if arn in own else {}


def choice(forward: Forward, real: Real) -> Json:
    """Instructions for request.lua: the groups, and how long a client stays with one."""
    if forward.sticky_choice is None:
        return {}
    weighted = [{"arn": arn, "weight": weight} for arn, weight in forward.target_groups if weight > 0]
    return {"choice": {"milliseconds": real(forward.sticky_choice) * 1000, "groups": weighted}} if weighted else {}


def _context(arn: str, sticky: Stickiness, real: Real) -> Json:
    named = {"cookie": APP_COOKIE, "app": sticky.app_cookie} if sticky.app_cookie else {"cookie": COOKIE}
    return {**named, "group": arn, "milliseconds": real(sticky.duration) * 1000}


def _per_route(context: Json) -> Json:
    return {STICKY: {"@type": f"{_LUA}PerRoute", "filter_context": context}}
