"""What POST and PUT routes of /_sandbox do. Bad input raises RequestError and changes nothing. A docstring is the route's description."""

from sandbox.control import faults, forwards, lessons, scenarios, shells
from sandbox.control.api import answers, game_days, requested, shapes
from sandbox.control.api.requested import RequestError
from sandbox.control.surface import ControlSurface
from sandbox.core.errors import UserError
from sandbox.faults.registry import Conflict

LONGEST_NAME = 200


def change_clock(surface: ControlSurface) -> shapes.Clock:
    """Sets the speed of the clock."""
    asked = requested.body().get("speed")
    if isinstance(asked, bool) or not isinstance(asked, int | float):
        raise RequestError(400, 'Invalid body: expected {"speed": <sandbox seconds per real second>}.', "sandbox clock 10")
    try:
        surface.set_speed(float(asked))
    except ValueError as error:
        raise RequestError(400, f"The speed was not changed: {error}.", "sandbox clock 10") from error
    return answers.clock(surface)


def reset(surface: ControlSurface) -> shapes.Done:
    """Removes all AWS resources, instances included, and all faults."""
    try:
        surface.reset()
    except UserError as error:
        raise RequestError(409, error.message, error.next_command or "sandbox down") from error
    surface.gameday.forget()
    surface.access_log.clear()
    surface.rates.clear()
    return {"status": "ok"}


def inject_fault(surface: ControlSurface) -> tuple[shapes.ActiveFault, int]:
    """Breaks something, or (without a kind) records a fault that the caller causes by other means."""
    try:
        return faults.as_json(surface.inject(faults.request(requested.body()))), 201
    except UserError as error:
        status_code = 409 if isinstance(error, Conflict) else 400
        raise RequestError(status_code, error.message, error.next_command or "sandbox fault kinds") from error


def clear_fault(surface: ControlSurface) -> shapes.ClearedFaults:
    """Ends one fault, or all; an empty body means all."""
    body = requested.body()
    asked = body.get("id")
    if asked is None and body.get("all", True) is True:
        return {"cleared": [faults.as_json(fault) for fault in surface.faults.clear_all()]}
    try:
        return {"cleared": [faults.as_json(surface.faults.clear(str(asked)))]}
    except UserError as error:
        raise RequestError(404, error.message, "sandbox fault list") from error


def progress(surface: ControlSurface) -> tuple[shapes.JournalEvent, int]:
    """A run of a scenario tells of itself, as an event."""
    try:
        return answers.event_shape(surface.journal.record(scenarios.event(requested.body()))), 201
    except UserError as error:
        raise RequestError(400, error.message, error.next_command or "sandbox scenario list") from error


def start_game_day(surface: ControlSurface) -> shapes.GameDay:
    """Begins a game day: a hidden fault after a random delay."""
    seed = requested.body().get("seed")
    if seed is not None and (type(seed) is not int or not 0 <= seed < 2**31):
        raise RequestError(400, 'Invalid body: expected {"seed": <whole number>}, or none.', "sandbox gameday start")
    try:
        surface.gameday.start(seed)
    except UserError as error:
        raise RequestError(409, error.message, error.next_command or "sandbox gameday status") from error
    return game_days.told(surface.gameday)


def answer_game_day(surface: ControlSurface) -> shapes.GameDay:
    """Names the hidden fault. The right answer ends the game day."""
    kind, target = (requested.body().get(name) for name in ("kind", "target"))
    if not isinstance(kind, str) or not isinstance(target, str) or not kind or not 0 < len(target) <= LONGEST_NAME:
        raise RequestError(400, 'Invalid body: expected {"kind": "latency", "target": "i-…"}.', "sandbox gameday status")
    try:
        surface.gameday.answer(kind, target)
    except UserError as error:
        raise RequestError(409, error.message, error.next_command or "sandbox gameday status") from error
    return game_days.told(surface.gameday)


def stop_game_day(surface: ControlSurface) -> shapes.GameDay:
    """Ends the game day, undoes its fault, and tells what it was."""
    try:
        surface.gameday.stop()
    except UserError as error:
        raise RequestError(409, error.message, error.next_command or "sandbox gameday status") from error
    return game_days.told(surface.gameday)


def lesson(surface: ControlSurface) -> shapes.LessonProgress:
    """Remembers how far a learner is in a lesson."""
    try:
        return lessons.write(surface.learner_dir, requested.body())
    except UserError as error:
        raise RequestError(400, error.message, error.next_command or "sandbox learn list") from error


def open_shell(surface: ControlSurface) -> tuple[shapes.Shell, int]:
    """How to get into a running instance, and an event that says that somebody did."""
    body = requested.body()
    instance, command = body.get("instance"), body.get("command", [])
    if not isinstance(instance, str) or not instance or not isinstance(command, list) or not all(isinstance(each, str) for each in command):
        raise RequestError(400, 'Invalid body: expected {"instance": "i-…", "command": ["uptime"]}.', "sandbox ssh i-0123456789abcdef0")
    try:
        return shells.opened(surface, instance, command), 201
    except UserError as error:
        raise RequestError(409, error.message, error.next_command or "sandbox status") from error


def open_forward(surface: ControlSurface) -> tuple[shapes.Forward, int]:
    """How to get to a port of a running instance, and an event that says that somebody did."""
    body = requested.body()
    instance, port = body.get("instance"), body.get("port")
    if not isinstance(instance, str) or not instance or not isinstance(port, int) or not 1 <= port <= 65_535:
        raise RequestError(400, 'Invalid body: expected {"instance": "i-…", "port": 80}.', "sandbox forward i-0123456789abcdef0 8000:80")
    try:
        return forwards.opened(surface, instance, port), 201
    except UserError as error:
        raise RequestError(409, error.message, error.next_command or "sandbox status") from error
