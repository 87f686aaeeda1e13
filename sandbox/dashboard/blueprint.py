"""Routes of the page, below /_sandbox/ui: HTML for people, the same as JSON, the stream of changes, and what a person can do.

Faults and the clock's speed are changed through the routes of control/api/, which the page's script calls as any client does.
"""

import threading
from collections.abc import Callable
from functools import cache, partial, wraps
from typing import Any

from botocore.exceptions import ClientError
from flask import Blueprint, Response, request
from jinja2 import Environment, PackageLoader, StrictUndefined
from werkzeug.exceptions import HTTPException

from sandbox.aws.http.wsgi import STREAM
from sandbox.control.surface import ControlSurface
from sandbox.core.errors import UserError
from sandbox.core.events import Event
from sandbox.dashboard import answers, fault_form, guard, history, plot, styles
from sandbox.dashboard.actions import Actions
from sandbox.dashboard.live.publisher import Publisher
from sandbox.dashboard.live.read import Reader
from sandbox.dashboard.live.render import Renderer
from sandbox.dashboard.load import PageLoad, live
from sandbox.dashboard.runs import Runs
from sandbox.dashboard.shown import commands, numbers, words

ROOT = "/_sandbox/ui"
NAME = "page"
"""Of the blueprint."""


class Dashboard:
    """The parts of the page, connected."""

    def __init__(self, surface: ControlSurface, account: str | None = None) -> None:
        """`account`: the page of this AWS account, whose `surface` it is; None: of the sandbox's own, with the events of all."""
        self.surface, self.account, self.environment = surface, account, environment()
        self.load, self.runs = PageLoad(surface.journal, live(surface.clock)), Runs(surface.settings)
        self.reader, self.renderer = Reader(surface, self.load, self.runs), Renderer(self.environment)
        self.publisher = Publisher(self.reader.look, surface.journal, self.renderer, self.row, _in_a_thread)
        self.actions = Actions(surface, self.load, self.runs, account)

    def row(self, event: Event) -> str:
        return self.environment.get_template("event_row.html").render(event=event)


