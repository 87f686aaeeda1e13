"""The stage by itself: it waits no longer than it says, and a verdict is as good as its checks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scenarios.kit.stage import NotReached, Stage, StepRefused

BEGIN = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)


class StillClient:
    """Virtual time and nothing else; its only AWS operation refuses odd ids."""

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


def test_waiting_ends_when_it_is_so(stage: Stage, lines: list[str]) -> None:
    found = stage.wait_until("a minute is over", lambda: stage.client.now() >= BEGIN + timedelta(minutes=1) and "yes", timedelta(minutes=5))
    assert (found, stage.client.now()) == ("yes", BEGIN + timedelta(minutes=1))
    assert lines[-1].endswith("a minute is over")
    assert "[12:01:00 |" in lines[-1]


def test_waiting_in_vain_names_what_was_waited_for(stage: Stage) -> None:
    with pytest.raises(NotReached, match="Waited 5 min of sandbox time in vain until pigs fly"):
        stage.wait_until("pigs fly", lambda: None, timedelta(minutes=5))
    assert stage.client.now() == BEGIN + timedelta(minutes=5)


def test_a_step_prints_its_command_and_is_remembered(stage: Stage, lines: list[str]) -> None:
    assert stage.step("ec2", "terminate_instances", InstanceIds=["i-1"]) == {"TerminatingInstances": []}
    assert lines == ["   $ aws ec2 terminate-instances --instance-ids i-1"]
    assert [step.error_code for step in stage.steps] == [None]


def test_a_refused_step_says_aws_s_words_as_its_cli_does(stage: Stage, lines: list[str]) -> None:
    with pytest.raises(StepRefused, match=r"InvalidInstanceID.NotFound: no such id"):
        stage.step("ec2", "terminate_instances", InstanceIds=["i-2"])
    said = "An error occurred (InvalidInstanceID.NotFound) when calling the TerminateInstances operation: no such id"
    assert lines[-1].strip() == said
    assert stage.attempt("ec2", "terminate_instances", InstanceIds=["i-2"]).error_code == "InvalidInstanceID.NotFound"


@pytest.mark.parametrize(("held", "words"), [((True, True), "VERDICT: well"), ((True, False), "VERDICT: ill"), ((), "VERDICT: well")])
def test_one_check_that_fails_is_enough(stage: Stage, lines: list[str], held: tuple[bool, ...], words: str) -> None:
    for each in held:
        stage.expect("it is so", each, "seen")
    assert stage.verdict("well", "ill") == all(held)
    assert lines[-1].strip() == words
