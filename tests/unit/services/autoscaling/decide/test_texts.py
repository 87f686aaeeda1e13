"""Every sentence of section 2.5, word for word."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sandbox.services.autoscaling.decide import texts
from tests.support import rule

NOW = datetime(2026, 1, 2, 3, 4, 5, 999999, tzinfo=UTC)
T = "2026-01-02T03:04:05Z"
TAIL = " Launching EC2 instance failed."
I = "i-0123456789abcdef0"  # noqa: E741


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (
            texts.application(NOW),
            "At T an instance was taken out of service in response to an EC2 application status check failure.",
        ),
        (texts.created(NOW, 3), "At T a user request created an AutoScalingGroup changing the desired capacity from 0 to 3."),
        (
            texts.updated(NOW, (1, 5, 3), 0),
            "At T a user request update of AutoScalingGroup constraints to min: 1, max: 5, desired: 3"
            " changing the desired capacity from 0 to 3.",
        ),
        (
            texts.desired_set(NOW, 1, 2),
            "At T a user request explicitly set group desired capacity changing the desired capacity from 1 to 2.",
        ),
        (
            texts.alarm(NOW, ("cpu-low", "shrink"), 3, 2),
            "At T a monitor alarm cpu-low in state ALARM triggered policy shrink changing the desired capacity from 3 to 2.",
        ),
        (
            texts.scheduled(NOW, (1, 5, 2), 3),
            "At T a scheduled action update of AutoScalingGroup constraints to min: 1, max: 5, desired: 2"
            " changing the desired capacity from 3 to 2.",
        ),
        (texts.policy_executed(NOW, "grow", 1, 2), "At T a user request executed policy grow changing the desired capacity from 1 to 2."),
        (
            texts.started(NOW, 1, 2),
            "At T an instance was started in response to a difference between desired and actual capacity,"
            " increasing the capacity from 1 to 2.",
        ),
        (
            texts.shrunk(NOW, 3, 1, ["i-1", "i-2"]),
            "At T an instance was taken out of service in response to a difference between desired and actual capacity,"
            " shrinking the capacity from 3 to 1.  At T instance i-1 was selected for termination."
            "  At T instance i-2 was selected for termination.",
        ),
        (
            texts.not_running(NOW),
            "At T an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.",
        ),
        (texts.status_check(NOW), "At T an instance was taken out of service in response to an EC2 instance status checks failure."),
        (texts.elb(NOW), "At T an instance was taken out of service in response to an ELB system health check failure."),
        (texts.user_health_check(NOW), "At T an instance was taken out of service in response to a user health-check."),
        (texts.replaced(NOW), "At T an instance was launched in response to an unhealthy instance needing to be replaced."),
        (texts.user_terminated(NOW, I, None), f"At T instance {I} was taken out of service in response to a user request."),
        (
            texts.user_terminated(NOW, I, (3, 2)),
            f"At T instance {I} was taken out of service in response to a user request, shrinking the capacity from 3 to 2.",
        ),
        (
            texts.rebalanced(NOW, "us-east-1b", {"us-east-1b": 1, "us-east-1a": 4}),
            "At T instances were launched to balance instances in zones us-east-1b with other zones resulting in more than desired number"
            " of instances in the group.  At T availability zones us-east-1a us-east-1b had 4 1 instances respectively."
            " An instance was launched to aid in balancing the group's zones.",
        ),
        (texts.detached(NOW, I, None), f"At T instance {I} was detached in response to a user request."),
        (
            texts.detached(NOW, I, (4, 3)),
            f"At T instance {I} was detached in response to a user request, shrinking the capacity from 4 to 3.",
        ),
        (texts.attached(NOW, 1), "At T an instance was added in response to user request. Keeping the capacity at the new 1."),
        (
            texts.standby_entered(NOW, I, (4, 3)),
            f"At T instance {I} was moved to standby in response to a user request, shrinking the capacity from 4 to 3.",
        ),
        (
            texts.standby_left(NOW, I, 3, 4),
            f"At T instance {I} was moved out of standby in response to a user request, increasing the capacity from 3 to 4.",
        ),
    ],
)
@rule("ASG-57")
def test_causes_are_aws_s_sentences(made: str, expected: str) -> None:
    assert expected.replace("At T", f"At {T}") == made


@pytest.mark.parametrize(
    ("describe", "expected"),
    [
        (texts.launching, "Launching a new EC2 instance: i-1"),
        (texts.terminating, "Terminating EC2 instance: i-1"),
        (texts.detaching, "Detaching EC2 instance: i-1"),
        (texts.attaching, "Attaching an existing EC2 instance: i-1"),
        (texts.entering_standby, "Moving EC2 instance to Standby: i-1"),
        (texts.leaving_standby, "Moving EC2 instance out of Standby: i-1"),
    ],
)
@rule("ASG-57")
def test_descriptions_are_aws_s(describe: Callable[[str], str], expected: str) -> None:
    assert expected == describe("i-1")


@rule("ASG-57")
def test_a_cause_joins_sentences_with_two_spaces_and_has_at_most_1023_characters() -> None:
    assert texts.cause("One.", "Two.") == "One.  Two."
    assert len(texts.cause(*["x" * 100] * 20)) == 1023


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (
            "InsufficientInstanceCapacity",
            texts.insufficient_capacity("t3.micro", "us-east-1a", ["us-east-1b", "us-east-1c"]),
            "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested (us-east-1a). Our system will be"
            " working on provisioning additional capacity. You can currently get t3.micro capacity by not specifying an Availability Zone"
            " in your request or choosing us-east-1b, us-east-1c. Launching EC2 instance failed.",
        ),
        ("InvalidAMIID.NotFound", "The image id '[ami-0bad]' does not exist", "The AMI ID ami-0bad does not exist." + TAIL),
        ("InvalidKeyPair.NotFound", "The key pair 'k' does not exist", "The key pair k does not exist." + TAIL),
        ("InvalidKeyPair.NotFound", "The keypair 'k' does not exist.", "The key pair k does not exist." + TAIL),
        ("InvalidGroup.NotFound", "The security group 'g' does not exist", "The security group g does not exist." + TAIL),
        (
            "InsufficientFreeAddressesInSubnet",
            "There are not enough free addresses in subnet 'subnet-1' to satisfy the requested number of instances.",
            "There are not enough free addresses in subnet 'subnet-1' to satisfy the requested number of instances."
            " Launching EC2 instance failed.",
        ),
    ],
)
@rule("ASG-60")
def test_a_launch_failure_is_worded_as_aws_words_it(code: str, message: str, expected: str) -> None:
    assert expected == texts.launch_failure(code, message)
