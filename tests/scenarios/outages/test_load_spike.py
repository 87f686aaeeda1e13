"""S10: a group with room for the peak scales out before anyone waits; where nothing can be launched, it does not scale out."""

from tests.support import rule
from tests.support.outage import Outcome, outcome

SCALED, EASY = "Time until enough targets", "Time until p99"


def seconds(found: Outcome, sentence: str) -> float:
    return float(found.criterion(sentence).measured.removesuffix(" s").replace(",", ""))


@rule("SCL-12")
def test_with_room_for_the_peak_capacity_follows_demand_up_and_down() -> None:
    found = outcome("load_spike", "static-stable")
    assert (found.verdict, found.left) == ("SUCCEEDED", ())
    assert seconds(found, EASY) == 0
    assert found.report.reconciliation is not None
    assert [row.client - row.load_balancer for row in found.report.reconciliation.rows] == [0, 0, 0, 0]


def test_the_negative_control_without_capacity_to_launch_does_not_scale_out() -> None:
    found = outcome("load_spike", control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert found.criterion(SCALED).measured == "did not happen"
    failed = next(measure for measure in found.report.measures if measure.name == "Failed launches: InsufficientInstanceCapacity")
    assert (failed.number or 0) > 1


@rule("EC2-40")
def test_a_cpu_value_every_five_minutes_is_seen_later() -> None:
    assert seconds(outcome("load_spike", "static-stable", detailed="no"), SCALED) > seconds(outcome("load_spike", "static-stable"), SCALED)
