"""When a failed delivery is retried: SNS's delivery policies as values, and the delay before each retry.

There are four phases: immediate retry (no delay), pre-backoff (minimum delay), backoff (a function between minimum and maximum) and
post-backoff (maximum delay). Users can set a policy for HTTP(S) only; the policies for queues and mail are fixed (SNS-9, SNS-10).
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from sandbox.core.persisted import persisted

LONGEST_HTTP_RETRY_TIME = timedelta(seconds=3600)  # SNS-9: from the first attempt to the last retry


@persisted("sns.BackoffFunction")
class BackoffFunction(Enum):
    """How the delay increases from the minimum to the maximum. AWS documents curves without formulas: the formulas are ours (U)."""

    LINEAR = "linear"  # equal steps
    ARITHMETIC = "arithmetic"  # each step is longer than the last by the same amount
    GEOMETRIC = "geometric"  # each delay is the same multiple of the last
    EXPONENTIAL = "exponential"  # each step is twice the last


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
        """The delay between a failure and retry number `retry` (from 1); None: no such retry."""
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
                fraction = step / steps
            case BackoffFunction.ARITHMETIC:
                fraction = step * (step + 1) / (steps * (steps + 1))
            case BackoffFunction.GEOMETRIC:
                return float(low * (high / low) ** (step / steps))
            case BackoffFunction.EXPONENTIAL:
                fraction = (2**step - 1) / (2**steps - 1)
        return low + (high - low) * fraction


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
    """The delivery policy of the HTTP deliveries of one subscription."""

    retry: RetryPolicy = HTTP
    max_receives_per_second: int | None = None  # None: no limit
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


def retry_json(policy: RetryPolicy) -> dict[str, Any]:
    return {name: getattr(policy, field) for name, field in FIELDS.items()} | {"backoffFunction": policy.backoff_function.value}
