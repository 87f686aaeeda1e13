"""When an Envoy container that is gone is started, and how often: a clock by hand."""

from sandbox.drivers.proxy.envoy.revival import PATIENCE, PAUSE, Revival


class Envoy:
    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.started, self.moment = error, 0, 100.0
        self.revival = Revival(self.start, lambda: self.moment)

    def start(self) -> None:
        self.started += 1
        if self.error:
            raise self.error

    def after(self, seconds: float, *, connected: bool = False) -> str | None:
        self.moment += seconds
        return self.revival.look(connected=connected)


def test_a_short_absence_is_left_to_docker() -> None:
    envoy = Envoy()
    assert [envoy.after(0), envoy.after(PATIENCE - 0.1), envoy.after(0.05, connected=True), envoy.after(1)] == [None] * 4
    assert envoy.started == 0


def test_one_that_stays_away_is_started_and_the_sentence_says_for_how_long() -> None:
    envoy = Envoy()
    envoy.after(0)
    assert envoy.after(2) == "Envoy was gone for 2.0 s: its container is started again"
    assert (envoy.after(1), envoy.started) == (None, 1)


def test_it_is_tried_again_after_a_pause_until_it_is_there() -> None:
    envoy = Envoy(RuntimeError("Docker does not answer"))
    envoy.after(0)
    assert envoy.after(2) == "Envoy is gone since 2.0 s and could not be started: Docker does not answer"
    assert envoy.after(PAUSE) is not None
    envoy.after(1, connected=True)
    assert (envoy.after(PATIENCE - 0.1), envoy.started) == (None, 2)
