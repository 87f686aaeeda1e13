"""A seam of SQS, here because it is about the lock and the clock: a long poll waits without holding the sandbox's lock, in sandbox time.

moto looks at the queue each second until its time is over: under our lock that would stop everything, and where the clock stands still
(virtual time) it would never end. Ours waits on a condition of the lock, which lets go of it, until a message comes or becomes visible.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.sqs.models import SQSBackend

from sandbox.aws.context import LOCK, context
from sandbox.aws.seams import replaces, swap_backend
from sandbox.core.persisted import persisted

_changed = threading.Condition(LOCK)


@persisted("sqs.Backend")
@swap_backend("sqs")
class SandboxSQS(SQSBackend):
    @replaces(why="a long poll must not hold the lock, and ends at once where the clock stands still")
    def receive_message(self, queue_name: str, count: int, wait_seconds_timeout: int, *rest: Any, **named: Any) -> Any:
        clock = context().clock
        end = clock.now() + timedelta(seconds=int(wait_seconds_timeout or 0))
        with _changed:
            while True:
                messages = super().receive_message(queue_name, count, 0, *rest, **named)
                left = min(end, self._next_visible(queue_name, end)) - clock.now()
                seconds = clock.real(left)  # 0 in virtual time
                if messages or clock.now() >= end or seconds <= 0:
                    return messages
                _changed.wait(seconds)

    @replaces(why="wakes the long polls; SNS sends from outside the lock")
    def send_message(self, *args: Any, **kwargs: Any) -> Any:
        with _changed:
            sent = super().send_message(*args, **kwargs)
            _changed.notify_all()
            return sent

    @replaces(why="wakes the long polls: a message may be visible again at once")
    def change_message_visibility(self, *args: Any, **kwargs: Any) -> None:
        with _changed:
            super().change_message_visibility(*args, **kwargs)
            _changed.notify_all()

    def _next_visible(self, queue_name: str, end: datetime) -> datetime:
        """When the next hidden message shows itself, at the latest `end`."""
        now = context().clock.now()
        moments = [max(m.visible_at, m.delayed_until) / 1000 for m in self.get_queue(queue_name)._messages]
        due = [at for at in (datetime.fromtimestamp(moment, UTC) for moment in moments) if at > now]
        return min([end, *(at + timedelta(milliseconds=1) for at in due)])  # moto shows a message after that moment, not at it
