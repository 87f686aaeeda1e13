"""S09: a canary and alarms stop a bad version at one instance; with AWS's defaults every instance gets it."""

import pytest

from tests.support import rule
from tests.support.outage import outcome

NAME = "bad_deploy"
WORST = "Instances with the defect in service"
UNDONE = "Time from the defect until the group is back"


@rule("ASG-104")
@pytest.mark.parametrize("defect", ["errors", "crash", "leak"])
def test_an_alarm_rolls_the_canary_back(defect: str) -> None:
    found = outcome(NAME, "tuned", defect=defect)
    assert (found.verdict, found.left) == ("SUCCEEDED", ())
    assert found.criterion(WORST).measured == "1 instances"


@rule("ASG-101")
def test_the_negative_control_has_awss_defaults_and_nobody_notices() -> None:
    found = outcome(NAME, control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert found.criterion(WORST).measured == "6 instances"
    assert found.report.availability is not None and found.report.availability < 85
    assert "AutoRollback" in found.report.advice[0].command


@rule("ASG-104")
def test_with_latest_there_is_nothing_to_go_back_to() -> None:
    found = outcome(NAME, "tuned", numbered="no")
    assert found.verdict == "FAILED" and found.criterion(UNDONE).measured == "did not happen"
    assert found.report.advice[-1].command.endswith("Version=1")


@rule("ASG-103")
def test_without_an_alarm_an_application_that_does_not_start_stalls_the_refresh() -> None:
    """It fails after an hour; the other instances serve on, and clients notice nothing."""
    found = outcome(NAME, "tuned", defect="crash", alarm="no", auto_rollback="no")
    assert found.report.availability is not None and found.report.availability > 99.9
    assert found.criterion(WORST).measured == "1 instances"
