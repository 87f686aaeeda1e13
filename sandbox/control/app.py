"""/_sandbox as HTTP and JSON. Each route returns a value of the ControlSurface; an error has a sentence and the next command to type.

The gateway passes paths that begin with /_sandbox to this WSGI application. It does not hold the lock, so a response may wait (long poll).
"""

import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from sandbox.control import endpoints, explain, faults
from sandbox.control.rates import WINDOW
from sandbox.control.surface import ControlSurface
from sandbox.core.errors import UserError

LONGEST_POLL = 30.0  # real seconds
MOST_EVENTS = 5000  # in one response

Answer = Callable[[], Any]


class RequestError(Exception):
    def __init__(self, status_code: int, sentence: str, next_command: str) -> None:
        super().__init__(sentence)
        self.status_code, self.sentence, self.next_command = status_code, sentence, next_command


def control_app(surface: ControlSurface) -> Flask:
    app = Flask("sandbox.control")
    routes: list[tuple[str, str, Answer]] = [
        ("GET", "health", lambda: health(surface)),
        ("GET", "endpoints", lambda: load_balancer_endpoints(surface)),
        ("GET", "events", lambda: events(surface)),
        ("GET", "explain", lambda: explanation(surface)),
        ("GET", "loops", lambda: {"loops": [loop(each) for each in surface.loops()]}),
        ("GET", "seams", lambda: {"seams": [seam(each) for each in surface.seams()]}),
        ("GET", "services", lambda: {"services": list(surface.services())}),
        ("GET", "clock", lambda: clock(surface)),
        ("PUT", "clock", lambda: change_clock(surface)),
        ("GET", "settings", lambda: {"settings": surface.settings.as_json()}),
        ("POST", "reset", lambda: reset(surface)),
        ("GET", "machines", lambda: machines(surface)),
        ("GET", "console", lambda: console(surface)),
        ("GET", "rates", lambda: rates(surface)),
        ("GET", "faults", lambda: {"faults": [faults.as_json(fault) for fault in surface.faults.active()]}),
        ("POST", "faults", lambda: announce_fault(surface)),
        ("POST", "faults/clear", lambda: clear_fault(surface)),
        ("GET", "mailbox", lambda: mailbox(surface)),
        ("GET", "access-log", lambda: {"lines": surface.access_log.lines(whole("newest", 1000, 1, 10_000))}),
    ]
    for method, name, answer in routes:
        app.add_url_rule(f"/_sandbox/{name}", f"{method} {name}", as_json(answer), methods=[method])
    app.register_error_handler(RequestError, lambda error: problem(error.status_code, error.sentence, error.next_command))
    app.register_error_handler(HTTPException, not_a_route)
    return app


def load_balancer_endpoints(surface: ControlSurface) -> dict[str, Any]:
    found, settings = surface.endpoints(), surface.settings
    front_port = settings.published_front_port or settings.front_port
    names_port = None if surface.runtime == "simulated" else settings.names_url_port
    return {"load_balancers": endpoints.by_load_balancer(found, front_port, names_port), "endpoints": [asdict(e) for e in found]}


def as_json(answer: Answer) -> Callable[[], Response | tuple[Response, int]]:
    def view() -> Response | tuple[Response, int]:
        given = answer()
        return (jsonify(given[0]), given[1]) if isinstance(given, tuple) else jsonify(given)

    return view


def problem(status_code: int, sentence: str, next_command: str) -> tuple[Response, int]:
    return jsonify({"error": sentence, "next": next_command}), status_code


def not_a_route(error: HTTPException) -> tuple[Response, int]:
    return problem(error.code or 500, f"{request.method} {request.path}: {error.name}.", "sandbox --help")


# ---- parameters ------------------------------------------------------------------------------------------------------------------------


def needed(name: str, example: str) -> str:
    value = request.args.get(name, "")
    if not value:
        raise RequestError(400, f"The parameter {name} is required.", example)
    return value


def whole(name: str, default: int, low: int, high: int) -> int:
    text = request.args.get(name, str(default))
    if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
        raise RequestError(400, f"Invalid {name}={text}: expected a whole number from {low} to {high}.", "sandbox --help")
    return int(text)


def event_id(name: str) -> str | None:
    text = request.args.get(name)
    if text is not None and not re.fullmatch(r"e\d+", text):
        raise RequestError(400, f"Invalid {name}={text}: expected the id of an event, such as e000012.", "sandbox events")
    return text


# ---- answers ---------------------------------------------------------------------------------------------------------------------------


def moment(value: datetime | None) -> str | None:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else None


def health(surface: ControlSurface) -> tuple[dict[str, Any], int]:
    """200 if every part is ok, else 503; the parts describe what is not."""
    parts = surface.health()
    ok = all(part.ok for part in parts)
    answer = {
        "status": "ok" if ok else "impaired",
        "parts": [asdict(part) for part in parts],
        "name": surface.settings.name,
        "runtime": surface.runtime,
        "speed": surface.clock.speed,
        "now": moment(surface.clock.now()),
    }
    return answer, 200 if ok else 503


