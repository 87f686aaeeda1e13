"""S13: with a deregistration delay longer than the longest request, instances leave and nothing is cut."""

import pytest

from tests.support import rule
from tests.support.outage import outcome

NAME = "draining"
CUT = "Long requests cut while"


@rule("TG-20", "ASG-80")
@pytest.mark.parametrize("hook", ["60", "0"])
def test_instances_that_drain_finish_what_they_have_begun(hook: str) -> None:
    found = outcome(NAME, "tuned", hook=hook)
    assert (found.verdict, found.left) == ("SUCCEEDED", ())
    assert found.criterion("Longest time that a target drained").measured == "30 s"
    assert found.criterion("Each instance drained").measured == "4 of 4 instances"
    assert found.criterion("Long requests that the crash cut").measured != "0 requests"


@rule("TG-20")
def test_the_negative_control_has_no_delay() -> None:
    found = outcome(NAME, control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert found.report.advice[0].command.endswith("timeout_seconds,Value=30")


@rule("TG-22")
def test_a_request_longer_than_the_delay_is_cut() -> None:
    found = outcome(NAME, "tuned", long_seconds="60")
    assert found.verdict == "FAILED" and not found.criterion(CUT).passed
    assert found.report.advice[0].command.endswith("timeout_seconds,Value=90")
