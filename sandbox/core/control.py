"""The controller loop: observe (a frozen snapshot) → decide (pure) → act. Only the engine calls `reconcile`.

`Shell` is the base of all controllers: it keeps each key's memory, records the decision's events and runs its actions in order.
An action's cause is its own event, else the newest of the decision's events, else the event that the decision names (`because`).
Subclasses implement observe and act; the decision itself is in the service's decide/.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from sandbox.core.events import Event
from sandbox.core.journal import Journal

M = TypeVar("M")
O = TypeVar("O")  # noqa: E741 - Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Base of the frozen dataclasses that a decision holds: `LaunchInstances(count=1, zone=...)`."""

    event: Event | None = None  # recorded before the action, as its cause
    because: str | None = None  # id of the causing event, if neither the action nor the decision has an event


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Generic[M]):
    memory: M  # replaces the memory given to decide(); never mutated
    actions: tuple[Action, ...] = ()  # run in order
    events: tuple[Event, ...] = ()  # recorded before the actions, as their cause
    look_again: timedelta | None = None  # None: only when woken, or at the resync


class Controller(Protocol):
    """A key identifies one resource that the controller manages: `<account>/<region>/<id or name>`."""

    name: str

    def keys(self) -> Iterable[str]: ...

    def has(self, key: str) -> bool:
        """Whether the key is one of `keys()`."""
        ...

    def reconcile(self, key: str, now: datetime) -> timedelta | None:
        """Moves one resource one step towards its desired state. Correct after a restart, after a missed wake-up, and twice in a row.

        → when to look again."""
        ...


class Shell(ABC, Generic[O, M]):
    """Observe, decide, act."""

    name: str

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._memory: dict[str, M] = {}

    @abstractmethod
    def keys(self) -> Iterable[str]: ...

    def has(self, key: str) -> bool:
        """A controller with many keys answers without listing them."""
        return key in set(self.keys())

    @abstractmethod
    def observe(self, key: str, now: datetime) -> O | None:
        """The observed state of the key, or None if it no longer exists (its memory is then dropped)."""

    @abstractmethod
    def decide(self, observed: O, memory: M | None, now: datetime) -> Decision[M]:
        """Calls the service's pure decide(). Memory is None when the key is new."""

    @abstractmethod
    def act(self, key: str, action: Action, now: datetime) -> None:
        """One `match` over the service's actions; each case makes one driver or API call."""

    def reconcile(self, key: str, now: datetime) -> timedelta | None:
        observed = self.observe(key, now)
        if observed is None:
            self._memory.pop(key, None)
            return None
        decision = self.decide(observed, self._memory.get(key), now)
        cause = None
        for event in decision.events:
            cause = self.journal.record(event).id
        for action in decision.actions:
            with self.journal.because(self._cause_of(action, cause)):
                self.act(key, action, now)
        self._memory[key] = decision.memory  # only if all actions succeeded: a failed action is decided again
        return decision.look_again

    def _cause_of(self, action: Action, cause: str | None) -> str | None:
        """`cause`: the newest of the decision's events. The one place where an action gets its cause."""
        if action.event is not None:
            return self.journal.record(action.event).id
        return cause or action.because or self.journal.current_cause


@dataclass(frozen=True, slots=True)
class Scope:
    """An account and Region. Every backend of moto belongs to one."""

    account: str
    region: str

    def key(self, name: str) -> str:
        return f"{self.account}/{self.region}/{name}"

    @staticmethod
    def split(key: str) -> "tuple[Scope, str]":
        account, region, name = key.split("/", 2)
        return Scope(account, region), name
