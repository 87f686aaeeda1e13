"""Composite alarms and the history by the API. Codes and texts are AWS's."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import sandbox.services.cloudwatch.api.responses  # noqa: F401 - declares its seam
from sandbox.aws import state
from tests.support import rule
from tests.support.services.cloudwatch_stage import MINUTE, MISSING_TOPIC, NOON, POLICY, CloudWatch, error, heard, statistics, subscribed


def two_children(cloudwatch: CloudWatch, rule_text: str = "ALARM(a) AND ALARM(b)", **parameters: Any) -> None:
    for name in ("a", "b"):
        cloudwatch.alarm(name, MetricName=name)
    cloudwatch.api.put_composite_alarm(AlarmName="both", AlarmRule=rule_text, **parameters)


@rule("CW-60", "CW-61", "CW-21")
def test_a_composite_alarm_follows_its_children(cloudwatch: CloudWatch) -> None:
    topic, queue = subscribed(cloudwatch)
    two_children(cloudwatch, AlarmActions=[topic])
    cloudwatch.wait(timedelta(0))
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"
    assert cloudwatch.described("both")["StateReason"] == f"{arn}both was created and its alarm rule evaluates to OK"
    cloudwatch.put(99.0, name="a")
    cloudwatch.wait(2 * MINUTE)
    assert cloudwatch.state("both") == "OK"
    cloudwatch.put(99.0, name="a")
    cloudwatch.put(99.0, name="b")
    cloudwatch.wait(2 * MINUTE)
    found = cloudwatch.described("both")
    at = found["StateTransitionedTimestamp"]
    assert found["StateReason"] == f"{arn}b transitioned to ALARM at Thursday 07 May, 2026 {at:%H:%M:%S} UTC"
    message = json.loads(heard(cloudwatch, queue)[0]["Message"])
    assert message["AlarmRule"] == "ALARM(a) AND ALARM(b)"
    assert [child["Arn"] for child in message["TriggeringChildren"]] == [f"{arn}a", f"{arn}b"]
    assert cloudwatch.api.describe_alarms()["CompositeAlarms"] == []  # only when asked for


@rule("CW-22")
def test_children_and_parents_are_described_with_few_members(cloudwatch: CloudWatch) -> None:
    two_children(cloudwatch)
    cloudwatch.api.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(both) OR ALARM(a)")
    answer = cloudwatch.api.describe_alarms(ChildrenOfAlarmName="all")
    assert [child["AlarmName"] for child in answer["MetricAlarms"] + answer["CompositeAlarms"]] == ["a", "both"]
    assert sorted(answer["MetricAlarms"][0]) == ["AlarmArn", "AlarmName", "StateUpdatedTimestamp", "StateValue"]
    parents = cloudwatch.api.describe_alarms(ParentsOfAlarmName="a")["CompositeAlarms"]
    assert [parent["AlarmName"] for parent in parents] == ["both", "all"]
    assert sorted(parents[0]) == ["AlarmArn", "AlarmName"]
    for more in ({"AlarmTypes": ["CompositeAlarm"]}, {"StateValue": "OK"}, {"ChildrenOfAlarmName": "all"}):
        with pytest.raises(ClientError) as refused:
            cloudwatch.api.describe_alarms(ParentsOfAlarmName="a", **more)
        assert error(refused)[0] == "ValidationError"


def test_the_state_change_of_a_child_causes_that_of_its_composite_alarm(cloudwatch: CloudWatch) -> None:
    for name in ("a", "b"):
        cloudwatch.alarm(name, MetricName=name, AlarmActions=[MISSING_TOPIC])  # its action is an event too
    cloudwatch.api.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(a) OR ALARM(b)")
    cloudwatch.put(99.0, name="b")
    cloudwatch.wait(2 * MINUTE)
    events = [event for event in cloudwatch.journal.events() if event.detail_type == "CloudWatch Alarm State Change"]
    [child] = [event for event in events if event.resources[0] == "b"]
    created, changed = (event for event in events if event.resources[0] == "both")
    assert changed.cause == child.id
    call = cloudwatch.journal.get(str(created.cause))
    assert call is not None and call.detail["eventName"] == "PutCompositeAlarm"


@rule("CW-60", "CW-61", "CW-20")
def test_composite_alarms_that_are_refused(cloudwatch: CloudWatch) -> None:
    def refusal(rule_text: str, name: str = "both", **parameters: Any) -> str:
        with pytest.raises(ClientError) as refused:
            cloudwatch.api.put_composite_alarm(AlarmName=name, AlarmRule=rule_text, **parameters)
        assert error(refused)[0] == "ValidationError"
        return error(refused)[1]

    assert "[gone]" in refusal("ALARM(gone)")
    assert "not a valid expression" in refusal("ALARM(")
    two_children(cloudwatch)
    cloudwatch.api.put_composite_alarm(AlarmName="top", AlarmRule="ALARM(both)")
    assert "cycle" in refusal("ALARM(top)")
    assert "cycle" in refusal("ALARM(self)", name="self")
    assert "Unsupported action" in refusal("TRUE", AlarmActions=[POLICY])
    assert "required" in refusal("TRUE", ActionsSuppressor="a")
    assert "another type" in refusal("TRUE", name="a")
    with pytest.raises(ClientError) as refused:
        cloudwatch.api.delete_alarms(AlarmNames=["a"])
    assert error(refused)[1].startswith("Cannot delete a as there are composite alarm(s) depending on it")


@rule("CW-61")
def test_a_suppressor_holds_the_actions_back(cloudwatch: CloudWatch) -> None:
    topic, queue = subscribed(cloudwatch)
    cloudwatch.alarm("maintenance")
    cloudwatch.alarm("a")
    cloudwatch.wait(timedelta(0))
    cloudwatch.api.put_composite_alarm(
        AlarmName="both",
        AlarmRule="ALARM(a)",
        AlarmActions=[topic],
        ActionsSuppressor="maintenance",
        ActionsSuppressorWaitPeriod=20,
        ActionsSuppressorExtensionPeriod=30,
    )
    cloudwatch.wait(timedelta(0))
    cloudwatch.api.set_alarm_state(AlarmName="maintenance", StateValue="ALARM", StateReason="work")
    cloudwatch.api.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="drill")
    cloudwatch.wait(timedelta(0))
    assert (cloudwatch.state("both"), cloudwatch.described("both")["ActionsSuppressedBy"], heard(cloudwatch, queue)) == (
        "ALARM",
        "Alarm",
        [],
    )
    cloudwatch.api.set_alarm_state(AlarmName="maintenance", StateValue="OK", StateReason="done")
    cloudwatch.wait(timedelta(seconds=29))
    assert (cloudwatch.described("both")["ActionsSuppressedBy"], heard(cloudwatch, queue)) == ("ExtensionPeriod", [])
    cloudwatch.wait(timedelta(seconds=2))
    assert len(heard(cloudwatch, queue)) == 1
    assert "ActionsSuppressedBy" not in cloudwatch.described("both")


@rule("CW-52")
def test_history_is_filtered_paged_and_kept_for_thirty_days(cloudwatch: CloudWatch) -> None:
    cloudwatch.alarm()
    cloudwatch.api.put_composite_alarm(AlarmName="top", AlarmRule="ALARM(slow)")
    for value in ("OK", "ALARM", "OK"):
        cloudwatch.clock.advance_to(cloudwatch.clock.now() + timedelta(seconds=1))
        cloudwatch.api.set_alarm_state(AlarmName="slow", StateValue=value, StateReason="drill")
    history = cloudwatch.api.describe_alarm_history
    assert {item["AlarmName"] for item in history()["AlarmHistoryItems"]} == {"slow"}  # metric alarms only
    first = history(AlarmName="slow", MaxRecords=3)
    assert [item["HistoryItemType"] for item in first["AlarmHistoryItems"]] == ["StateUpdate"] * 3
    assert first["AlarmHistoryItems"][0]["HistorySummary"] == "Alarm updated from ALARM to OK"  # newest first
    rest = history(AlarmName="slow", MaxRecords=3, NextToken=first["NextToken"])["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in rest] == ['Alarm "slow" created']
    late = history(AlarmName="slow", StartDate=NOON + timedelta(seconds=3))["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in late] == ["Alarm updated from ALARM to OK"]
    with pytest.raises(ClientError) as refused:
        history(NextToken="x")
    assert error(refused)[0] == "InvalidNextToken"
    cloudwatch.clock.advance_to(NOON + timedelta(days=31))
    assert history()["AlarmHistoryItems"] == []


@rule("CW-52")
def test_alarms_metrics_and_history_survive_a_restart(cloudwatch: CloudWatch, tmp_path: Any) -> None:
    cloudwatch.alarm()
    cloudwatch.put(99.5)
    cloudwatch.wait(2 * MINUTE)
    state.save(tmp_path / "state")
    state.reset()
    assert cloudwatch.api.describe_alarms()["MetricAlarms"] == []
    state.load(tmp_path / "state")
    assert cloudwatch.state() == "ALARM"
    assert cloudwatch.summaries("StateUpdate") == ["Alarm updated from INSUFFICIENT_DATA to ALARM"]
    assert [point["Average"] for point in statistics(cloudwatch)] == [99.5]
