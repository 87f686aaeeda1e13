"""When a liveness check counts as failed: after failures in a row, and no sooner."""

import pytest

from sandbox.drivers.liveness import FAILURE_THRESHOLD, LivenessCheck


@pytest.mark.parametrize(
    ("answers", "calls", "failed"),
    [
        ("y", 0, False),
        ("n" * (FAILURE_THRESHOLD - 1), 0, False),
        ("n" * FAILURE_THRESHOLD, 1, True),
        ("n" * (FAILURE_THRESHOLD - 1) + "y" + "n" * (FAILURE_THRESHOLD - 1), 0, False),
        ("n" * FAILURE_THRESHOLD + "y", 1, False),
        ("n" * 2 * FAILURE_THRESHOLD, 2, True),
    ],
)
def test_the_check_fails_after_failures_in_a_row(answers: str, calls: int, failed: bool) -> None:
    remaining, called = iter(answers), []
    liveness = LivenessCheck("liveness", 1.0, lambda: next(remaining) == "y", lambda: called.append("failed"))
    for _ in answers:
        liveness.check()
    assert (len(called), liveness.failed) == (calls, failed)
