"""Load that is started from the page: one at a time, to a load balancer of this sandbox, limited in its rate and its time."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from sandbox.core.clock import Clock
from sandbox.core.errors import UserError
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.text import plural
from sandbox.dashboard.shown.load import RunningLoad
from sandbox.traffic.plan import Plan

if TYPE_CHECKING:
    from sandbox.traffic.records import Records

HIGHEST_RATE = 200.0  # requests per real second
LONGEST = 900.0  # real seconds
SOURCE = "sandbox.load"

SLO = 0.5  # real seconds


class Sending(Protocol):
    """Requests that are being sent (sandbox.traffic.load.Load)."""

    def join(self) -> "Records":
        """Waits until they have all been sent."""
        ...

    def stop(self) -> "Records": ...


Start = Callable[[Plan], Sending]


class PageLoad:
    """Thread-safe."""

    def __init__(self, journal: Journal, start: Start) -> None:
        self._journal, self._start = journal, start
        self._lock = threading.Lock()
        self._stream: Sending | None = None
        self._shown: RunningLoad | None = None

    def shown(self) -> RunningLoad | None:
        """None: the page has not started any."""
        return self._shown

    def begin(self, load_balancer: str, url: str, rate: float, seconds: float) -> RunningLoad:
        """Raises UserError if there is load already, or the rate or the time is out of range."""
        if not 0 < rate <= HIGHEST_RATE:
            raise UserError(f"The rate must be above 0 and at most {HIGHEST_RATE:g} requests per second.", "sandbox scenario list")
        if not 0 < seconds <= LONGEST:
            raise UserError(f"The time must be above 0 and at most {LONGEST:g} seconds.", "sandbox scenario list")
        with self._lock:
            if self._shown is not None and self._shown.running:
                raise UserError(f"The page already sends requests to {self._shown.load_balancer}: stop them first.", "sandbox top")
            stream = self._start(Plan(url=url, rate=rate, slo=SLO, max_duration=seconds, max_requests=int(rate * seconds) + 1))
            self._stream = stream
            self._shown = RunningLoad(load_balancer=load_balancer, url=url, rate=rate, seconds=seconds, running=True)
        began = self._record(f"load of {rate:g} requests per second to {load_balancer} began, for {seconds:g} s", load_balancer, None)
        threading.Thread(target=self._await, args=(stream, self._shown, began), name="page load", daemon=True).start()
        return self._shown

    def stop(self) -> None:
        """Ends it. No effect if there is none."""
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.stop()

    def _await(self, stream: Sending, shown: RunningLoad, cause: str) -> None:
        """In a thread of its own, until the load has ended by itself or was stopped."""
        try:
            sentence = _sentence(stream.join())
        except UserError as error:
            sentence = error.message
        self._record(f"load to {shown.load_balancer} ended: {sentence}", shown.load_balancer, cause)
        with self._lock:
            self._stream = None
            self._shown = replace(shown, running=False, sentence=sentence)

    def _record(self, summary: str, load_balancer: str, cause: str | None) -> str:
        detail_type = "Load Ended" if cause else "Load Began"
        return self._journal.record(
            Event(source=SOURCE, detail_type=detail_type, summary=summary, resources=(load_balancer,), cause=cause)
        ).id


def live(clock: Clock) -> Start:
    """Starts real requests."""

    def start(plan: Plan) -> Sending:
        from sandbox.traffic.load import Load  # noqa: PLC0415 - with numpy, which takes memory

        return Load(plan, clock.now(), clock.speed)

    return start


def _sentence(records: "Records") -> str:
    from sandbox.traffic.measures.requests import good  # noqa: PLC0415

    sent, answered = len(records), int(good(records, SLO).sum())
    return f"{plural(sent, 'request')} sent, {answered} answered well within {SLO:g} s"
