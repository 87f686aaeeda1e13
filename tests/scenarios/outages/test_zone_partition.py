"""S05: a zone that is cut off costs what detection and DNS explain; without a spare instance, the others break down."""

from sandbox.traffic.outcomes import Failure
from tests.support import rule
from tests.support.outage import outcome


@rule("TG-36", "ALB-5")
def test_a_zone_that_is_cut_off_costs_what_detection_and_dns_explain() -> None:
    found = outcome("zone_partition", "static-stable")
    assert (found.verdict, found.left) == ("SUCCEEDED", ())
    ratio = found.criterion("Requests lost to the blackhole").measured
    assert 0.7 < float(ratio.split(" ")[0]) < 1.3


def test_new_connections_to_the_dark_node_time_out_and_requests_to_dark_targets_too() -> None:
    lost = dict(outcome("zone_partition", "static-stable").report.buckets.failed)  # type: ignore[union-attr]
    assert set(lost) == {Failure.CONNECT_TIMEOUT.value, Failure.CLIENT_TIMEOUT.value}


def test_each_failure_begins_and_ends() -> None:
    report = outcome("zone_partition", "static-stable").report
    assert [(span.label.split(":")[0], span.ended is not None) for span in report.spans if span.kind.value == "fault"] == [
        ("zone-blackhole", True),
        ("zone-partition", True),
        ("zone-flap", True),
    ]


def test_the_negative_control_has_no_instance_to_spare() -> None:
    found = outcome("zone_partition", control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
