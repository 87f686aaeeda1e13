"""When the container of an Envoy that has stopped is started, and how often, on a clock that the test sets."""

from sandbox.drivers.proxy.envoy.restarter import GONE_AFTER, RETRY_INTERVAL, ContainerRestarter


class Envoy:
    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.started, self.moment = error, 0, 100.0
        self.restarter = ContainerRestarter(self.start, lambda: self.moment)

    def start(self) -> None:
        self.started += 1
        if self.error:
            raise self.error

    def after(self, seconds: float, *, connected: bool = False) -> str | None:
        self.moment += seconds
        return self.restarter.check(connected=connected)


def test_a_short_outage_is_left_to_docker() -> None:
    envoy = Envoy()
    assert [envoy.after(0), envoy.after(GONE_AFTER - 0.1), envoy.after(0.05, connected=True), envoy.after(1)] == [None] * 4
    assert envoy.started == 0


def test_after_a_longer_outage_it_is_started_and_the_sentence_says_how_long() -> None:
    envoy = Envoy()
    envoy.after(0)
    assert envoy.after(2) == "Envoy was down for 2.0 s; its container is started again"
    assert (envoy.after(1), envoy.started) == (None, 1)


def test_a_failed_start_is_retried_after_the_interval_until_it_connects() -> None:
    envoy = Envoy(RuntimeError("Docker does not answer"))
    envoy.after(0)
    assert envoy.after(2) == "Envoy has been down for 2.0 s, and its container could not be started: Docker does not answer"
    assert envoy.after(RETRY_INTERVAL) is not None
    envoy.after(1, connected=True)
    assert (envoy.after(GONE_AFTER - 0.1), envoy.started) == (None, 2)
