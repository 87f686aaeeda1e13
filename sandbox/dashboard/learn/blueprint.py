"""Routes of the Learn tab, below /_sandbox/ui/learn: the list, a lesson, and the same as JSON. Guarded as the page itself."""

import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from flask import Blueprint, Response, request

from sandbox.client import Client
from sandbox.control.surface import ControlSurface
from sandbox.core.errors import UserError
from sandbox.dashboard import answers, guard
from sandbox.dashboard.blueprint import ROOT, environment
from sandbox.dashboard.learn.answers import Answers, command
from sandbox.dashboard.learn.looks import Looks
from sandbox.dashboard.learn.shown import ShownLesson, body, own, rows, shown
from sandbox.learn.lesson import Lesson
from sandbox.learn.library import lessons

HERE = f"{ROOT}/learn"


class LearnTab:
    def __init__(self, looks: Looks, given: Answers) -> None:
        self.looks, self.given = looks, given
        self.environment = environment()
        self.lessons = {each.name: each for each in lessons()}

    def find(self, name: str) -> Lesson:
        if name not in self.lessons:
            raise UserError(f"There is no lesson {name!r}.", "sandbox learn list")
        return self.lessons[name]

    def shown(self, lesson: Lesson) -> ShownLesson:
        return shown(lesson, self.looks.seen(lesson), self.given.of(lesson))


def blueprint(surface: ControlSurface) -> Blueprint:
    settings = surface.settings

    def tab(account: str | None = None) -> LearnTab:
        if account is not None:
            surface.of(account)  # UserError
        looks = Looks(lambda: Client(f"http://127.0.0.1:{settings.port}", settings.region, account=account))
        return LearnTab(looks, Answers(command, _in_a_thread))

    return routes(tab(), surface.in_a_vpc, cache(tab))


def routes(own: LearnTab, in_a_vpc: Callable[[str], bool], of: Callable[[str], LearnTab] | None = None) -> Blueprint:
    """`of`: the tab of an AWS account that a request names; None: there is `own` alone."""
    made = Blueprint("learn", __name__)

    def seen(view: Callable[..., Response], own: LearnTab) -> Callable[..., Response]:
        @wraps(view)
        def answered(**in_path: str) -> Response:
            account = request.args.get("account")
            return view(own if account is None or of is None else of(account), **in_path)

        return answered

    for path, view in (("", listed), ("/<name>", lesson)):
        made.add_url_rule(HERE + path, f"GET {path}", seen(view, own), methods=["GET"])
        made.add_url_rule(f"{HERE}{path}.json", f"GET {path} as JSON", seen(view, own), methods=["GET"])
    made.add_url_rule(f"{HERE}/<name>/start", "POST start", seen(start, own), methods=["POST"])
    made.add_url_rule(f"{HERE}/<name>/answer", "POST answer", seen(answer, own), methods=["POST"])
    made.before_request(lambda: _refused(in_a_vpc))
    made.after_request(guard.protected)
    made.register_error_handler(UserError, lambda error: answers.problem(error.message, error.next_command, 400))
    return made


def listed(tab: LearnTab) -> Response:
    """All lessons, and how far one is; of those in files, what is kept of them."""
    known = tab.looks.progress()
    found, of_files = list(rows(tuple(tab.lessons.values()), known)), list(own(tab.lessons, known))
    if answers.wants_json():
        return answers.as_json({"lessons": found, "own": of_files})
    return _html(tab, "list", rows=found, own=of_files)


def lesson(tab: LearnTab, name: str) -> Response:
    """One lesson. With the header `X-Fragment`, only what changes."""
    name = name.removesuffix(".json")
    if name not in tab.lessons:
        return _elsewhere(tab, name)
    found = tab.shown(tab.lessons[name])
    if answers.wants_json():
        return answers.as_json(found)
    return _html(tab, "steps" if "X-Fragment" in request.headers else "lesson", lesson=found, body=body(tab.lessons[name]))


def start(tab: LearnTab, name: str) -> Response:
    """Begins the lesson, or begins it again."""
    tab.looks.begin(tab.find(name))
    return answers.as_json({"lesson": name})


def answer(tab: LearnTab, name: str) -> Response:
    """`{"choice": 1}`: runs what the question asks, in virtual time."""
    given = request.get_json(silent=True)
    tab.given.give(tab.find(name), given.get("choice") if isinstance(given, dict) else None)
    return answers.as_json({"lesson": name})


def _html(tab: LearnTab, template: str, **values: Any) -> Response:
    text = tab.environment.get_template(f"learn/{template}.html").render(**values)
    return Response(text, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _elsewhere(tab: LearnTab, name: str) -> Response:
    """Of a lesson that is none of ours."""
    for each in own(tab.lessons, tab.looks.progress()):
        if each.name == name:
            return answers.problem(f"The lesson {name!r} is in a file of yours, which the page does not read.", each.command, 404)
    return answers.problem(f"There is no lesson {name!r}.", "sandbox learn list", 404)


def _refused(in_a_vpc: Callable[[str], bool]) -> Response | None:
    refused = guard.refusal(request, in_a_vpc)
    return answers.problem(refused, None, 403) if refused else None


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="answer", daemon=True).start()