def events(surface: ControlSurface) -> dict[str, Any]:
    """`after`: id of the last event that the caller has; `wait`: real seconds to wait for a new one; `newest`: the most to return."""
    after, wait = event_id("after"), whole("wait", 0, 0, int(LONGEST_POLL))
    newest = whole("newest", MOST_EVENTS, 1, MOST_EVENTS)
    with surface.journal.following(after, wait) as found:
        chosen = found[:newest] if after else found[-newest:]  # a follower must not miss an event
        return {"events": [event.as_json() for event in chosen], "last": chosen[-1].id if chosen else after}


def explanation(surface: ControlSurface) -> dict[str, Any]:
    asked = needed("resource", "sandbox explain i-0123456789abcdef0")
    known = surface.journal.events()
    names = explain.candidates(asked, known)
    if not names:
        raise RequestError(404, f"There is no event about {asked}.", "sandbox events")
    if len(names) > 1:
        raise RequestError(409, f"{asked} is ambiguous: it matches {', '.join(names[:10])}.", f"sandbox explain {names[0]}")
    lines = explain.story(names[0], known)
    shown = [{"depth": n.depth, "consequence": n.consequence, "about": n.about, "event": n.event.as_json()} for n in lines]
    return {"resource": names[0], "text": explain.as_text(names[0], lines), "story": shown}


def loop(each: Any) -> dict[str, Any]:
    return {
        "controller": each.controller,
        "key": each.key,
        "due": moment(each.due),
        "runs": each.runs,
        "failures": each.failures,
        "last_error": each.last_error,
        "last_run": moment(each.last_run),
    }


def seam(each: Any) -> dict[str, str]:
    return {"seam": each.seam, "where": each.where, "by": each.by, "why": each.why}


def clock(surface: ControlSurface) -> dict[str, Any]:
    return {"now": moment(surface.clock.now()), "speed": surface.clock.speed}


def change_clock(surface: ControlSurface) -> dict[str, Any]:
    asked = (request.get_json(silent=True) or {}).get("speed")
    if isinstance(asked, bool) or not isinstance(asked, int | float):
        raise RequestError(400, 'Invalid body: expected {"speed": <sandbox seconds per real second>}.', "sandbox clock 10")
    try:
        surface.set_speed(float(asked))
    except ValueError as error:
        raise RequestError(400, f"The speed was not changed: {error}.", "sandbox clock 10") from error
    return clock(surface)


def reset(surface: ControlSurface) -> dict[str, Any]:
    surface.reset()
    surface.access_log.clear()
    surface.rates.clear()
    return {"status": "ok"}


def announce_fault(surface: ControlSurface) -> dict[str, Any]:
    """Records a fault that the caller causes by other means; the sandbox does nothing else."""
    try:
        return faults.as_json(faults.announce(surface.faults, request.get_json(silent=True)))
    except ValueError as error:
        raise RequestError(400, str(error), _list_faults(surface)) from error


def clear_fault(surface: ControlSurface) -> dict[str, Any]:
    asked = (request.get_json(silent=True) or {}).get("id")
    if asked is None:
        return {"cleared": [faults.as_json(fault) for fault in surface.faults.clear_all()]}
    try:
        return {"cleared": [faults.as_json(surface.faults.clear(str(asked)))]}
    except UserError as error:
        raise RequestError(404, error.message, _list_faults(surface)) from error


def _list_faults(surface: ControlSurface) -> str:
    return f"curl -s {surface.settings.endpoint}/_sandbox/faults"


def rates(surface: ControlSurface) -> dict[str, Any]:
    """Rates of the last seconds: requests by target and by target group, CPU by instance (percent of its limit)."""
    return {
        "seconds": WINDOW,
        "targets": [asdict(rate) for rate in surface.rates.by_target()],
        "target_groups": [asdict(rate) for rate in surface.rates.by_target_group()],
        "cpu": dict(surface.cpu()),
    }


def mailbox(surface: ControlSurface) -> dict[str, Any]:
    """Emails and text messages that SNS sent, oldest first. `to`: only to this address or number; `newest`: the most to return."""
    found = list(surface.mailbox(request.args.get("to") or None))
    return {"messages": found[-whole("newest", 100, 1, 1000) :]}


def machines(surface: ControlSurface) -> dict[str, Any]:
    """The runtime's own snapshot, from which the EC2 instance states are derived."""
    found = [asdict(c) for _, c in sorted(surface.containers().items())]
    return {"runtime": surface.runtime, "machines": [{k: _plain(v) for k, v in each.items()} for each in found]}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    return value.value if isinstance(value, Enum) else value


def console(surface: ControlSurface) -> dict[str, Any]:
    instance_id = needed("instance_id", "sandbox logs i-0123456789abcdef0")
    try:
        output = surface.console(instance_id)
    except KeyError:
        raise RequestError(404, f"Instance {instance_id} has no machine.", "sandbox status") from None
    return {"instance_id": instance_id, "output": output.decode(errors="replace")}
