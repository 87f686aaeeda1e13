"""An asyncio loop whose timers are due to the tenth of a millisecond, so that a request is sent when it is planned.

asyncio's own selector on Linux rounds waits up to whole milliseconds, which would add up to a millisecond to each latency.
"""

import asyncio
import select
import selectors
import sys

Ready = list[tuple[selectors.SelectorKey, int]]


def new_loop() -> asyncio.AbstractEventLoop:
    """On other systems than Linux, asyncio's own selector is precise enough (kqueue)."""
    return asyncio.SelectorEventLoop(PreciseSelector() if sys.platform == "linux" else None)


if sys.platform == "linux":

    class PreciseSelector(selectors.EpollSelector):
        """Waits with `select` for its own epoll descriptor: that wait is in microseconds."""

        def select(self, timeout: float | None = None) -> Ready:
            if timeout is not None and timeout > 0:
                select.select([self.fileno()], [], [], timeout)
                timeout = 0
            return super().select(timeout)
