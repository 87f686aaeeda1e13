"""History items: summaries and their JSON."""

import json
from datetime import timedelta

import pytest

from sandbox.services.cloudwatch.state import history
from sandbox.services.cloudwatch.state.history import AlarmActionResult, History
from tests.support import rule
from tests.support.services.alarms import CREATED, POLICY, TOPIC, change, metric_alarm


@rule("CW-53", "SCL-5")
@pytest.mark.parametrize(
    ("arn", "error", "summary"),
    [
        (TOPIC, None, f"Successfully executed action {TOPIC}"),
        (TOPIC, "Topic does not exist", f'Failed to execute action {TOPIC}. Received error: "Topic does not exist"'),
        (POLICY, "Metric data points must be provided", "Failed to execute AutoScaling action: Metric data points must be provided"),
    ],
)
def test_what_became_of_an_action(arn: str, error: str | None, summary: str) -> None:
    assert AlarmActionResult(arn=arn, state_updated_at=CREATED, error=error).summary == summary


@rule("CW-54")
def test_the_json_of_an_action() -> None:
    item = history.action_run(metric_alarm(), CREATED, AlarmActionResult(arn=TOPIC, state_updated_at=CREATED, message='{"default":"x"}'))
    assert item.data == (
        f'{{"actionState":"Succeeded","stateUpdateTimestamp":{int(CREATED.timestamp() * 1000)},'
        f'"notificationResource":"{TOPIC}","publishedMessage":"{{\\"default\\":\\"x\\"}}","error":null}}'
    )


@rule("CW-52")
def test_history_data_stays_json_within_its_limit() -> None:
    item = history.action_run(metric_alarm(), CREATED, AlarmActionResult(arn=TOPIC, state_updated_at=CREATED, message="x" * 5000))
    assert json.loads(item.data)["publishedMessage"] is None
    assert len(item.data) <= history.MAX_DATA_LENGTH


@rule("CW-54", "CW-55")
def test_a_state_update_names_both_states() -> None:
    item = history.state_updated(metric_alarm(), change("OK", "ALARM"))
    assert (item.summary, item.at) == ("Alarm updated from OK to ALARM", CREATED)
    assert item.data.startswith('{"version":"1.0","oldState":{"stateValue":"OK","stateReason":')


@rule("CW-52")
def test_items_older_than_thirty_days_go() -> None:
    alarm_history = History()
    for day in (0, 29, 31):
        alarm_history.add(history.state_updated(metric_alarm(), change("OK", "ALARM", CREATED + timedelta(days=day))))
    assert [item.at - CREATED for item in alarm_history.items(CREATED + timedelta(days=31))] == [timedelta(days=29), timedelta(days=31)]


def test_the_number_of_items_is_bounded() -> None:
    alarm_history = History()
    item = history.state_updated(metric_alarm(), change("OK", "ALARM"))
    for _ in range(history.MAX_ITEMS + 10):
        alarm_history.add(item)
    assert len(list(alarm_history.items(CREATED))) == history.MAX_ITEMS
