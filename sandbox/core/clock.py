"""The sandbox's one clock. `now` of every decision comes from here; only the engine and the drivers turn a duration into waiting.

`WallClock` may run faster than the wall's (speed 10: a 300-second period lasts 30 real seconds); `VirtualClock` stands still until it
is moved, so that a day of a group is a fraction of a second of test.
"""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Gives aware UTC datetimes in sandbox time."""

    @property
    def speed(self) -> float:
        """Sandbox seconds per real second."""
        ...

    def now(self) -> datetime: ...

    def real(self, duration: timedelta) -> float:
        """Real seconds that `duration` of sandbox time takes."""
        ...

    def set_speed(self, speed: float) -> None:
        """Goes on from the present moment at another speed. Raises ValueError when the clock cannot run at that speed."""
        ...


class WallClock:
    """Starts at the wall's time (or at `start`) and runs `speed` times as fast. Thread-safe."""

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._speed = _checked(speed)
        self._anchor = start or datetime.now(UTC)
        self._anchor_real = time.monotonic()

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> datetime:
        with self._lock:
            return self._anchor + timedelta(seconds=(time.monotonic() - self._anchor_real) * self._speed)

    def real(self, duration: timedelta) -> float:
        return duration.total_seconds() / self._speed

    def set_speed(self, speed: float) -> None:
        """Goes on from the present moment at another speed: time never jumps."""
        _checked(speed)
        with self._lock:
            moment = time.monotonic()
            self._anchor += timedelta(seconds=(moment - self._anchor_real) * self._speed)
            self._anchor_real, self._speed = moment, speed


class VirtualClock:
    """Stands still until `advance_to`. Going back raises: an event may not happen before its cause."""

    speed = 1.0

    def __init__(self, start: datetime = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def real(self, duration: timedelta) -> float:
        return 0.0

    def set_speed(self, speed: float) -> None:
        raise ValueError("virtual time has no speed")

    def advance_to(self, when: datetime) -> None:
        if when < self._now:
            raise ValueError(f"time cannot go back from {self._now} to {when}")
        self._now = when


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a clock showed when the state was saved."""

    at: datetime  # sandbox time
    wall: datetime  # the machine's time then
    speed: float
    configured: float  # the speed that the control plane was started with

    def after(self, wall: datetime) -> datetime:
        """Sandbox time when the machine's is `wall`: it goes on at its speed while no control plane runs, as the instances do. Never
        before what the clock showed, even if the machine's clock was set back; and a clock that is not slower than the machine's does not
        show less than it (it stood still while the machine slept)."""
        at = self.at + max(wall - self.wall, timedelta(0)) * self.speed
        return max(at, wall) if self.speed >= 1 else at

    def speed_after(self, configured: float) -> float:
        """The speed that was in force goes on, unless the next control plane is started with another one than this was."""
        return self.speed if configured == self.configured else configured


def _checked(speed: float) -> float:
    if not 0 < speed <= 10_000:
        raise ValueError(f"speed {speed}: give a number above 0 and up to 10000")
    return speed
