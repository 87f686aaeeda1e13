"""One run of a simulation and its outcome. Frozen values that can be sent to another process or machine."""

from dataclasses import dataclass

from sandbox.report.model import Verdict

Setting = tuple[str, str]
"""Name and value of a knob, as they are typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What is compared: one row of the table."""

    profile: str | None = None  # None: the scenario's own
    settings: tuple[Setting, ...] = ()  # of `--vary`, in the order in which they were given

    def __str__(self) -> str:
        shown = [*([self.profile] if self.profile else []), *(f"{name}={value}" for name, value in self.settings)]
        return " ".join(shown) or "as it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    scenario: str  # a name, or the path of a file
    layout: Layout
    seed: int
    settings: tuple[Setting, ...] = ()  # of `--knob`, the same for all runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run found. `error` says why it has no verdict: the scenario could not be run like this."""

    run: Run
    verdict: Verdict | None = None
    sent: int = 0
    good: int = 0
    numbers: tuple[tuple[str, float], ...] = ()  # (name of the measure, its number)
    missed: tuple[str, ...] = ()  # criteria that were not met
    error: str | None = None

    @property
    def availability(self) -> float | None:
        """Percent of the requests that were good; None without requests."""
        return 100.0 * self.good / self.sent if self.sent else None
