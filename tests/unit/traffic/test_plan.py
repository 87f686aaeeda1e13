"""When a plan sends its requests: at a constant or a rising rate."""

import pytest

from sandbox.traffic.plan import Plan

URL = "http://127.0.0.1:8081/"


def test_a_constant_rate_sends_evenly() -> None:
    plan = Plan(url=URL, rate=4, max_duration=2)
    assert [plan.send_offset(n) for n in range(plan.count)] == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]


@pytest.mark.parametrize(("ramp_from", "in_ten_seconds"), [(0, 50), (5, 75), (10, 100), (20, 150)])
def test_a_ramp_rises_linearly_to_the_rate(ramp_from: float, in_ten_seconds: int) -> None:
    plan = Plan(url=URL, rate=10, ramp=10, ramp_from=ramp_from, max_duration=20)
    moments = [plan.send_offset(n) for n in range(plan.count)]
    assert plan.count == in_ten_seconds + 100
    assert moments == sorted(moments)
    assert moments[0] == 0
    assert sum(moment < 10 for moment in moments) == in_ten_seconds
    assert moments[in_ten_seconds:] == pytest.approx([10 + n / 10 for n in range(100)])


def test_each_second_of_a_ramp_has_the_requests_of_its_rate() -> None:
    plan = Plan(url=URL, rate=100, ramp=10, ramp_from=20)
    moments = [plan.send_offset(n) for n in range(600)]
    per_second = [sum(second <= moment < second + 1 for moment in moments) for second in range(10)]
    assert per_second == [24, 32, 40, 48, 56, 64, 72, 80, 88, 96]


@pytest.mark.parametrize(
    "wrong", [{"rate": 0}, {"rate": 1001}, {"max_duration": 0}, {"max_requests": 0}, {"ramp": -1}, {"ramp_from": 1001}]
)
def test_invalid_plans_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="rate"):
        Plan(url=URL, **wrong)  # type: ignore[arg-type]
