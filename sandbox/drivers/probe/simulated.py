"""The Prober of the simulated world: the result is decided at once and published when its virtual time has passed."""

from datetime import timedelta

from sandbox.drivers.probe.base import ProbeOutcome, ProbeRequest, ProbeResult, Trouble
from sandbox.drivers.requester import Requester
from sandbox.drivers.world import Answer, World


class SimulatedProber(Requester[ProbeResult]):
    def __init__(self, world: World) -> None:
        self._world = world
        super().__init__()

    def start(self, request: ProbeRequest) -> None:
        """The state of the target when the connection is made decides the result. An overloaded application answers late."""
        self._results.begin(request)
        answer, status = self._world.connect(request.host, request.port)
        took = self._took(request)
        match answer:
            case Answer.RESPONSE if took >= request.timeout:
                self._silent(request, Trouble.NO_RESPONSE, "no response within the timeout")
            case Answer.RESPONSE if request.tls:
                self._later(request, took, ProbeOutcome.FAILED, detail="the application speaks no TLS", trouble=Trouble.OTHER)
            case Answer.RESPONSE:
                self._later(request, took, ProbeOutcome.ANSWERED, status)
            case Answer.REFUSED:
                self._later(request, took, ProbeOutcome.FAILED, detail="connection refused", trouble=Trouble.REFUSED)
            case Answer.HANG:
                self._silent(request, Trouble.NO_RESPONSE, "no response within the timeout")
            case Answer.BLACKHOLE:
                self._silent(request, Trouble.NO_CONNECTION, "no connection within the timeout")

    def _silent(self, request: ProbeRequest, trouble: Trouble, detail: str) -> None:
        self._later(request, request.timeout, ProbeOutcome.TIMED_OUT, detail=detail, trouble=trouble)

    def _took(self, request: ProbeRequest) -> timedelta:
        machine = self._world.at_address(request.host)
        took = self._world.request_time + self._world.lost_time(request.host)
        return took + (self._world.wait(machine) if machine else timedelta(0))

    def _later(
        self,
        request: ProbeRequest,
        after: timedelta,
        outcome: ProbeOutcome,
        status: int | None = None,
        *,
        detail: str = "",
        trouble: Trouble | None = None,
    ) -> None:
        at = self._world.clock.now() + after
        result = ProbeResult(
            key=request.key, number=request.number, at=at, outcome=outcome, status_code=status, detail=detail, trouble=trouble
        )
        self._world.at(at, lambda: self._results.end(result))
