"""What we store for a FIFO topic: the next sequence number, and the messages of the last five minutes, to recognize duplicates (SNS-45)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.core.persisted import persisted

DEDUPLICATION_TIME = timedelta(minutes=5)
FIRST_NUMBER = 10**19  # 20 digits


@persisted("sns.Accepted")
@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A published message."""

    message_id: str
    sequence_number: str
    until: datetime  # an equal message is a duplicate before this time


@persisted("sns.FifoTopic")
@dataclass
class FifoTopic:
    """Stored on the backend by topic ARN."""

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
