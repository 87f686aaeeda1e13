"""The sandbox's one clock. `now` of every decision comes from here; only the engine and the drivers turn a duration into waiting.

`WallClock` may run faster than real time (speed 10: a 300-second period lasts 30 real seconds). `VirtualClock` advances only by
`advance_to`, so that a test simulates a day in a fraction of a second.
"""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Returns sandbox time as aware UTC datetimes."""

    @property
    def speed(self) -> float:
        """Sandbox seconds per real second."""
        ...

    def now(self) -> datetime: ...

    def real(self, duration: timedelta) -> float:
        """Real seconds that `duration` of sandbox time takes."""
        ...

    def set_speed(self, speed: float) -> None:
        """Continues from the current time at another speed. Raises ValueError if the clock does not support that speed."""
        ...


class WallClock:
    """Starts at the machine's time (or at `start`) and runs `speed` times as fast. Thread-safe."""

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
        """Continues from the current time at another speed: time never jumps."""
        _checked(speed)
        with self._lock:
            moment = time.monotonic()
            self._anchor += timedelta(seconds=(moment - self._anchor_real) * self._speed)
            self._anchor_real, self._speed = moment, speed


class JumpingClock(WallClock):
    """A wall clock that can be moved on (instant timing)."""

    def jump_to(self, when: datetime) -> None:
        """Continues from `when`; does nothing if that is past."""
        with self._lock:
            real = time.monotonic()
            now = self._anchor + timedelta(seconds=(real - self._anchor_real) * self._speed)
            self._anchor, self._anchor_real = max(now, when), real

    def restart(self) -> None:
        """Continues from the machine's time. Only for a sandbox that was emptied: time may go back."""
        with self._lock:
            self._anchor, self._anchor_real = datetime.now(UTC), time.monotonic()


class VirtualClock:
    """Advances only by `advance_to`. Moving back raises ValueError: an event must not be before its cause."""

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
        """Sandbox time at the machine's time `wall`. Sandbox time continues at its speed while no control plane runs, as the instances do.
        The result is never before the saved time, even if the machine's clock was set back. At speed 1 or more it is never before the
        machine's time: the clock did not advance while the machine was suspended."""
        at = self.at + max(wall - self.wall, timedelta(0)) * self.speed
        return max(at, wall) if self.speed >= 1 else at

    def speed_after(self, configured: float) -> float:
        """The saved speed, unless the new control plane is started with another speed than the previous one was."""
        return self.speed if configured == self.configured else configured


def _checked(speed: float) -> float:
    if not 0 < speed <= 10_000:
        raise ValueError(f"invalid speed {speed}: expected a number above 0 and at most 10000")
    return speed
