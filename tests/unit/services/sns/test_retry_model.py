"""When a failed delivery is retried: the four phases and the four backoff functions."""

from datetime import timedelta

import pytest

from sandbox.services.sns.retry_model import AWS_MANAGED, CUSTOMER_MANAGED, HTTP, BackoffFunction, RetryPolicy
from tests.support import rule


def delays(policy: RetryPolicy, count: int | None = None) -> list[float]:
    found = []
    while (wait := policy.delay(len(found) + 1)) is not None and len(found) != count:
        found.append(round(wait.total_seconds(), 3))
    return found


@rule("SNS-9")
def test_http_is_retried_three_times_twenty_seconds_apart() -> None:
    assert delays(HTTP) == [20, 20, 20]
    assert HTTP.longest == timedelta(hours=1)


@rule("SNS-10")
def test_queues_and_mail_have_fixed_policies() -> None:
    assert delays(AWS_MANAGED, 6) == [0, 0, 0, 1, 1, 1]
    assert AWS_MANAGED.delay(15) == AWS_MANAGED.delay(100_015) == timedelta(seconds=20)
    assert AWS_MANAGED.delay(100_016) is None
    total = sum((AWS_MANAGED.delay(n) or timedelta(0) for n in range(1, 100_016)), timedelta(0))
    assert total.days == 23
    assert delays(CUSTOMER_MANAGED)[:2] == [10, 10]
    assert len(delays(CUSTOMER_MANAGED)) == 50
    assert 6 < sum(delays(CUSTOMER_MANAGED)) / 3600 < 7.5


@rule("SNS-9")
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("linear", [10, 40, 70, 100, 130, 160]),
        ("arithmetic", [10, 20, 40, 70, 110, 160]),
        ("geometric", [10, 17.411, 30.314, 52.78, 91.896, 160]),
        ("exponential", [10, 14.839, 24.516, 43.871, 82.581, 160]),
    ],
)
def test_backoff_increases_from_the_minimum_to_the_maximum(function: str, expected: list[float]) -> None:
    policy = RetryPolicy(min_delay_target=10, max_delay_target=160, num_retries=6, backoff_function=BackoffFunction(function))
    assert delays(policy) == expected


def test_the_phases_follow_each_other() -> None:
    policy = RetryPolicy(
        min_delay_target=5, max_delay_target=25, num_retries=9, num_no_delay_retries=2, num_min_delay_retries=2, num_max_delay_retries=2
    )
    assert delays(policy) == [0, 0, 5, 5, 5, 15, 25, 25, 25]


def test_a_single_backoff_retry_has_the_minimum_delay() -> None:
    assert delays(RetryPolicy(min_delay_target=5, max_delay_target=60, num_retries=1)) == [5]


def test_a_policy_without_retries() -> None:
    assert delays(RetryPolicy(num_retries=0)) == []
