"""Instant timing: time passes at once. After each API call, the clock jumps from due time to due time until nothing changes any more.

For unit tests of one's own code, and for `make conformance`: a group that was just created has its instances when CreateAutoScalingGroup
answers. What takes longer than SOON does not happen at once: metrics, alarms and cooldowns take their time, as with `timing` aws.
"""

from datetime import timedelta

from sandbox.core.clock import JumpingClock
from sandbox.core.journal import Journal
from sandbox.engine import Engine

SOON = timedelta(seconds=25)  # longer than the reaction times of Auto Scaling and the first health checks, shorter than a minute
AT_REST = 6  # jumps in a row after which nothing had changed: what is due then is only looked at again and again


class Instant:
    def __init__(self, engine: Engine, clock: JumpingClock, journal: Journal) -> None:
        self._engine, self._clock, self._journal = engine, clock, journal

    def settle(self) -> None:
        """Returns when everything that was due soon has happened."""
        due, end, quiet = self._engine.run_due(), self._clock.now() + SOON, 0
        while due <= end and quiet < AT_REST:
            newest = self._journal.newest
            self._clock.jump_to(due)
            due = self._engine.run_due()
            quiet = quiet + 1 if self._journal.newest == newest else 0

    def restart(self) -> None:
        """After a reset nothing is left that could see the clock go back to the machine's time."""
        self._clock.restart()
