"""The unit of the time axis: seconds, minutes or hours, so that its numbers stay readable."""

from dataclasses import dataclass

from sandbox.report.model import Report


@dataclass(frozen=True, slots=True)
class Unit:
    name: str
    seconds: float

    def of(self, moment: float) -> float:
        return moment / self.seconds


SECONDS, MINUTES, HOURS = Unit("seconds", 1), Unit("minutes", 60), Unit("hours", 3600)


def unit(report: Report) -> Unit:
    if report.duration < 180:
        return SECONDS
    return MINUTES if report.duration < 3 * 3600 else HOURS


def moment(seconds: float) -> str:
    """ "T+0:42" for 42 seconds, "T+12:05" for 12 minutes and 5 seconds, "T+35:50:00" for hours."""
    sign, whole = ("-" if seconds < 0 else "+"), round(abs(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"T{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"T{sign}{minutes}:{rest:02}"
