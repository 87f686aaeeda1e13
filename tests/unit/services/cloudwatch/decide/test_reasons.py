"""StateReason texts, word for word."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.services.cloudwatch.decide.evaluation import evaluate
from sandbox.services.cloudwatch.decide.reasons import reason, reason_data
from sandbox.services.cloudwatch.model import Datapoint, StateValue
from tests.support import rule
from tests.support.services.alarms import metric_alarm

GE, GT, LE = "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanOrEqualToThreshold"


def at(text: str, value: float | None) -> Datapoint:
    return Datapoint(datetime.strptime(text, "%d/%m/%y %H:%M:%S").replace(tzinfo=UTC), value, None if value is None else 1.0)


def minutes(*values: float | None) -> list[Datapoint]:
    return [at(f"19/08/26 09:{30 + number:02d}:00", value) for number, value in enumerate(values)]


def alarm(operator: str, threshold: float, n: int, m: int | None = None, missing: str | None = None) -> Any:
    return metric_alarm(
        comparison_operator=operator, threshold=threshold, evaluation_periods=n, datapoints_to_alarm=m, treat_missing_data=missing
    )


@rule("CW-40")
@pytest.mark.parametrize(
    ("configured", "points", "text"),
    [
        (
            alarm(GE, 1.0, 1),
            [at("02/02/25 12:05:00", 1.0)],
            "Threshold Crossed: 1 datapoint [1.0 (02/02/25 12:05:00)] was greater than or equal to the threshold (1.0).",
        ),
        (
            alarm(GT, 0.0, 3),
            [at("19/08/26 05:44:00", 1.0), at("19/08/26 05:47:00", 3.0), at("19/08/26 05:50:00", 2.0)],
            "Threshold Crossed: 3 datapoints [2.0 (19/08/26 05:50:00), 3.0 (19/08/26 05:47:00), 1.0 (19/08/26 05:44:00)] "
            "were greater than the threshold (0.0).",
        ),
        (
            alarm(GT, 0.0, 1),
            [at("19/08/26 09:48:00", 0.0)],
            "Threshold Crossed: 1 datapoint [0.0 (19/08/26 09:48:00)] was not greater than the threshold (0.0).",
        ),
        (
            alarm(GT, 50.0, 1, 1),
            [at("02/10/19 16:59:00", 99.5)],
            "Threshold Crossed: 1 out of the last 1 datapoints [99.5 (02/10/19 16:59:00)] was greater than the threshold (50.0) "
            "(minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            alarm(GT, 50.0, 1, 1),
            [at("02/10/19 17:14:00", 22.2)],
            "Threshold Crossed: 1 out of the last 1 datapoints [22.2 (02/10/19 17:14:00)] was not greater than the threshold (50.0) "
            "(minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            alarm(GT, 50.0, 3, 2),
            minutes(60.0, 10.0, 99.50160229693434),
            "Threshold Crossed: 2 out of the last 3 datapoints [99.50160229693434 (19/08/26 09:32:00), 60.0 (19/08/26 09:30:00)] "
            "were greater than the threshold (50.0) (minimum 2 datapoints for OK -> ALARM transition).",
        ),
        (
            alarm(GE, 1.0, 20, 1, "notBreaching"),
            [at("16/03/24 12:15:00", 613.0)],
            "Threshold Crossed: 1 out of the last 20 datapoints [613.0 (16/03/24 12:15:00)] was greater than or equal to the threshold "
            "(1.0) and 19 missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            alarm(LE, 0.0, 8, None, "breaching"),
            [at("19/08/26 09:36:00", 2.0)],
            "Threshold Crossed: 1 datapoint [2.0 (19/08/26 09:36:00)] was not less than or equal to the threshold (0.0) "
            "and 7 missing datapoints were treated as [Breaching].",
        ),
        (
            alarm(GT, 50.0, 3, 2, "breaching"),
            minutes(10.0),
            "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching].",
        ),
        (
            alarm(GT, 50.0, 8, None, "breaching"),
            [],
            "Threshold Crossed: no datapoints were received for 8 periods and 8 missing datapoints were treated as [Breaching].",
        ),
        (
            alarm(GT, 50.0, 8, None, "notBreaching"),
            [],
            "Threshold Crossed: no datapoints were received for 8 periods and 8 missing datapoints were treated as [NonBreaching].",
        ),
        (
            alarm(GT, 50.0, 1, None, "notBreaching"),
            [],
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
        ),
        (alarm(GT, 50.0, 1), [], "Insufficient Data: 1 datapoint was unknown."),
        (alarm(GT, 50.0, 3), [], "Insufficient Data: 3 datapoints were unknown."),
    ],
)
def test_reason_texts(configured: Any, points: list[Datapoint], text: str) -> None:
    assert reason(configured, evaluate(configured, points), StateValue.OK) == text


@rule("CW-41")
def test_reason_data_of_a_crossed_threshold() -> None:
    configured = metric_alarm(threshold=20.0, unit="Percent")
    points = [at("12/05/26 20:58:00", 99.83)]
    now = datetime(2026, 5, 12, 20, 58, 58, 130_000, tzinfo=UTC)
    assert reason_data(configured, evaluate(configured, points), points, now) == (
        '{"version":"1.0","queryDate":"2026-05-12T20:58:58.130+0000","startDate":"2026-05-12T20:58:00.000+0000","unit":"Percent",'
        '"statistic":"Average","period":60,"recentDatapoints":[99.83],"threshold":20.0,'
        '"evaluatedDatapoints":[{"timestamp":"2026-05-12T20:58:00.000+0000","sampleCount":1.0,"value":99.83}]}'
    )


@rule("CW-41")
def test_reason_data_without_data_has_timestamps_only() -> None:
    configured = metric_alarm(evaluation_periods=2)
    points = minutes(None, None, None, None)
    data = json.loads(reason_data(configured, evaluate(configured, points), points, datetime(2026, 8, 19, 9, 35, tzinfo=UTC)))
    assert "startDate" not in data
    assert data["recentDatapoints"] == []
    assert data["evaluatedDatapoints"] == [{"timestamp": "2026-08-19T09:33:00.000+0000"}, {"timestamp": "2026-08-19T09:32:00.000+0000"}]


def test_a_long_list_is_cut() -> None:
    configured = alarm(GT, 0.0, 20)
    text = reason(configured, evaluate(configured, minutes(*[float(number + 1) for number in range(20)])), StateValue.OK)
    assert text.startswith(
        "Threshold Crossed: 20 datapoints were greater than the threshold (0.0). The most recent datapoints which crossed"
    )
    assert text.count("(19/08/26") == 5
