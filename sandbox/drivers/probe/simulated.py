"""The Prober of the simulated world: the result is known at once and told when the virtual time that it takes has passed."""

from datetime import timedelta

from sandbox.drivers.asking import Asker
from sandbox.drivers.probe.base import Outcome, ProbeRequest, ProbeResult
from sandbox.drivers.world import Answer, World


class SimulatedProber(Asker[ProbeResult]):
    def __init__(self, world: World) -> None:
        self._world = world
        super().__init__()

    def start(self, request: ProbeRequest) -> None:
        """What the target does is decided now, as the connection is made."""
        self._results.begin(request)
        answer, status = self._world.connect(request.host, request.port)
        took = min(self._world.request_time, request.timeout)
        match answer:
            case Answer.RESPONSE:
                self._later(request, took, Outcome.ANSWERED, status)
            case Answer.REFUSED:
                self._later(request, took, Outcome.FAILED, detail="connection refused")
            case Answer.HANG:
                self._later(request, request.timeout, Outcome.TIMED_OUT, detail="no answer in time")
            case Answer.BLACKHOLE:
                self._later(request, request.timeout, Outcome.TIMED_OUT, detail="no connection in time")

    def _later(self, request: ProbeRequest, after: timedelta, outcome: Outcome, status: int | None = None, detail: str = "") -> None:
        at = self._world.clock.now() + after
        result = ProbeResult(key=request.key, number=request.number, at=at, outcome=outcome, status_code=status, detail=detail)
        self._world.at(at, lambda: self._results.end(result))
