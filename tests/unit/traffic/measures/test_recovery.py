"""Detection, mitigation and recovery, from events and requests."""

from datetime import timedelta

import pytest

from sandbox.traffic.measures.detection import by_alarm, by_load_balancer, by_operator
from sandbox.traffic.measures.events import activities_in_progress, desired_capacity, event_of, healthy_targets, in_service
from sandbox.traffic.measures.recovery import mean_time_to_recover, time_to_capacity, time_to_full, time_to_mitigate
from tests.support.traffic.runs import GROUP, TARGET_GROUP, A, B, C, at, event, levels, target, traffic

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


# ---- TTD ---------------------------------------------------------------------------------------------------------------------------------


def test_the_load_balancer_detects_when_the_first_target_is_no_longer_healthy() -> None:
    events = [
        target(5, "i-0", "healthy", "draining"),  # before the failure
        target(12, "i-9", "initial", "unhealthy"),  # was never healthy
        target(15, "i-1", "healthy", "unhealthy", group="another"),
        target(25, "i-1", "healthy", "unhealthy"),
        target(27, "i-2", "healthy", "unhealthy"),
    ]
    assert by_load_balancer(events, TARGET_GROUP, at(10)) == 15 * SECOND
    assert by_load_balancer(events, TARGET_GROUP, at(10), targets=["i-2"]) == 17 * SECOND
    assert by_load_balancer(events, TARGET_GROUP, at(30)) is None


def test_an_alarm_detects_when_it_enters_alarm() -> None:
    def alarm(seconds: float, name: str, state: str) -> object:
        return event(seconds, "CloudWatch Alarm State Change", [name], alarmName=name, state={"value": state})

    events = [alarm(5, "a", "ALARM"), alarm(20, "b", "OK"), alarm(70, "b", "ALARM"), alarm(190, "a", "ALARM")]
    assert by_alarm(events, at(10)) == MINUTE  # type: ignore[arg-type]
    assert by_alarm(events, at(10), alarms=["a"]) == 3 * MINUTE  # type: ignore[arg-type]
    assert by_alarm(events, at(200)) is None  # type: ignore[arg-type]


def test_an_operator_detects_with_the_first_action() -> None:
    assert by_operator([at(400), at(310), at(5)], at(10)) == 5 * MINUTE
    assert by_operator([], at(10)) is None


# ---- TTM ---------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ("." * 300, 0),
        ("." * 60 + "2" * 20 + "." * 220, 20),
        ("." * 60 + "." * 30 + "2" * 20 + "." * 190, 50),  # the failure was felt later
        ("." * 60 + "2" * 20 + "." * 40 + "2" * 10 + "." * 170, 70),  # 40 good seconds are not a mitigation
        ("." * 60 + "2" * 240, None),
        ("." * 60 + "2" * 200 + "." * 40, None),  # not seen for a minute
    ],
)
def test_mitigated_when_a_minute_meets_the_objective_again(requests: str, expected: int | None) -> None:
    found = time_to_mitigate(traffic(requests), 0.5, 99.9, at(60))
    assert found == (None if expected is None else expected * SECOND)


def test_an_objective_that_a_few_losses_do_not_violate_is_met_all_the_time() -> None:
    requests = "." * 70 + "2" + "." * 200
    assert time_to_mitigate(traffic(requests), 0.5, 95, at(60)) == timedelta(0)
    assert time_to_mitigate(traffic(requests), 0.5, 99.9, at(60)) == 11 * SECOND


def test_mitigation_is_in_sandbox_time() -> None:
    requests = "." * 60 + "2" * 20 + "." * 220
    assert time_to_mitigate(traffic(requests, rate=10, speed=10), 0.5, 99.9, at(60)) == 20 * SECOND


# ---- TTR ---------------------------------------------------------------------------------------------------------------------------------


def test_capacity_is_recovered_when_as_many_targets_as_desired_are_healthy_for_a_minute() -> None:
    desired = levels((0, 6))
    healthy = levels((0, 6), (30, 4), (100, 6), (130, 5), (150, 6))
    assert time_to_capacity(healthy, desired, at(10), at(400)) == 140 * SECOND
    assert time_to_capacity(healthy, desired, at(10), at(180)) is None


