"""The messages that a FIFO topic or FIFO queue accepted in the last five minutes, by which it recognizes duplicates, and their numbers.

SNS and SQS keep one log for each FIFO topic and queue on moto's backend (SNS-45, SQS-3).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.core.persisted import persisted

DEDUPLICATION_TIME = timedelta(minutes=5)
FIRST_NUMBER = 10**19  # 20 digits


@persisted("aws.Accepted")
@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message that was accepted."""

    message_id: str
    sequence_number: str
    until: datetime  # an equal message is a duplicate before this time


@persisted("aws.DeduplicationLog")
@dataclass
class DeduplicationLog:
    next_number: int = FIRST_NUMBER
    accepted: dict[str, Accepted] = field(default_factory=dict)  # by deduplication key, oldest first

    def find(self, key: str, now: datetime) -> Accepted | None:
        """The message of which one with this key is a duplicate."""
        for expired in list(self._expired(now)):
            del self.accepted[expired]
        return self.accepted.get(key)

    def accept(self, key: str, message_id: str, now: datetime) -> Accepted:
        made = Accepted(message_id=message_id, sequence_number=str(self.next_number), until=now + DEDUPLICATION_TIME)
        self.next_number += 1
        self.accepted[key] = made
        return made

    def _expired(self, now: datetime) -> Iterator[str]:
        for key, each in self.accepted.items():
            if each.until > now:
                return
            yield key
