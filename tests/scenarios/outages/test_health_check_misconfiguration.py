"""S11: the load balancer fails open; with AWS's default threshold, the first target that is healthy again gets all requests."""

from tests.support import rule
from tests.support.outage import outcome

NAME = "health_check_misconfiguration"


@rule("TG-35")
def test_with_a_higher_threshold_clients_notice_nothing_and_an_alarm_leads_to_the_cause() -> None:
    found = outcome(NAME, "tuned")
    assert (found.verdict, found.left) == ("SUCCEEDED", ())
    assert found.criterion("Instances in service").measured == "5 instances"


@rule("TG-35")
def test_the_negative_control_has_awss_threshold() -> None:
    found = outcome(NAME, control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert found.report.availability is not None and found.report.availability < 95
    assert found.report.advice[0].command.endswith("minimum_healthy_targets.percentage,Value=50")


def test_without_an_alarm_nobody_notices() -> None:
    found = outcome(NAME, "tuned", alarm="no")
    assert [criterion.sentence for criterion in found.report.criteria if not criterion.passed] == [
        "Time until an operator reads the reason"
    ]
