"""Datapoints that the evaluation of an alarm observes."""

from datetime import timedelta

import pytest

from sandbox.core.metrics import of_value
from sandbox.services.cloudwatch.data.store import MetricStore
from sandbox.services.cloudwatch.state.snapshot import datapoints
from tests.support import rule
from tests.support.services.alarms import CREATED, metric_alarm

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@rule("CW-24", "CW-9")
@pytest.mark.parametrize(("minute", "newest"), [(5, 0.0 + 1 + 2 + 3 + 4), (6, 1.0 + 2 + 3 + 4 + 5), (7, 2.0 + 3 + 4 + 5 + 6)])
def test_the_window_of_five_minutes_slides(minute: int, newest: float) -> None:
    """Minutes 0, 1, 2 … hold 0, 1, 2 …: once minute 4 has ended, minutes 0-4 are used; a minute later minutes 1-5."""
    alarm, store = metric_alarm(period=300, statistic="Sum"), MetricStore()
    assert alarm.metric is not None
    for number in range(10):
        store.record(alarm.metric, "Percent", int(CREATED.timestamp()) + 60 * number, of_value(float(number)))
    found = datapoints(store, alarm, CREATED + minute * MINUTE + 17 * SECOND)
    assert (found[-1].at, found[-1].value) == (CREATED + (minute - 5) * MINUTE, newest)
    assert len(found) == 3  # N and the surplus
