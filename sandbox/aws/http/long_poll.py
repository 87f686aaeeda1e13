"""An SQS seam: a long poll waits without holding the sandbox's lock, in sandbox time.

moto checks the queue each second until the wait time is over. Under our lock that would block all other calls, and in virtual time, where
the clock does not advance, it would never end. Ours waits, without the lock, until a message arrives or becomes visible.

A change of a queue wakes one of its polls, and a poll that returns wakes the next one, so that a hundred consumers of a queue do not all
check for the same message.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

from moto.sqs.models import SQSBackend

from sandbox.aws.context import LOCK, context
from sandbox.aws.seams import replaces
from sandbox.core import caller
from sandbox.core.waiting import Waiters

Name = tuple[str, str, str]
"""A queue's account, Region and name."""

_polls: WeakValueDictionary[Name, Waiters] = WeakValueDictionary()
"""The waiting polls of each queue. An entry disappears with the last of its polls."""


class LongPoll(SQSBackend):
    """The part of SQS's backend that waits; services/sqs has the rest."""

    @replaces(why="a long poll must not hold the lock; it ends at once in virtual time, or if its caller has hung up")
    def receive_message(self, queue_name: str, count: int, wait_seconds_timeout: int, *rest: Any, **named: Any) -> Any:
        clock, asking, looked = context().clock, caller.current(), False
        end = clock.now() + timedelta(seconds=int(wait_seconds_timeout or 0))
        with LOCK:
            try:
                while True:
                    messages = super().receive_message(queue_name, count, 0, *rest, **named)
                    if messages or clock.now() >= end or not asking.patient:
                        return messages
                    look_again = end if self._watched(queue_name) and not looked else self._next_visible(queue_name, end)
                    seconds = clock.real(look_again - clock.now())
                    if seconds <= 0:  # virtual time
                        return messages
                    _polls.setdefault(self._name(queue_name), Waiters(LOCK)).wait(seconds)
                    looked = True
                    if asking.hung_up:
                        return []  # without receiving a message that nobody would read
            finally:
                self._look(queue_name)

    @replaces(why="wakes a long poll; SNS sends from outside the lock")
    def send_message(self, queue_name: str, *args: Any, **kwargs: Any) -> Any:
        with LOCK:
            sent = super().send_message(queue_name, *args, **kwargs)
            self._look(queue_name)
            return sent

    @replaces(why="wakes a long poll: a message may be visible again at once")
    def change_message_visibility(self, queue_name: str, *args: Any, **kwargs: Any) -> None:
        with LOCK:
            super().change_message_visibility(queue_name, *args, **kwargs)
            self._look(queue_name)

    @replaces(why="wakes a long poll: the next message of the same message group may be received now")
    def delete_message(self, queue_name: str, *args: Any, **kwargs: Any) -> None:
        with LOCK:
            super().delete_message(queue_name, *args, **kwargs)
            self._look(queue_name)

    def _watched(self, queue_name: str) -> bool:
        """Whether another poll already waits, which checks again when the next hidden message becomes visible."""
        return self._name(queue_name) in _polls

    def _look(self, queue_name: str) -> None:
        """Makes one poll of the queue, and one of its dead-letter queue, check again."""
        for name in (queue_name, self._dead_letters(queue_name)):
            if name and (polls := _polls.get(self._name(name))):
                polls.wake_one()

    def _name(self, queue_name: str) -> Name:
        return self.account_id, self.region_name, queue_name

    def _dead_letters(self, queue_name: str) -> str | None:
        queue = self.queues.get(queue_name)
        return queue.dead_letter_queue.name if queue and queue.dead_letter_queue else None

    def _next_visible(self, queue_name: str, end: datetime) -> datetime:
        """When the next hidden message becomes visible, at most `end`."""
        now = context().clock.now()
        moments = [max(m.visible_at, m.delayed_until) / 1000 for m in self.get_queue(queue_name)._messages]
        due = [at for at in (datetime.fromtimestamp(moment, UTC) for moment in moments) if at > now]
        return min([end, *(at + timedelta(milliseconds=1) for at in due)])  # moto shows a message after that moment, not at it
