"""What a group did in vain, and why its launches failed."""

import pytest

from sandbox.services.autoscaling.decide.texts import insufficient_capacity, launch_failure
from sandbox.traffic.measures.churn import code_of, launch_failures, launched, needless_kills, terminated, thrash
from tests.support.traffic.runs import GROUP, event

STARTED, LAUNCHED, FAILED = "Scaling Activity Started", "EC2 Instance Launch Successful", "EC2 Instance Launch Unsuccessful"


def test_a_needless_kill_is_of_an_instance_with_nothing_wrong() -> None:
    events = [
        event(0, STARTED, [GROUP], "launches 1 instance"),
        event(1, LAUNCHED, [GROUP, "i-4"], EC2InstanceId="i-4"),
        event(2, STARTED, [GROUP, "i-1"]),
        event(3, STARTED, [GROUP, "i-2"]),
        event(4, STARTED, [GROUP, "i-3"]),
        event(5, "EC2 Instance Terminate Successful", [GROUP, "i-1"]),
        event(6, STARTED, ["another", "i-9"]),
    ]
    assert launched(events, GROUP) == ["i-4"]
    assert terminated(events, GROUP) == ["i-1", "i-2", "i-3"]
    assert needless_kills(events, GROUP, broken={"i-1"}, excused={"i-3"}) == ["i-2"]


def test_launch_failures_are_counted_by_the_code_of_ec2() -> None:
    none_left = insufficient_capacity("t3.medium", "us-east-1a", ["us-east-1b"])
    events = [
        event(0, FAILED, [GROUP], f"{GROUP} could not launch in us-east-1a: {none_left}"),
        event(1, FAILED, [GROUP], f"{GROUP} could not launch in us-east-1a: {none_left}"),
        event(2, FAILED, [GROUP], f"{GROUP} could not launch in us-east-1b: Request limit exceeded."),
        event(3, FAILED, ["another"], none_left),
    ]
    assert launch_failures(events, GROUP) == {"InsufficientInstanceCapacity": 2, "RequestLimitExceeded": 1}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (launch_failure("InsufficientInstanceCapacity", insufficient_capacity("m5.large", "us-east-1a", ["us-east-1b"])), None),
        ("You have requested more vCPU capacity than your current vCPU limit of 8 allows", "VcpuLimitExceeded"),
        ("Request limit exceeded. Launching EC2 instance failed.", "RequestLimitExceeded"),
        ("An internal error has occurred", "InternalError"),
        ("The key pair 'x' does not exist. Launching EC2 instance failed.", "other"),
    ],
)
def test_a_message_of_a_failed_launch_has_a_code(message: str, code: str | None) -> None:
    assert code_of(message) == (code or "InsufficientInstanceCapacity")


def test_thrash_is_launches_for_each_one_that_was_needed() -> None:
    assert thrash(6, 2) == 3
    assert thrash(0, 0) is None
    assert thrash(3, 0) == float("inf")
