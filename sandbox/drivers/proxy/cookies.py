"""Sticky sessions of the simulated proxy (TG-25 to TG-27): the same decisions as envoy/config/sticky.lua, in plain Python. Pure."""

from collections.abc import Mapping
from datetime import datetime

from sandbox.drivers.proxy.base import Endpoint, Forward, Stickiness, TargetGroupConfig
from sandbox.drivers.proxy.matching import Request

OWN, APP, OF_CHOICE = "AWSALB", "AWSALBAPP-0", "AWSALBTG"


def of(request: Request) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in (request.header("Cookie") or "").split(";"))
    return {name: value for name, _, value in pairs if name}


def target(group: TargetGroupConfig, sticky: Stickiness | None, request: Request, now: datetime) -> Endpoint | None:
    """The target that the client's cookie names, if it may get the request."""
    if sticky is None or (sticky.app_cookie and sticky.app_cookie not in of(request)):
        return None
    host, arn = _valid(of(request).get(APP if sticky.app_cookie else OWN), sticky.duration.total_seconds(), now)
    may_get = [e for e in group.endpoints if e.healthy] or group.endpoints
    return next((e for e in may_get if arn == group.arn and f"{e.host}:{e.port}" == host), None)


def target_group(forward: Forward, request: Request, now: datetime) -> str | None:
    """The target group that the client's cookie names, if the rule forwards to it."""
    if forward.sticky_choice is None:
        return None
    arn, _ = _valid(of(request).get(OF_CHOICE), forward.sticky_choice.total_seconds(), now)
    return arn if arn in {arn for arn, weight in forward.target_groups if weight} else None


def of_response(forward: Forward, arn: str, endpoint: Endpoint, set_by_app: Mapping[str, str], now: datetime) -> dict[str, str]:
    """The cookies that the response of a target sets."""
    found: dict[str, str] = {}
    if forward.sticky_choice is not None:
        found |= dict.fromkeys((OF_CHOICE, f"{OF_CHOICE}CORS"), _encoded(arn, "-", now))
    sticky = dict(forward.sticky_targets).get(arn)
    if sticky is None or (sticky.app_cookie and sticky.app_cookie not in set_by_app):
        return found
    value = _encoded(f"{endpoint.host}:{endpoint.port}", arn, now)
    return found | dict.fromkeys((APP,) if sticky.app_cookie else (OWN, f"{OWN}CORS"), value)


def _encoded(what: str, group: str, now: datetime) -> str:
    return f"{what} {group} {now.timestamp()}".encode().hex()


def _valid(value: str | None, seconds: float, now: datetime) -> tuple[str | None, str | None]:
    """What _encoded was given; nothing when the cookie cannot be decoded or is older than `seconds`."""
    try:
        what, group, issued = bytes.fromhex(value or "").decode().split(" ")
        return (what, group) if now.timestamp() - float(issued) <= seconds else (None, None)
    except ValueError:
        return None, None
