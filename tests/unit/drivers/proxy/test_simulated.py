"""The simulated proxy beyond the contract: virtual latency, and records published when it has passed."""

from datetime import timedelta

import pytest

from sandbox.drivers.proxy.base import TargetGroupConfig
from sandbox.drivers.world import App
from tests.support import rule as proves
from tests.support.drivers.proxies import DNS, SimulatedHarness, fixed, forward, listener, rule


@proves("ALB-35", "ALB-45")
@pytest.mark.parametrize(
    ("behaves", "latency"),
    [("ok", timedelta(milliseconds=5)), ("refused", timedelta(0)), ("blackhole", timedelta(seconds=10)), ("hang", timedelta(seconds=60))],
)
def test_latency_depends_on_the_behaviour_of_the_target(behaves: str, latency: timedelta) -> None:
    harness = SimulatedHarness()
    harness.apply(listener(rule(None, forward("tg"))), TargetGroupConfig(arn="tg", endpoints=(harness.endpoint("i-a", behaves=behaves),)))
    began = harness.clock.now()
    assert harness.proxy.request(DNS).latency == latency
    assert harness.records == []  # not before it has ended
    (record,) = harness.all_records(1)
    assert (record.time, harness.clock.now()) == (began + latency, began + latency)


def test_an_unknown_name_is_an_error_with_the_known_ones() -> None:
    harness = SimulatedHarness()
    harness.apply(listener(rule(None, fixed("x"))))
    assert harness.proxy.request(f"{DNS}:80").body == "x"
    with pytest.raises(KeyError, match=r"no listener other\.elb"):
        harness.proxy.request("other.elb")


def test_the_same_seed_chooses_the_same_targets() -> None:
    def chosen() -> list[int]:
        harness = SimulatedHarness()
        harness.apply(listener(rule(None, forward(("a", 1), ("b", 1)))))
        return [len(harness.proxy.request(DNS).body) for _ in range(3)] + [harness.world.random.getrandbits(32)]

    assert chosen() == chosen()


def test_many_requests_see_at_once_that_a_target_has_changed_and_that_the_configuration_has() -> None:
    harness = SimulatedHarness()
    one, two = harness.endpoint("i-a"), harness.endpoint("i-b")
    harness.apply(listener(rule(None, forward("tg"))), TargetGroupConfig(arn="tg", endpoints=(one, two)))

    def sent() -> set[tuple[str | None, int, int]]:
        return {(outcome.target_id, outcome.status, count) for outcome, count in harness.proxy.request_many(DNS, 10).items()}

    assert sent() == sent() == {("i-a", 200, 5), ("i-b", 200, 5)}
    harness.world.machine("i-b").app = App.DOWN
    assert sent() == {("i-a", 200, 5), (None, 502, 5)}
    harness.world.machine("i-b").app = App.UP
    harness.world.machine("i-b").status_code = 500
    assert sent() == {("i-a", 200, 5), ("i-b", 500, 5)}
    harness.apply(listener(rule(None, forward("tg"))), TargetGroupConfig(arn="tg", endpoints=(two,)))
    assert sent() == {("i-b", 500, 10)}
