"""Converts AWS's structures of a rule (RuleCondition, Action) and of a target group's stickiness to the proxy's own values: pure
(ALB-21 to ALB-26, TG-25 to TG-27).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.drivers.proxy import base as proxy


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    arn: str
    priority: int | None  # None: the default rule
    conditions: tuple[Mapping[str, Any], ...]  # AWS's RuleCondition
    action: Mapping[str, Any]  # AWS's Action: forward, redirect or fixed-response


def forwarded(aws: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """(ARN, weight) of the target groups of a forward action in either of its two forms; () for another action."""
    if "ForwardConfig" in aws and aws["ForwardConfig"].get("TargetGroups"):
        return tuple((group["TargetGroupArn"], int(group.get("Weight", 1))) for group in aws["ForwardConfig"]["TargetGroups"])
    return ((aws["TargetGroupArn"], 1),) if "TargetGroupArn" in aws else ()


def action(
    aws: Mapping[str, Any], sticky: Mapping[str, proxy.Stickiness] | None = None
) -> proxy.Forward | proxy.Redirect | proxy.FixedResponse:
    """ALB-23 to ALB-26. `sticky`: the stickiness of target groups, by ARN."""
    if aws["Type"] == "forward":
        return _forward(aws, sticky or {})
    if aws["Type"] == "redirect":
        config = aws["RedirectConfig"]
        given = {name.lower(): str(value) for name, value in config.items() if name != "StatusCode"}
        return proxy.Redirect(status_code=int(config["StatusCode"].removeprefix("HTTP_")), **given)
    config = aws["FixedResponseConfig"]
    return proxy.FixedResponse(
        status_code=int(config["StatusCode"]),
        content_type=config.get("ContentType") or "text/plain",
        body=config.get("MessageBody") or "",
    )


def _forward(aws: Mapping[str, Any], sticky: Mapping[str, proxy.Stickiness]) -> proxy.Forward:
    groups = forwarded(aws)
    choice = (aws.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    duration = timedelta(seconds=int(choice["DurationSeconds"])) if choice.get("Enabled") else None
    return proxy.Forward(
        target_groups=groups,
        sticky_targets=tuple((arn, sticky[arn]) for arn, _ in groups if arn in sticky),
        sticky_choice=duration if len(groups) > 1 else None,  # TG-27
    )


def condition_values(aws: Mapping[str, Any]) -> Sequence[Any]:
    """The values of a condition in any of its forms."""
    for name, config in aws.items():
        if name.endswith("Config") and config:
            return tuple(config.get("Values") or ())
    return tuple(aws.get("Values") or ())


def conditions(aws: Sequence[Mapping[str, Any]]) -> proxy.Conditions:
    """ALB-22."""

    def values(field: str) -> tuple[str, ...]:
        return tuple(value for condition in aws if condition["Field"] == field for value in condition_values(condition))

    return proxy.Conditions(
        path_patterns=values("path-pattern"),
        host_headers=values("host-header"),
        http_headers=tuple(
            (condition["HttpHeaderConfig"]["HttpHeaderName"], tuple(condition_values(condition)))
            for condition in aws
            if condition["Field"] == "http-header"
        ),
        request_methods=values("http-request-method"),
        query_strings=tuple(
            tuple((pair.get("Key"), pair["Value"]) for pair in condition_values(condition))
            for condition in aws
            if condition["Field"] == "query-string"
        ),
        source_ips=values("source-ip"),
    )


def stickiness(attributes: Mapping[str, str]) -> proxy.Stickiness | None:
    """TG-25, TG-26; None: it is off."""
    if attributes.get("stickiness.enabled") != "true":
        return None
    kind = attributes["stickiness.type"]
    duration = timedelta(seconds=int(attributes[f"stickiness.{kind}.duration_seconds"]))
    name = attributes["stickiness.app_cookie.cookie_name"] if kind == "app_cookie" else None
    return proxy.Stickiness(duration=duration, app_cookie=name)
