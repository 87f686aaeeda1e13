"""The wait between attempts: doubles from the first up to the longest."""

from datetime import timedelta

import pytest

from sandbox.core.backoff import backoff


@pytest.mark.parametrize(("failures", "seconds"), [(1, 0.25), (2, 0.5), (3, 1.0), (6, 8.0), (7, 10.0), (100_000, 10.0)])
def test_wait_doubles_with_each_failure_up_to_the_longest(failures: int, seconds: float) -> None:
    assert backoff(failures, first=0.25, longest=10.0) == seconds
    assert backoff(failures, first=timedelta(seconds=0.25), longest=timedelta(seconds=10)) == timedelta(seconds=seconds)
