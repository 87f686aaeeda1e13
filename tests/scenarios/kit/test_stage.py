"""The stage alone: waits end at their timeout, and one failed check fails the verdict."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scenarios.kit.stage import Stage, StepFailed, WaitTimeout

BEGIN = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)


class StillClient:
    """A client with virtual time only. Its one AWS operation fails for unknown ids."""

    endpoint, region, virtual, speed = "virtual", "us-east-1", True, 1.0

    def __init__(self) -> None:
        self.moment = BEGIN

    def now(self) -> datetime:
        return self.moment

    def wait(self, duration: timedelta) -> None:
        self.moment += duration

    def aws(self, service: str) -> Any:
        return self

    def terminate_instances(self, InstanceIds: list[str]) -> dict[str, Any]:
        if InstanceIds == ["i-1"]:
            return {"TerminatingInstances": []}
        raise ClientError({"Error": {"Code": "InvalidInstanceID.NotFound", "Message": "no such id"}}, "TerminateInstances")


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def stage(lines: list[str]) -> Stage:
    return Stage(StillClient(), out=lines.append)  # type: ignore[arg-type]


def test_wait_until_returns_when_the_condition_is_met(stage: Stage, lines: list[str]) -> None:
    found = stage.wait_until("a minute is over", lambda: stage.client.now() >= BEGIN + timedelta(minutes=1) and "yes", timedelta(minutes=5))
    assert (found, stage.client.now()) == ("yes", BEGIN + timedelta(minutes=1))
    assert lines[-1].endswith("a minute is over")
    assert "[12:01:00 |" in lines[-1]


def test_a_timeout_names_the_condition(stage: Stage) -> None:
    with pytest.raises(WaitTimeout, match=r"Timed out after 5 min of sandbox time\. Still waiting for: pigs fly"):
        stage.wait_until("pigs fly", lambda: None, timedelta(minutes=5))
    assert stage.client.now() == BEGIN + timedelta(minutes=5)


def test_a_step_prints_its_command_and_is_recorded(stage: Stage, lines: list[str]) -> None:
    assert stage.step("ec2", "terminate_instances", InstanceIds=["i-1"]) == {"TerminatingInstances": []}
    assert lines == ["   $ aws ec2 terminate-instances --instance-ids i-1"]
    assert [step.error_code for step in stage.steps] == [None]


def test_a_failed_step_prints_the_error_as_the_aws_cli_does(stage: Stage, lines: list[str]) -> None:
    with pytest.raises(StepFailed, match=r"InvalidInstanceID.NotFound: no such id"):
        stage.step("ec2", "terminate_instances", InstanceIds=["i-2"])
    expected = "An error occurred (InvalidInstanceID.NotFound) when calling the TerminateInstances operation: no such id"
    assert lines[-1].strip() == expected
    assert stage.attempt("ec2", "terminate_instances", InstanceIds=["i-2"]).error_code == "InvalidInstanceID.NotFound"


@pytest.mark.parametrize(
    ("passed", "words"),
    [((True, True), "VERDICT: passed. Good."), ((True, False), "VERDICT: failed. Bad."), ((), "VERDICT: passed. Good.")],
)
def test_one_failed_check_fails_the_verdict(stage: Stage, lines: list[str], passed: tuple[bool, ...], words: str) -> None:
    for each in passed:
        stage.expect("a condition", each, "observed")
    assert stage.verdict("Good.", "Bad.") == all(passed)
    assert lines[-1].strip() == words
