"""Validates the actions and conditions of CreateListener, CreateRule and their Modify operations, and completes them with AWS's defaults.

What AWS supports and our data plane does not (authentication, stickiness between target groups, regular expressions, transforms) is
refused with an error that names it.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.decide.rules import condition_values, forwarded

ACTION_TYPES = ("forward", "authenticate-oidc", "authenticate-cognito", "redirect", "fixed-response", "jwt-validation")
CONTENT_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
FIELDS = ("path-pattern", "host-header", "http-header", "http-request-method", "query-string", "source-ip")
CONFIGS = {"path-pattern": "PathPatternConfig", "host-header": "HostHeaderConfig"}  # the fields that Values may stand for
ONCE = ("path-pattern", "host-header", "http-request-method", "source-ip")  # ALB-22: at most one condition of each
MOST_GROUPS, MOST_VALUES, MOST_WILDCARDS = 5, 5, 5  # ALB-9
LONGEST_VALUE, LONGEST_METHOD, LONGEST_HEADER_NAME = 128, 40, 40
HIGHEST_WEIGHT = 999
LONGEST_STICKINESS = 604_800  # seconds
HIGHEST_PRIORITY = 50_000
REDIRECT_DEFAULTS = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}  # ALB-25


def within(value: Any, member: str, low: int, high: int) -> int:
    """The value as an integer. Raises ValidationError when it is none, or outside the range of the API's model."""
    if not re.fullmatch(r"-?\d+", str(value)) or int(value) < low:
        raise errors.out_of_range(value, member, "greater than or equal to", low)
    if int(value) > high:
        raise errors.out_of_range(value, member, "less than or equal to", high)
    return int(value)


