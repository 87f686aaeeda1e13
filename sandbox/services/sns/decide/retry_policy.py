"""When a delivery that failed is tried again: delivery policies of SNS as values, and the moment of each retry. Pure.

Four phases, one after the other: at once, pre-backoff (minimum delay), backoff (a function between minimum and maximum), post-backoff
(maximum delay). Only HTTP(S) has policies of the user's; those for queues and mail are SNS's own (SNS-9, SNS-10).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from sandbox.core.persisted import persisted

LONGEST_HTTP_RETRY_TIME = timedelta(seconds=3600)  # SNS-9: all retries of one delivery together
MOST_RETRIES = 100  # SNS-9
LONGEST_DELAY = 3600  # seconds


@persisted("sns.BackoffFunction")
class BackoffFunction(Enum):
    """How the delay goes from the minimum to the maximum. AWS shows the four as curves, without formulas: the formulas are ours (U)."""

    LINEAR = "linear"  # equal steps
    ARITHMETIC = "arithmetic"  # each step longer than the last by the same amount
    GEOMETRIC = "geometric"  # each delay the same multiple of the last
    EXPONENTIAL = "exponential"  # each step twice the last


class BadPolicy(ValueError):
    """What is wrong with a DeliveryPolicy, as SNS words it after `Invalid parameter: DeliveryPolicy: `."""


@persisted("sns.RetryPolicy")
@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """The defaults are those of HTTP (SNS-9). Delays in seconds; `num_retries` counts all phases."""

    min_delay_target: int = 20
    max_delay_target: int = 20
    num_retries: int = 3
    num_no_delay_retries: int = 0
    num_min_delay_retries: int = 0
    num_max_delay_retries: int = 0
    backoff_function: BackoffFunction = BackoffFunction.LINEAR
    longest: timedelta | None = LONGEST_HTTP_RETRY_TIME  # from the first attempt to the last; None: no limit

    def delay(self, retry: int) -> timedelta | None:
        """How long after the failure retry number `retry` (from 1) is made; None: there is none."""
        if retry > self.num_retries:
            return None
        number = retry - self.num_no_delay_retries
        if number <= 0:
            return timedelta(0)
        number -= self.num_min_delay_retries
        if number <= 0:
            return timedelta(seconds=self.min_delay_target)
        if number > self.backoff_retries:
            return timedelta(seconds=self.max_delay_target)
        return timedelta(seconds=self._backoff(number - 1, self.backoff_retries - 1))

    @property
    def backoff_retries(self) -> int:
        return self.num_retries - self.num_no_delay_retries - self.num_min_delay_retries - self.num_max_delay_retries

    def _backoff(self, step: int, steps: int) -> float:
        low, high = self.min_delay_target, self.max_delay_target
        if steps == 0 or low == high:
            return float(low)
        match self.backoff_function:
            case BackoffFunction.LINEAR:
                way = step / steps
            case BackoffFunction.ARITHMETIC:
                way = step * (step + 1) / (steps * (steps + 1))
            case BackoffFunction.GEOMETRIC:
                return float(low * (high / low) ** (step / steps))
            case BackoffFunction.EXPONENTIAL:
                way = (2**step - 1) / (2**steps - 1)
        return low + (high - low) * way


HTTP = RetryPolicy()
AWS_MANAGED = RetryPolicy(  # SNS-10: SQS; 100,015 attempts over 23 days
    min_delay_target=1,
    max_delay_target=20,
    num_retries=100_015,
    num_no_delay_retries=3,
    num_min_delay_retries=2,
    num_max_delay_retries=100_000,
    backoff_function=BackoffFunction.EXPONENTIAL,
    longest=None,
)
CUSTOMER_MANAGED = RetryPolicy(  # SNS-10: SMTP and SMS; 50 attempts over 6 hours
    min_delay_target=10,
    max_delay_target=600,
    num_retries=50,
    num_min_delay_retries=2,
    num_max_delay_retries=38,
    backoff_function=BackoffFunction.EXPONENTIAL,
    longest=None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """What holds for the HTTP deliveries of one subscription."""

    retry: RetryPolicy = HTTP
    max_receives_per_second: int | None = None  # None: not limited
    content_type: str = "text/plain; charset=UTF-8"  # SNS-6

    def as_json(self) -> dict[str, Any]:
        """EffectiveDeliveryPolicy of a subscription."""
        throttle = None if self.max_receives_per_second is None else {"maxReceivesPerSecond": self.max_receives_per_second}
        return {
            "healthyRetryPolicy": retry_json(self.retry),
            "sicklyRetryPolicy": None,
            "throttlePolicy": throttle,
            "requestPolicy": {"headerContentType": self.content_type},
            "guaranteed": False,
        }


FIELDS = {
    "minDelayTarget": "min_delay_target",
    "maxDelayTarget": "max_delay_target",
    "numRetries": "num_retries",
    "numMaxDelayRetries": "num_max_delay_retries",
    "numNoDelayRetries": "num_no_delay_retries",
    "numMinDelayRetries": "num_min_delay_retries",
}
LIMITS = {"minDelayTarget": (1, LONGEST_DELAY), "maxDelayTarget": (1, LONGEST_DELAY)}


def retry_json(policy: RetryPolicy) -> dict[str, Any]:
    return {name: getattr(policy, field) for name, field in FIELDS.items()} | {"backoffFunction": policy.backoff_function.value}


def of_topic(policy: Mapping[str, Any]) -> tuple[DeliveryPolicy, bool]:
    """A topic's DeliveryPolicy → what it says, and whether subscriptions may say otherwise. Raises BadPolicy."""
    _members(policy, "", ("http",))
    http = _object(policy, "http", "")
    known = ("defaultHealthyRetryPolicy", "disableSubscriptionOverrides", "defaultThrottlePolicy", "defaultRequestPolicy")
    _members(http, "http.", known)
    disabled = http.get("disableSubscriptionOverrides", False)
    if not isinstance(disabled, bool):
        raise BadPolicy("http.disableSubscriptionOverrides must be a boolean")
    parts = [(name, "http.") for name in ("defaultHealthyRetryPolicy", "defaultThrottlePolicy", "defaultRequestPolicy")]
    return _policy(http, parts, DeliveryPolicy()), not disabled


def of_subscription(policy: Mapping[str, Any], topics: DeliveryPolicy) -> DeliveryPolicy:
    """A subscription's DeliveryPolicy; what it leaves out is the topic's. Raises BadPolicy."""
    _members(policy, "", ("healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"))
    return _policy(policy, [(name, "") for name in ("healthyRetryPolicy", "throttlePolicy", "requestPolicy")], topics)


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
