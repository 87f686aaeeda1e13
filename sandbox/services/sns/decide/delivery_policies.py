"""Parses the DeliveryPolicy attributes of topics and subscriptions (SNS-9). Pure."""

from collections.abc import Mapping
from typing import Any

from sandbox.services.sns.retry_model import FIELDS, BackoffFunction, DeliveryPolicy, RetryPolicy

MOST_RETRIES = 100  # SNS-9
LONGEST_DELAY = 3600  # seconds
LIMITS = {"minDelayTarget": (1, LONGEST_DELAY), "maxDelayTarget": (1, LONGEST_DELAY)}


class BadPolicy(ValueError):
    """What is wrong with a DeliveryPolicy, in SNS's words after `Invalid parameter: DeliveryPolicy: `."""


def of_topic(policy: Mapping[str, Any]) -> tuple[DeliveryPolicy, bool]:
    """A topic's DeliveryPolicy → its value, and whether subscriptions may override it. Raises BadPolicy."""
    _members(policy, "", ("http",))
    http = _object(policy, "http", "")
    known = ("defaultHealthyRetryPolicy", "disableSubscriptionOverrides", "defaultThrottlePolicy", "defaultRequestPolicy")
    _members(http, "http.", known)
    disabled = http.get("disableSubscriptionOverrides", False)
    if not isinstance(disabled, bool):
        raise BadPolicy("http.disableSubscriptionOverrides must be a boolean")
    parts = [(name, "http.") for name in ("defaultHealthyRetryPolicy", "defaultThrottlePolicy", "defaultRequestPolicy")]
    return _policy(http, parts, DeliveryPolicy()), not disabled


def of_subscription(policy: Mapping[str, Any], topic_policy: DeliveryPolicy) -> DeliveryPolicy:
    """A subscription's DeliveryPolicy; what it omits comes from the topic's. Raises BadPolicy."""
    _members(policy, "", ("healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"))
    return _policy(policy, [(name, "") for name in ("healthyRetryPolicy", "throttlePolicy", "requestPolicy")], topic_policy)


def _policy(given: Mapping[str, Any], parts: list[tuple[str, str]], base: DeliveryPolicy) -> DeliveryPolicy:
    (retry, path), (throttle, _), (request, _) = parts
    rate, kind = base.max_receives_per_second, base.content_type
    if given.get(throttle) is not None:
        rate = _whole(_object(given, throttle, path), "maxReceivesPerSecond", f"{path}{throttle}.", (1, 1_000_000))
    if given.get(request) is not None:
        kind = str(_object(given, request, path).get("headerContentType", kind))
    healthy = _retry(_object(given, retry, path), f"{path}{retry}.") if given.get(retry) is not None else base.retry
    return DeliveryPolicy(retry=healthy, max_receives_per_second=rate, content_type=kind)


def _retry(given: Mapping[str, Any], path: str) -> RetryPolicy:
    _members(given, path, (*FIELDS, "backoffFunction"))
    numbers: dict[str, Any] = {
        field: _whole(given, name, path, LIMITS.get(name, (0, MOST_RETRIES))) for name, field in FIELDS.items() if name in given
    }
    try:
        policy = RetryPolicy(**numbers, backoff_function=BackoffFunction(given.get("backoffFunction", "linear")))
    except ValueError:
        raise BadPolicy(f"{path}backoffFunction must be one of linear, arithmetic, geometric, exponential") from None
    if policy.min_delay_target > policy.max_delay_target:
        raise BadPolicy(f"{path}minDelayTarget must be less than or equal to maxDelayTarget")
    if policy.backoff_retries < 0:
        raise BadPolicy(f"{path}numRetries must be greater than or equal to total of numNoDelayRetries, numMinDelayRetries and so on")
    return policy


def _whole(given: Mapping[str, Any], name: str, path: str, limits: tuple[int, int]) -> int:
    value, (low, high) = given.get(name), limits
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadPolicy(f"{path}{name} must be an integer")
    if value > high:
        raise BadPolicy(f"{path}{name} must be less than or equal to {high}")
    if value < low:
        raise BadPolicy(f"{path}{name} must be greater than or equal to {low}")
    return value


def _object(given: Mapping[str, Any], name: str, path: str) -> Mapping[str, Any]:
    value = given.get(name, {})
    if not isinstance(value, dict):
        raise BadPolicy(f"{path}{name} must be a JSON object")
    return value


def _members(given: Mapping[str, Any], path: str, known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise BadPolicy(f"Unexpected JSON member: {path}{name}")
