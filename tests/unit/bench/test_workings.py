"""What the figures are worked out from: verdicts and requests, smaps_rollup."""

import pytest

from bench.instances.fleet import memory
from bench.silence import changes, lateness
from sandbox.core.errors import UserError

EVENTS = [
    {
        "detail-type": "Target Health State Change",
        "time": "2026-05-07T12:00:10.500Z",
        "detail": {"target": {"id": "10.0.0.1", "port": 80}, "state": "unhealthy"},
    },
    {"detail-type": "Something Else", "time": "2026-05-07T12:00:11.000Z", "detail": {}},
    {
        "detail-type": "Target Health State Change",
        "time": "2026-05-07T12:00:20.500Z",
        "detail": {"target": {"id": "10.0.0.1", "port": 80}, "state": "healthy"},
    },
]
NOON = 1778155200.0  # 2026-05-07T12:00:00Z


def test_an_events_time_becomes_real_by_the_clocks_speed() -> None:
    assert changes(EVENTS, (100.0, NOON), speed=20.0) == [
        ("10.0.0.1", "unhealthy", pytest.approx(100.525)),
        ("10.0.0.1", "healthy", pytest.approx(101.025)),
    ]


VERDICTS = [("a", "unhealthy", 10.0), ("b", "unhealthy", 10.5), ("a", "healthy", 12.0), ("b", "healthy", 13.0)]


@pytest.mark.parametrize(
    ("starts", "late"),
    [
        ({"a": [9.0, 10.004, 10.007, 12.1], "b": [10.4, 13.2]}, [0.007, 0.0]),
        ({"a": [], "b": [10.6, 12.9]}, [0.0, 2.4]),  # the last one counts, however late it is
    ],
)
def test_lateness_is_of_the_last_request_before_the_target_is_healthy_again(starts: dict[str, list[float]], late: list[float]) -> None:
    assert lateness(VERDICTS, starts) == pytest.approx(late)


def test_a_verdict_that_was_not_taken_back_is_left_out() -> None:
    assert lateness([("a", "unhealthy", 10.0)], {"a": [10.1]}) == []


def test_memory_of_a_process() -> None:
    text = "7f00-7fff ---p 00000000 00:00 0 [rollup]\nRss:              102400 kB\nPss:               51200 kB\nPss_Anon: 12 kB\n"
    assert memory(text) == {"Rss": pytest.approx(104.8576), "Pss": pytest.approx(52.4288)}


@pytest.mark.parametrize("url", ["http://192.0.2.1:80/", "http://example.com/"])
def test_a_load_goes_to_this_machine_only(url: str) -> None:
    from bench.kit.steady_load import SteadyLoad

    with pytest.raises(UserError, match="only loopback addresses"):
        SteadyLoad(url, 1.0)
