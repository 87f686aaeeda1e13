"""Session Manager in virtual time: what ends a session, and why the journal says it ended."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.core.events import Event
from tests.support import rule
from tests.support.services.ssm.stage import Stage


@pytest.fixture
def web(stage: Stage) -> str:
    stage.on.sandbox.simulated.channels.why_not = None  # the test plays the machine's shell
    return stage.instances()[0]


def session(stage: Stage, session_id: str, state: str = "Active") -> dict[str, Any]:
    [found] = [each for each in stage.ssm.describe_sessions(State=state)["Sessions"] if each["SessionId"] == session_id]
    return dict(found)


def start(stage: Stage, web: str) -> str:
    return str(stage.ssm.start_session(Target=web)["SessionId"])


def ended(stage: Stage) -> Event:
    [found] = [each for each in stage.on.sandbox.journal.events() if each.detail_type == "Session Manager Session Ended"]
    return found


def cause(stage: Stage, event: Event) -> Event:
    return next(each for each in stage.on.sandbox.journal.events() if each.id == event.cause)


@rule("SSM-13")
def test_a_session_is_connecting_connected_disconnected_and_terminated(stage: Stage, web: str) -> None:
    channels, one = stage.on.sandbox.simulated.channels, start(stage, web)
    seen = [session(stage, one)["Status"]]
    for attached in (True, False):
        channels.attach(one, attached=attached)
        seen.append(session(stage, one)["Status"])
    channels.end_by_itself(one, "what ran in it has ended")
    stage.on.run(1)
    seen.append(session(stage, one, "History")["Status"])
    assert seen == ["Connecting", "Connected", "Disconnected", "Terminated"]
    event = ended(stage)
    assert event.detail["details"] == "what ran in it has ended" and cause(stage, event).detail_type == "Session Manager Session Started"


@rule("SSM-14")
def test_a_session_ends_when_nothing_passes_for_twenty_minutes(stage: Stage, web: str) -> None:
    channels, one = stage.on.sandbox.simulated.channels, start(stage, web)
    stage.on.run(19 * 60)
    channels.attach(one)  # which counts
    stage.on.run(19 * 60)
    assert session(stage, one)["Status"] == "Connected"
    stage.on.run(61)
    found = session(stage, one, "History")
    assert found["EndDate"] - found["StartDate"] == timedelta(minutes=39)
    assert channels.told[one] == "The session timed out: nothing passed for 20 minutes."


@rule("SSM-14")
@pytest.mark.parametrize("operation", ["stop_instances", "terminate_instances"])
def test_a_session_ends_with_its_instance_and_the_change_of_state_is_the_cause(stage: Stage, web: str, operation: str) -> None:
    one = start(stage, web)
    getattr(stage.on.client("ec2"), operation)(InstanceIds=[web])
    stage.on.run(1)
    assert session(stage, one, "History")["Details"] == "its instance does not run any more"
    assert stage.on.sandbox.simulated.channels.told[one] == f"The instance {web} does not run any more."
    assert cause(stage, ended(stage)).detail["state"] in ("stopping", "shutting-down")


def test_what_could_not_begin_is_a_failed_session(stage: Stage, web: str) -> None:
    one = start(stage, web)
    stage.on.sandbox.simulated.channels.end_by_itself(one, "The shell could not be started.", failed=True)
    stage.on.run(1)
    found = session(stage, one, "History")
    assert (found["Status"], found["Details"]) == ("Failed", "The shell could not be started.")


@rule("SSM-14")
def test_a_restart_of_the_sandbox_ends_sessions_and_keeps_the_history(stage: Stage, web: str, tmp_path: Path) -> None:
    one = start(stage, web)
    again = stage.restarted(tmp_path)
    again.on.run(1)
    assert session(again, one, "History")["Details"] == "the sandbox was started again, which ends sessions"


@rule("SSM-10")
def test_simulated_machines_have_no_sessions(stage: Stage) -> None:
    [web] = stage.instances()
    with pytest.raises(ClientError, match="simulated instances have no shell"):
        start(stage, web)
    assert stage.ssm.describe_sessions(State="Active")["Sessions"] == []
