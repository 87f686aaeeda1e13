"""A game day as /_sandbox tells it: while it is on, nothing of what is hidden."""

from sandbox.control.api import shapes
from sandbox.control.api.plain import moment
from sandbox.control.gameday.choice import possible
from sandbox.control.gameday.game import GameDay


def told(gameday: GameDay) -> shapes.GameDay:
    game = gameday.game
    over = game is not None and game.ended is not None
    return {
        "state": "over" if over else "on" if game else "none",
        "began": moment(game.began) if game else None,
        "kinds": list(possible(gameday.runtime)),
        "answers": [{"kind": each.kind, "target": each.target, "right": each.right} for each in game.answers] if game else [],
        "seed": game.seed if game and over else None,
        "points": gameday.points(game) if game and over else None,
        "harm": game.harm if game and over else None,
        "why": game.why if game and over else None,
        "was": _was(gameday) if over else None,
    }


def _was(gameday: GameDay) -> shapes.GameDayHidden | None:
    game = gameday.game
    if game is None or game.hidden is None or game.fault is None:
        return None
    return {"kind": game.hidden.kind, "target": game.hidden.target, "at": moment(game.fault.since)}