def actions(asked: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The one action of a rule, completed with AWS's defaults (ALB-23). Raises InvalidLoadBalancerAction and ValidationError."""
    for number, action in enumerate(asked, start=1):
        if action.get("Type") not in ACTION_TYPES:
            raise errors.not_one_of(action.get("Type"), f"actions.{number}.member.type", ACTION_TYPES)
        if action["Type"] not in _COMPLETED_BY:
            raise errors.not_supported(f"The action {action['Type']}")
    if len(asked) != 1:
        raise errors.invalid_action("A rule must have exactly one action of type forward, redirect or fixed-response")  # (U)
    (action,) = asked
    return [_COMPLETED_BY[action["Type"]](action)]


def _forward(action: Mapping[str, Any]) -> dict[str, Any]:
    """ALB-23, ALB-24."""
    groups = forwarded(action)
    config = action.get("ForwardConfig") or {}
    if not groups:
        raise errors.invalid_action("For actions of type 'forward', you must specify the following fields: 'TargetGroupArn'")  # (U)
    if "TargetGroupArn" in action and [arn for arn, _ in groups] != [action["TargetGroupArn"]]:
        raise errors.validation("You can specify either a target group ARN or a forward configuration, but not both")  # (U)
    if len(groups) > MOST_GROUPS:
        raise errors.too_many("TooManyTargetGroups", "target groups for a forward action", MOST_GROUPS)
    tuples = [
        {"TargetGroupArn": arn, "Weight": within(weight, "actions.1.member.forwardConfig.targetGroups.weight", 0, HIGHEST_WEIGHT)}
        for arn, weight in groups
    ]
    sticky = _group_stickiness(config.get("TargetGroupStickinessConfig") or {})
    complete = {"Type": "forward", "ForwardConfig": {"TargetGroups": tuples, "TargetGroupStickinessConfig": sticky}}
    short_form = {"TargetGroupArn": groups[0][0]} if len(groups) == 1 else {}
    return _order(action) | complete | short_form


def _group_stickiness(asked: Mapping[str, Any]) -> dict[str, Any]:
    """TG-27."""
    if not asked.get("Enabled"):
        return {"Enabled": False}
    if asked.get("DurationSeconds") is None:
        raise errors.invalid_action("A duration must be specified when stickiness of the target groups is enabled")  # (U)
    member = "actions.1.member.forwardConfig.targetGroupStickinessConfig.durationSeconds"
    return {"Enabled": True, "DurationSeconds": within(asked["DurationSeconds"], member, 1, LONGEST_STICKINESS)}


def _redirect(action: Mapping[str, Any]) -> dict[str, Any]:
    """ALB-25."""
    asked = action.get("RedirectConfig")
    if not asked:
        raise errors.invalid_action("For actions of type 'redirect', you must specify the following fields: 'RedirectConfig'")
    if asked.get("StatusCode") not in ("HTTP_301", "HTTP_302"):
        member = "actions.1.member.redirectConfig.statusCode"
        raise errors.not_one_of(asked.get("StatusCode"), member, ("HTTP_301", "HTTP_302"))
    config = REDIRECT_DEFAULTS | {name: str(value) for name, value in asked.items()}
    if all(config[name] == REDIRECT_DEFAULTS[name] for name in ("Protocol", "Port", "Host", "Path")):
        raise errors.redirect_loop()
    if config["Protocol"] not in ("HTTP", "HTTPS", "#{protocol}"):
        raise errors.invalid_action("The redirect protocol must be HTTP, HTTPS, or #{protocol}")  # (U)
    if config["Port"] != "#{port}":
        within(config["Port"], "actions.1.member.redirectConfig.port", 1, 65535)
    if not config["Path"].startswith("/"):
        raise errors.invalid_action("The redirect path must begin with a '/' character")  # (U)
    return _order(action) | {"Type": "redirect", "RedirectConfig": config}


def _fixed_response(action: Mapping[str, Any]) -> dict[str, Any]:
    """ALB-26."""
    config = action.get("FixedResponseConfig")
    if not config or not config.get("StatusCode"):
        raise errors.invalid_action("For actions of type 'fixed-response', you must specify the following fields: 'FixedResponseConfig'")
    member = "actions.1.member.fixedResponseConfig"
    if not re.fullmatch(r"[245]\d\d", config["StatusCode"]):
        pattern = "Member must satisfy regular expression pattern: ^(2|4|5)\\d\\d$"
        text = f"Value '{config['StatusCode']}' at '{member}.statusCode' failed to satisfy constraint: {pattern}"
        raise errors.validation(f"1 validation error detected: {text}")
    if config.get("ContentType") and config["ContentType"] not in CONTENT_TYPES:
        allowed = "'text/html', 'application/json', 'application/javascript', 'text/css', 'text/plain'"
        raise errors.invalid_action(f"The ContentType must be one of:{allowed}")
    if len(config.get("MessageBody") or "") > 1024:
        limit = "Member must have length less than or equal to 1024"
        raise errors.validation(f"1 validation error detected: Value at '{member}.messageBody' failed to satisfy constraint: {limit}")
    return _order(action) | {"Type": "fixed-response", "FixedResponseConfig": dict(config)}


_COMPLETED_BY = {"forward": _forward, "redirect": _redirect, "fixed-response": _fixed_response}


def _order(action: Mapping[str, Any]) -> dict[str, Any]:
    return {"Order": within(action["Order"], "actions.1.member.order", 1, 50_000)} if "Order" in action else {}


def conditions(asked: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The conditions of a rule. Raises ValidationError for those that AWS refuses (ALB-9, ALB-22)."""
    if not asked:
        raise errors.validation("A rule must have at least one condition")  # (U)
    for condition in asked:
        _condition(condition)
    for field in ONCE:
        if sum(condition["Field"] == field for condition in asked) > 1:
            raise errors.validation(f"A rule can only have one '{field}' condition")  # (U)
    values = [value for condition in asked for value in condition_values(condition)]
    if len(values) > MOST_VALUES:
        raise errors.validation(f"A rule can only have '{MOST_VALUES}' condition values")
    if sum(len(re.findall(r"[*?]", _text(value))) for value in values) > MOST_WILDCARDS:
        raise errors.validation(f"A rule can only have '{MOST_WILDCARDS}' wildcards")  # (U)
    return [_both_spellings(condition) for condition in asked]


def _both_spellings(condition: Mapping[str, Any]) -> dict[str, Any]:
    """ALB-16: a path or host condition is returned with Values and with its own config, whichever of them the request has."""
    field = condition["Field"]
    if field not in CONFIGS:
        return dict(condition)
    values = list(condition_values(condition))
    return {"Field": field, "Values": values, CONFIGS[field]: {"Values": values}}


def _condition(condition: Mapping[str, Any]) -> None:
    field = condition.get("Field")
    if not field:
        raise errors.validation("A condition field must be specified")
    if field not in FIELDS:
        raise errors.validation(f"Condition field '{field}' must be one of '[{','.join(FIELDS)}]'")
    if "RegexValues" in condition or any("RegexValues" in config for config in condition.values() if isinstance(config, Mapping)):
        raise errors.not_supported("A condition with regular expressions")
    if condition.get("Values") and field not in CONFIGS:
        raise errors.validation(f"The 'Values' field is not compatible with '{field}'")
    if condition.get("Values") and condition.get(CONFIGS[field]):
        raise errors.validation(f"You cannot provide both Values and '{CONFIGS[field]}' for a condition of type '{field}'")
    values = condition_values(condition)
    if not values:
        raise errors.validation("A condition value must be specified")
    for value in values:
        _value(field, value)
    if field == "http-header":
        _header_name(condition.get("HttpHeaderConfig", {}).get("HttpHeaderName", ""))


def _header_name(name: str) -> None:
    """ALB-22: a header field name as in RFC 7230."""
    if not 0 < len(name) <= LONGEST_HEADER_NAME:
        raise errors.validation(f"The 'HttpHeaderName' value is too long; the limit is '{LONGEST_HEADER_NAME}'")
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise errors.validation(f"The 'HttpHeaderName' value '{name}' contains characters that are not valid")  # (U)


def _value(field: str, value: Any) -> None:
    if field == "query-string" and not value.get("Value"):
        raise errors.validation("A 'Value' must be specified in 'QueryStringKeyValuePair'")
    limit = LONGEST_METHOD if field == "http-request-method" else LONGEST_VALUE
    if len(_text(value)) > limit:
        raise errors.validation(f"The '{field}' value is too long; the limit is '{limit}'")
    if field == "http-request-method" and not re.fullmatch(r"[A-Z_-]+", value):
        allowed = "the allowed characters are A-Z, hyphen and underscore"
        raise errors.validation(f"The 'http-request-method' value is invalid; {allowed}")
    if field == "source-ip":
        _cidr(value)


def _cidr(value: str) -> None:
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        raise errors.validation(f"The 'source-ip' value '{value}' must be in CIDR format") from None  # (U)
    if network.version != 4:
        raise errors.not_supported("A source-ip condition for IPv6")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value.get("Value", ""))