class Dashboards:
    """The page, and that of each account for which one was asked."""

    def __init__(self, surface: ControlSurface) -> None:
        self._surface, self.own = surface, Dashboard(surface)
        self._of = cache(lambda account: Dashboard(surface.of(account), account))

    def asked(self) -> Dashboard:
        """That of the request. Raises UserError."""
        account = request.args.get("account")
        found: Dashboard = self.own if account is None else self._of(account)
        return found

    def answer(self, view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def answered(**in_path: str) -> Response:
            return view(self.asked(), **in_path)

        return answered

    def act(self, path: str, own: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """`own`: what the page without an account does."""

        @wraps(own)
        def acted(body: Any) -> Any:
            return dict(self.asked().actions.by_path())[path](body)

        return acted


def environment() -> Environment:
    """Escapes everything: names and tags are whatever a user chose."""
    loader = PackageLoader("sandbox.dashboard", "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals |= {"plot": plot, "commands": commands, "words": words, "numbers": numbers, "ui": ROOT, "sheet": styles.SHEET}
    made.filters |= {"tone": words.tone, "sign": words.sign, "clock": lambda moment: f"{moment:%H:%M:%S}", "iso": _iso}
    return made


def blueprint(surface: ControlSurface) -> Blueprint:
    made = Blueprint(NAME, __name__, static_folder="static", static_url_path=f"{ROOT}/static")
    dashboards = Dashboards(surface)
    for path, view in (
        ("", page),
        ("/stream", stream),
        ("/events", events),
        ("/events/<event_id>", event_story),
        ("/at/<event_id>", past),
        ("/resources/<path:name>", resource_story),
        ("/fault", fault),
        ("/scenario", scenario),
        ("/runs/<run_id>/report", report),
        ("/runs/<run_id>/output", output),
    ):
        answer = dashboards.answer(view)
        made.add_url_rule(ROOT + path, f"GET {path}", answer, methods=["GET"])
        if view not in (stream, report, output):
            made.add_url_rule(f"{ROOT}{path}.json", f"GET {path} as JSON", answer, methods=["GET"])
    for path, act in dashboards.own.actions.by_path():
        made.add_url_rule(ROOT + path, f"POST {path}", _doing(dashboards.act(path, act)), methods=["POST"])
    made.before_request(partial(_refuse, surface))
    made.after_request(guard.protected)
    made.register_error_handler(UserError, _user_error)
    made.register_error_handler(ClientError, _aws_error)
    made.register_error_handler(HTTPException, _http_error)
    return made


# ---- pages -----------------------------------------------------------------------------------------------------------------------------


def page(dashboard: Dashboard) -> Response:
    """The live page: everything that it shows, now."""
    last = dashboard.surface.journal.newest  # before the state, which is at least as new
    look = dashboard.reader.look()
    if answers.wants_json():
        return answers.as_json({"last_event": last, "look": look, "numbers": dict(numbers.numbers(look))})
    rendered = dashboard.renderer.render(look)
    shown = history.page(dashboard.surface.journal, last or None, history.FIRST)
    return _html(dashboard, "page.html", look=look, rendered=rendered, history=shown, last=last, account=dashboard.account, past=None)


def past(dashboard: Dashboard, event_id: str) -> Response:
    """The page as of an event. With the header `X-Fragment`, what differs from the page of now."""
    event_id = event_id.removesuffix(".json")
    found = dashboard.reader.past(event_id)
    if found is None:
        return answers.problem(f"The journal does not have the event {event_id}.", "sandbox events", 404)
    if answers.wants_json():
        about = {"event": found.at.as_json(), "unknown": found.unknown, "earlier": found.earlier, "later": found.later}
        return answers.as_json({**about, "look": found.look})
    rendered = Renderer(dashboard.environment).render(found.look)  # one of its own: what it keeps is not of now
    shown = history.page(dashboard.surface.journal, event_id, history.FIRST)
    template = "past.html" if "X-Fragment" in request.headers else "page.html"
    return _html(
        dashboard, template, look=found.look, rendered=rendered, history=shown, last=event_id, account=dashboard.account, past=found
    )


def stream(dashboard: Dashboard) -> Response:
    """Server-sent events. `after`, or the header Last-Event-ID of a page that connects again: the last event that it has."""
    after = request.headers.get("Last-Event-ID") or request.args.get("after") or None
    hand_over = request.environ.get(STREAM)
    if hand_over is None:
        return answers.problem("This server has no streams.", "sandbox up", 501)
    known = after if after and history.EVENT_ID.fullmatch(after) else None
    hand_over(partial(dashboard.publisher.subscribe, known))
    return Response(b"", mimetype="text/event-stream", headers={"Cache-Control": "no-store"})


def events(dashboard: Dashboard) -> Response:
    """`until`: the newest event to show."""
    until = request.args.get("until") or None
    if until is not None and not history.EVENT_ID.fullmatch(until):
        return answers.problem(f"Invalid until={until}: expected the id of an event, such as e000012.", "sandbox events", 400)
    found = history.page(dashboard.surface.journal, until)
    if answers.wants_json():
        return answers.as_json({"events": [event.as_json() for event in found.events], "older": found.older})
    return _html(dashboard, "events.html", history=found)


def event_story(dashboard: Dashboard, event_id: str) -> Response:
    """What led to an event, and what followed from it."""
    event_id = event_id.removesuffix(".json")
    return _story(dashboard, history.of_event(dashboard.surface.journal, event_id), event_id)


def resource_story(dashboard: Dashboard, name: str) -> Response:
    """As `sandbox explain`."""
    name = name.removesuffix(".json")
    return _story(dashboard, history.of_resource(dashboard.surface.journal, name), name)


def fault(dashboard: Dashboard) -> Response:
    """The form that injects a fault, for the fields in the query."""
    made = fault_form.form(dashboard.surface, request.args)
    return answers.as_json(made) if answers.wants_json() else _html(dashboard, "fault_form.html", form=made)


def scenario(dashboard: Dashboard) -> Response:
    """The form that starts a scenario."""
    offered = dashboard.runs.offered()
    return answers.as_json(offered) if answers.wants_json() else _html(dashboard, "scenario_form.html", offered=offered)


def report(dashboard: Dashboard, run_id: str) -> Response:
    """A report is one file of ours with its own styles, and without scripts."""
    file = dashboard.runs.report(run_id)
    if file is None:
        return answers.problem(f"There is no report of {run_id}.", "sandbox scenario list", 404)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
    return Response(file.read_bytes(), mimetype="text/html", headers={"Content-Security-Policy": policy})


def output(dashboard: Dashboard, run_id: str) -> Response:
    """What a run of a scenario printed."""
    return Response(dashboard.runs.output(run_id), mimetype="text/plain")


def _story(dashboard: Dashboard, found: history.Story | None, what: str) -> Response:
    if found is None:
        return answers.problem(f"There is no event about {what}.", "sandbox events", 404)
    return answers.as_json(found.as_json()) if answers.wants_json() else _html(dashboard, "story.html", story=found)


def _html(dashboard: Dashboard, template: str, **values: Any) -> Response:
    """With the header `X-Fragment`, only the content: the page's script puts it in a panel."""
    fragment = "X-Fragment" in request.headers
    text = dashboard.environment.get_template(template).render(fragment=fragment, **values)
    return Response(text, mimetype="text/html", headers={"Cache-Control": "no-store"})


# ---- requests --------------------------------------------------------------------------------------------------------------------------


def _refuse(surface: ControlSurface) -> Response | None:
    refused = guard.refusal(request, surface.in_a_vpc)
    return answers.problem(refused, None, 403) if refused else None


def _doing(act: Callable[[Any], Any]) -> Callable[..., Response]:
    def view(**in_path: str) -> Response:
        body = request.get_json(silent=True)
        return answers.as_json(act({**(body if isinstance(body, dict) else {}), **in_path}))

    view.__doc__ = act.__doc__  # for the OpenAPI document
    return view


def _user_error(error: UserError) -> Response:
    return answers.problem(error.message, error.next_command, 400)


def _aws_error(error: ClientError) -> Response:
    told = error.response["Error"]
    return answers.problem(f"{error.operation_name}: {told.get('Code')}: {told.get('Message')}", "sandbox events", 400)


def _http_error(error: HTTPException) -> Response:
    return answers.problem(f"{request.method} {request.path}: {error.name}.", "sandbox open", error.code or 500)


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="page", daemon=True).start()


def _iso(moment: Any) -> str:
    return str(moment.isoformat(timespec="milliseconds"))
