"""Plays a game day: one at a time, in sandbox time. The fault ends with the game: with the right answer, when it is stopped, after an hour,
with a reset, and with `sandbox down`. A control plane that starts again has no game, and undoes its fault."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.control.gameday import choice, score
from sandbox.control.gameday.choice import Hidden
from sandbox.core.clock import Clock
from sandbox.core.errors import UserError
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.ports import FaultRequest, Inventory
from sandbox.faults.model import Fault
from sandbox.faults.registry import FaultRegistry

SOURCE = "sandbox.gameday"
STARTED, ENDED = "Game Day Started", "Game Day Ended"
LONGEST = timedelta(hours=1)
NEXT = "sandbox gameday start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    kind: str
    target: str
    right: bool


@dataclass(kw_only=True)
class Game:
    seed: int
    began: datetime
    event: str  # of its start
    hidden: Hidden | None = None  # None: nothing was broken yet
    fault: Fault | None = None
    answers: list[Given] = field(default_factory=list)
    ended: datetime | None = None
    harm: int = 0  # counted when it ends
    why: str = ""  # it ended


@dataclass(kw_only=True)
class GameDay:
    """Thread-safe."""

    clock: Clock
    journal: Journal
    faults: FaultRegistry
    inventory: Inventory
    inject: Callable[[FaultRequest], Fault]
    at: Callable[[datetime, Callable[[], None]], None]  # runs a callback at a time of the sandbox's clock
    runtime: str
    account: str  # whose instances and zones can break
    game: Game | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, seed: int | None) -> Game:
        """`seed`: None is a random one. Raises UserError if a game is on, or there is nothing to break."""
        with self._lock:
            if self.game is not None and self.game.ended is None:
                raise UserError("A game day is on.", "sandbox gameday status")
            if not self._offered():
                raise UserError("There is no running instance in an Auto Scaling group, so there is nothing to break.", "sandbox status")
            chosen = secrets.randbelow(2**31) if seed is None else seed
            summary = "a game day began: something will break. Find it, and name it with sandbox gameday answer"
            started = self.journal.record(Event(source=SOURCE, detail_type=STARTED, summary=summary))
            game = self.game = Game(seed=chosen, began=self.clock.now(), event=started.id)
        self.at(game.began + timedelta(seconds=choice.delay(chosen)), lambda: self._break(game))
        self.at(game.began + LONGEST, lambda: self._end(game, "an hour has passed"))
        return game

    def answer(self, kind: str, target: str) -> Given:
        """Raises UserError if no game is on, or the kind is none of those that a game day hides."""
        with self._lock:
            game = self._on()
            if kind not in choice.possible(self.runtime):
                raise UserError(
                    f"A game day hides no {kind!r}. It is one of {', '.join(choice.possible(self.runtime))}.", "sandbox gameday status"
                )
            zone = self.inventory.zone(target)
            names = {target, zone.name if zone else target}
            right = game.hidden is not None and game.hidden.kind == kind and game.hidden.target in names
            given = Given(kind=kind, target=target, right=right)
            game.answers.append(given)
        if right:
            self._end(game, "it was found")
        return given

    def stop(self) -> Game:
        """Raises UserError if no game is on."""
        with self._lock:
            game = self._on()
        self._end(game, "it was stopped")
        return game

    def forget(self) -> None:
        """The state is reset."""
        with self._lock:
            game, self.game = self.game, None
        if game is not None:
            self._end(game, "the sandbox was reset")

    def points(self, game: Game) -> int:
        found = game.fault is not None and game.ended is not None and any(each.right for each in game.answers)
        gained = score.found_after(game.ended - game.fault.since) if found and game.fault and game.ended else 0
        return gained + score.WRONG * sum(not each.right for each in game.answers) + score.HARM * game.harm

    def _on(self) -> Game:
        if self.game is None or self.game.ended is not None:
            raise UserError("No game day is on.", NEXT)
        return self.game

    def _offered(self) -> list[Hidden]:
        own = [each for each in self.inventory.instances() if each.scope.account == self.account]
        return list(choice.candidates(own, choice.possible(self.runtime)))

    def _hit(self, game: Game) -> set[str]:
        """The instances that the fault touched."""
        if game.fault is None or game.hidden is None:
            return set()
        return {*game.fault.instances, *(each.instance_id for each in self.inventory.instances() if each.zone == game.hidden.target)}

    def _break(self, game: Game) -> None:
        if game.ended is not None or not (offered := self._offered()):
            return
        hidden = choice.chosen(game.seed, offered)
        request = FaultRequest(
            kind=hidden.kind,
            targets=(hidden.target,),
            parameters=hidden.parameters,
            cause=game.event,
            account=self.account,
            hidden=True,
        )
        try:
            fault = self.inject(request)
        except UserError as error:
            self._end(game, f"nothing could be broken: {error.message}")
            return
        with self._lock:
            over = game.ended is not None
            if not over:
                game.hidden, game.fault = hidden, fault
        if over:  # it was stopped meanwhile
            self.faults.clear(fault.id)

    def _end(self, game: Game, why: str) -> None:
        with self._lock:
            if game.ended is not None:
                return
            game.ended, game.why = self.clock.now(), why
            game.harm = score.needless(self.journal.events(game.event), self._hit(game))
        if game.fault is not None and self.faults.get(game.fault.id) is not None:
            self.faults.clear(game.fault.id)
        was = f"it was {game.hidden.kind} on {game.hidden.target}" if game.hidden else "nothing was broken"
        detail = {"kind": game.hidden.kind, "target": game.hidden.target, "points": self.points(game)} if game.hidden else {}
        summary = f"the game day is over ({why}): {was}"
        resources = (game.hidden.target,) if game.hidden else ()
        self.journal.record(Event(source=SOURCE, detail_type=ENDED, summary=summary, resources=resources, detail=detail, cause=game.event))
