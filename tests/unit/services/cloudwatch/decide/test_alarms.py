"""Decisions of alarms in virtual time: tables of observed states, no moto, no engine."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.core.control import Decision
from sandbox.core.machine import move
from sandbox.services.cloudwatch.actions import (
    ClearSetStates,
    Ec2Action,
    ExecuteScalingPolicy,
    NotifyTopic,
    UnsupportedAction,
    UpdateState,
)
from sandbox.services.cloudwatch.decide.alarms import Memory, Observed, cadence, decide, next_evaluation, range_end
from sandbox.services.cloudwatch.model import TRANSITIONS, Finding, MetricAlarm, StateValue
from tests.support import rule
from tests.support.services.alarms import CREATED, LOCATION, POLICY, TOPIC, change, composite_alarm, metric_alarm, points, state

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def first(alarm: Any, **observed: Any) -> Decision[Memory]:
    """The first decision for the alarm."""
    return decide(Observed(**{"alarm": alarm, "state": state(), "location": LOCATION} | observed), None, CREATED)


def evaluated(
    alarm: MetricAlarm, marks: str, before: str = "OK", memory: Memory | None = None, at: datetime | None = None
) -> Decision[Memory]:
    memory = memory or first(alarm).memory
    seen = Observed(alarm=alarm, state=state(before), location=LOCATION, points=points(marks))
    return decide(seen, memory, at or memory.next_evaluation)


def kinds(decision: Decision[Memory]) -> list[type]:
    return [type(action) for action in decision.actions]


@rule("CW-15")
@pytest.mark.parametrize("before", list(StateValue))
@pytest.mark.parametrize("finding", list(Finding))
def test_every_state_has_a_move_for_every_finding(before: StateValue, finding: Finding) -> None:
    after = {Finding.BREACHING: StateValue.ALARM, Finding.WITHIN: StateValue.OK, Finding.NO_DATA: StateValue.INSUFFICIENT_DATA}[finding]
    assert move(TRANSITIONS, "cpu-high", before, finding) is after


@rule("CW-15", "CW-31")
def test_a_new_alarm_waits_for_its_second() -> None:
    decision = first(metric_alarm())
    assert decision.actions == () and decision.events == ()
    assert decision.look_again is not None and 5 * SECOND <= decision.look_again < MINUTE
    assert decision.memory.next_evaluation == CREATED + decision.look_again


@rule("CW-31")
@pytest.mark.parametrize("name", ["a", "b", "cpu-high", "TargetTracking-web-AlarmHigh-1"])
def test_the_second_is_the_alarms_own(name: str) -> None:
    alarm, moment, seconds = metric_alarm(name), CREATED, set[int]()
    for _ in range(5):
        moment = next_evaluation(alarm, moment)
        seconds.add(moment.second)
    assert len(seconds) == 1
    assert moment - CREATED < 6 * MINUTE


@rule("CW-16", "CW-24")
@pytest.mark.parametrize(
    ("period", "n", "expected"),
    [(10, 1, 10), (20, 3, 10), (30, 1, 10), (60, 1, 60), (300, 3, 60), (3600, 24, 60), (3600, 25, 3600), (86_400, 7, 3600)],
)
def test_how_often_alarms_are_evaluated(period: int, n: int, expected: int) -> None:
    alarm = metric_alarm(period=period, evaluation_periods=n)
    assert cadence(alarm) == timedelta(seconds=expected)
    end = range_end(alarm, CREATED + timedelta(minutes=71, seconds=37))
    assert (end - CREATED).total_seconds() % expected == 0


@rule("CW-26", "CW-45")
def test_a_change_updates_the_state_tells_and_acts_in_order() -> None:
    decision = evaluated(metric_alarm(alarm_actions=(TOPIC, POLICY)), "X")
    assert kinds(decision) == [UpdateState, NotifyTopic, ExecuteScalingPolicy]
    [event] = decision.events
    assert event.summary.startswith("alarm cpu-high went from OK to ALARM: Threshold Crossed: 1 datapoint")


@rule("CW-45")
@pytest.mark.parametrize(
    ("before", "marks", "topics"),
    [
        ("OK", "X", ["alarm"]),
        ("ALARM", "0", ["ok"]),
        ("OK", "- - -", ["none"]),
        ("INSUFFICIENT_DATA", "0", ["ok"]),
        ("ALARM", "X", []),
        ("OK", "0", []),
        ("INSUFFICIENT_DATA", "-", []),
    ],
)
def test_actions_belong_to_the_new_state_and_run_on_a_change_only(before: str, marks: str, topics: list[str]) -> None:
    arns = {kind: TOPIC + kind for kind in ("ok", "alarm", "none")}
    alarm = metric_alarm(alarm_actions=(arns["alarm"],), ok_actions=(arns["ok"],), insufficient_data_actions=(arns["none"],))
    topics_notified = [action.arn for action in evaluated(alarm, marks, before).actions if isinstance(action, NotifyTopic)]
    assert topics_notified == [arns[topic] for topic in topics]


@rule("CW-45")
def test_disabled_actions_leave_the_change() -> None:
    assert kinds(evaluated(metric_alarm(alarm_actions=(TOPIC,), actions_enabled=False), "X")) == [UpdateState]


@rule("CW-46", "CW-47")
@pytest.mark.parametrize(
    ("arn", "kind", "verb"),
    [
        ("arn:aws:automate:us-east-1:ec2:stop", Ec2Action, "stop"),
        ("arn:aws:automate:us-east-1:ec2:recover", Ec2Action, "recover"),
        ("arn:aws:swf:us-east-1:123456789012:action/actions/AWS_EC2.InstanceId.Terminate/1.0", Ec2Action, "terminate"),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", UnsupportedAction, None),
        ("arn:aws:ssm:us-east-1:123456789012:opsitem:1", UnsupportedAction, None),
    ],
)
def test_kinds_of_actions(arn: str, kind: type, verb: str | None) -> None:
    [_, action] = evaluated(metric_alarm(alarm_actions=(arn,)), "X").actions
    assert type(action) is kind
    assert getattr(action, "verb", None) == verb


def minutes_of(alarm: MetricAlarm, marks: list[str]) -> Iterator[Decision[Memory]]:
    """One evaluation each minute; the state follows the decisions."""
    memory, now = first(alarm).memory, state("OK")
    for mark in marks:
        decision = decide(Observed(alarm=alarm, state=now, location=LOCATION, points=points(mark)), memory, memory.next_evaluation)
        for action in decision.actions:
            if isinstance(action, UpdateState):
                now = action.change.new
        memory = decision.memory
        yield decision


@rule("SCL-4", "CW-45")
def test_scaling_policies_are_run_again_while_the_state_lasts_and_topics_are_not() -> None:
    decisions = list(minutes_of(metric_alarm(alarm_actions=(TOPIC, POLICY)), ["X", "X", "X", "0", "0"]))
    assert [kinds(decision) for decision in decisions] == [
        [UpdateState, NotifyTopic, ExecuteScalingPolicy],
        [ExecuteScalingPolicy],
        [ExecuteScalingPolicy],
        [UpdateState],
        [],
    ]
    [again] = decisions[1].actions
    assert isinstance(again, ExecuteScalingPolicy)
    assert (again.repeated, again.datapoints, again.threshold, again.state) == (True, (100.0,), 70.0, StateValue.ALARM)


@rule("CW-21")
def test_a_state_set_by_hand_runs_its_actions_once() -> None:
    alarm = metric_alarm(alarm_actions=(TOPIC,))
    drill = change("OK", "ALARM", CREATED, "drill")
    memory = first(alarm).memory
    decision = decide(Observed(alarm=alarm, state=drill.new, location=LOCATION, set_states=(drill,)), memory, CREATED + SECOND)
    assert kinds(decision) == [ClearSetStates, NotifyTopic]
    assert decision.events == ()  # the API recorded the change
    after = evaluated(alarm, "0", "ALARM", decision.memory)
    assert kinds(after) == [UpdateState]


def test_actions_of_a_state_set_by_hand_have_the_newest_event_of_the_alarm_as_their_cause() -> None:
    alarm = metric_alarm(alarm_actions=(TOPIC, POLICY))
    drill = change("OK", "ALARM", CREATED, "drill")
    observed = Observed(alarm=alarm, state=drill.new, location=LOCATION, set_states=(drill,), latest_event="e000007")
    actions = decide(observed, first(alarm).memory, CREATED + SECOND).actions
    assert [(type(action), action.because) for action in actions[1:]] == [(NotifyTopic, "e000007"), (ExecuteScalingPolicy, "e000007")]


def test_a_wake_between_evaluations_changes_nothing() -> None:
    alarm = metric_alarm(alarm_actions=(POLICY,))
    memory = evaluated(alarm, "X").memory
    decision = decide(Observed(alarm=alarm, state=state("ALARM"), location=LOCATION), memory, memory.next_evaluation - SECOND)
    assert (decision.actions, decision.memory, decision.look_again) == ((), memory, SECOND)


@rule("CW-18")
def test_a_new_configuration_is_evaluated_anew() -> None:
    memory = evaluated(metric_alarm(), "X").memory
    changed = metric_alarm(updated_at=CREATED + 10 * MINUTE)
    decision = decide(Observed(alarm=changed, state=state("ALARM"), location=LOCATION), memory, CREATED + 10 * MINUTE)
    assert decision.memory.configured_at == changed.updated_at
    assert decision.memory.next_evaluation - changed.updated_at < MINUTE


@rule("CW-61", "CW-60")
def test_a_composite_alarm_is_evaluated_when_a_child_changed() -> None:
    alarm = composite_alarm("ALARM(a)", alarm_actions=(TOPIC,))
    created = first(alarm, children={"a": state("OK")})
    assert created.events[0].summary.endswith("was created and its alarm rule evaluates to OK")
    later = CREATED + MINUTE
    children = {"a": state("ALARM", later)}
    decision = decide(Observed(alarm=alarm, state=state("OK"), location=LOCATION, children=children), created.memory, later)
    assert kinds(decision) == [UpdateState, NotifyTopic]
    update = decision.actions[0]
    assert isinstance(update, UpdateState)
    assert update.change.new.reason.endswith(":alarm:a transitioned to ALARM at Wednesday 19 August, 2026 05:01:00 UTC")
    again = decide(Observed(alarm=alarm, state=state("OK"), location=LOCATION, children=children), decision.memory, later + MINUTE)
    assert again.actions == ()  # CW-21: set to OK by hand, and no child has changed since