def test_the_time_before_the_failure_is_seen_is_not_a_recovery() -> None:
    healthy = levels((0, 6), (100, 4), (200, 6))  # 90 s in which the lost instances still counted as healthy
    assert time_to_capacity(healthy, levels((0, 6)), at(10), at(400)) == 190 * SECOND


def test_full_recovery_needs_balanced_zones_and_no_activity() -> None:
    zones = {A: levels((0, 2), (30, 0), (200, 2)), B: levels((0, 2), (60, 3), (210, 2)), C: levels((0, 2), (60, 3), (210, 2))}
    desired = levels((0, 6))
    assert time_to_full(zones, desired, levels((190, 4), (230, 0)), at(10), at(600)) == 220 * SECOND
    assert time_to_full(zones, desired, levels((190, 4)), at(10), at(600)) is None
    assert time_to_full(zones | {"d": levels()}, desired, levels(), at(10), at(600)) is None  # an empty zone is not balanced


def test_one_run_has_no_mean_time_to_recover() -> None:
    assert mean_time_to_recover([MINUTE] * 4) is None
    assert mean_time_to_recover([MINUTE, 2 * MINUTE, 3 * MINUTE, 4 * MINUTE, 5 * MINUTE]) == 3 * MINUTE
    assert mean_time_to_recover([MINUTE] * 5 + [None]) is None


# ---- the journal -------------------------------------------------------------------------------------------------------------------------


def test_healthy_targets_are_counted_from_their_changes() -> None:
    events = [
        target(1, "i-1", "initial", "healthy"),
        target(2, "i-2", "initial", "healthy"),
        target(3, "i-2", "initial", "healthy", group="another"),
        target(5, "i-1", "healthy", "unhealthy"),
    ]
    assert healthy_targets(events, TARGET_GROUP).points == ((at(1), 1), (at(2), 2), (at(5), 1))
    assert healthy_targets(events, TARGET_GROUP, lambda instance: instance == "i-2").points == ((at(2), 1),)


def test_desired_capacity_is_what_its_changes_say() -> None:
    events = [event(0, "Desired Capacity Change", [GROUP], NewDesiredCapacity=3), event(9, "Desired Capacity Change", ["x"])]
    assert desired_capacity(events, GROUP).points == ((at(0), 3),)


def test_an_instance_is_in_service_until_it_is_taken_out_or_stops() -> None:
    changed = "EC2 Instance State-change Notification"
    events = [
        event(0, "EC2 Instance Launch Successful", [GROUP, "i-1"], EC2InstanceId="i-1"),
        event(1, "EC2 Instance Launch Successful", [GROUP, "i-2"], EC2InstanceId="i-2"),
        event(2, "EC2 Instance Launch Successful", ["another", "i-9"], EC2InstanceId="i-9"),
        event(3, "Scaling Activity Started", [GROUP, "i-1"]),
        event(4, changed, ["i-2"], **{"instance-id": "i-2", "state": "shutting-down"}),
    ]
    assert [value for _, value in in_service(events, GROUP).points] == [1, 2, 2, 1, 0]


def test_activities_are_in_progress_from_their_start_to_their_end() -> None:
    started, launched, failed = "Scaling Activity Started", "EC2 Instance Launch Successful", "EC2 Instance Launch Unsuccessful"
    events = [
        event(0, started, [GROUP], f"{GROUP} launches 2 instances in us-east-1a: difference"),
        event(1, launched, [GROUP, "i-1"]),
        event(2, failed, [GROUP, "i-2"]),
        event(3, started, [GROUP, "i-1"], f"{GROUP} takes i-1 out of service"),
        event(4, started, [GROUP], f"{GROUP} launches 1 instance in us-east-1b: replacement"),
        event(5, failed, [GROUP], f"{GROUP} could not launch in us-east-1b"),
        event(6, "EC2 Instance Terminate Successful", [GROUP, "i-1"]),
        event(7, started, ["another", "i-7"]),
    ]
    assert [value for _, value in activities_in_progress(events, GROUP).points] == [2, 1, 0, 1, 2, 1, 0]


def test_an_event_is_read_from_the_journal_s_json() -> None:
    given = {"id": "e1", "time": "2026-05-07T17:00:01.000Z", "source": "aws.ec2", "detail-type": "T", "summary": "s"}
    found = event_of({**given, "resources": ["i-1"], "detail": {"a": 1}, "cause": None})
    assert (found.at, found.kind, found.about("i-1"), found.about("i-2")) == (at(1), "T", True, False)
