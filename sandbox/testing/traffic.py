"""`Traffic`: what the clients of a test saw, so far or in the end."""

from types import TracebackType

from sandbox.traffic.measures import requests
from sandbox.traffic.records import Records
from scenarios.kit.running.run import Run


class Traffic:
    """Open-loop client traffic (docs/measurement.md), from its creation until `stop` or the end of a `with` block. Every measure counts all
    requests that were planned so far."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._stopped: Records | None = None

    def stop(self) -> Records:
        """Sends no more, and waits for what is in flight."""
        if self._stopped is None:
            self._stopped = self._run.stop_load()
        return self._stopped

    @property
    def records(self) -> Records:
        return self._run.records() if self._stopped is None else self._stopped

    @property
    def sent(self) -> int:
        """Requests."""
        return len(self.records)

    @property
    def availability(self) -> float:
        """Percent of the requests that were good: answered without an error, in time (`slo_ms` of the service). Raises AssertionError when
        nothing was sent: there is nothing to judge."""
        found = requests.availability(self.records, self._slo)
        assert found is not None, "no request was sent yet: let time pass with service.wait(seconds)"
        return found

    @property
    def losses(self) -> dict[str, int]:
        """Why requests were not good → how many: "502", "client timeout", "slow", …; the largest first."""
        return requests.losses(self.records, self._slo)

    @property
    def lost(self) -> int:
        return sum(self.losses.values())

    @property
    def answered_by(self) -> dict[str, int]:
        """Instance id → responses. Only the tutorial's application says which instance answers."""
        return dict(requests.answered_by(self.records))

    @property
    def _slo(self) -> float:
        return self._run.scenario.slo_ms / 1000

    def __enter__(self) -> "Traffic":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
