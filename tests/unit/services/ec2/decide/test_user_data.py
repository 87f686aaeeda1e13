"""The events about an instance's user data: one for each result, and the instance goes on whatever it is (UD-8)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sandbox.core.events import Event
from sandbox.drivers.runtime.base import Container, ContainerState, UserDataResult, UserDataState
from sandbox.services.ec2.actions import RecordUserData
from sandbox.services.ec2.decide.instances import decide
from sandbox.services.ec2.model import InstanceState, Observed
from tests.support import rule

ID = "i-0123456789abcdef0"
NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)


def observed(result: UserDataResult | None, told: float = 0.0) -> Observed:
    machine = Container(instance_id=ID, state=ContainerState.RUNNING, boots=1, user_data=result)
    return Observed(
        instance_id=ID,
        state=InstanceState.RUNNING,
        state_since=NOW,
        container=machine,
        boots=1,
        next_check=datetime.max.replace(tzinfo=UTC),
        user_data_told=told,
        cause="e-1",
    )


def told(seen: Observed) -> list[Event]:
    return list(decide(seen, None, NOW).events)


RESULTS = {
    UserDataState.FINISHED: ("", "Instance User Data Finished", f"the user data of {ID} has run"),
    UserDataState.FAILED: ("part-001", "Instance User Data Failed", f"the user data of {ID} has run, and something failed: part-001"),
    UserDataState.NOT_RUN: ("a caption", "Instance User Data Not Run", f"the user data of {ID} was not run: a caption"),
}


@rule("UD-8")
@pytest.mark.parametrize("state", RESULTS)
def test_each_result_is_an_event_with_its_cause_and_changes_nothing_else(state: UserDataState) -> None:
    reason, title, summary = RESULTS[state]
    decision = decide(observed(UserDataResult(state=state, reason=reason, finished=7.0)), None, NOW)
    [event] = decision.events
    assert (event.detail_type, event.summary, event.cause, event.detail["reason"]) == (title, summary, "e-1", reason)
    assert decision.actions == (RecordUserData(finished=7.0),)


def test_a_result_is_told_once_and_that_of_a_later_boot_again() -> None:
    failed = UserDataResult(state=UserDataState.FAILED, reason="x", finished=7.0)
    assert told(observed(failed, told=7.0)) == []
    assert len(told(observed(replace(failed, finished=9.0), told=7.0))) == 1
    assert told(observed(None, told=7.0)) == []
