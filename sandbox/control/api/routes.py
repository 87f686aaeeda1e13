"""The table of /_sandbox's routes. app.py serves it, document.py describes it; a new route is a row here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.control.api import answers, changes, shapes
from sandbox.control.api.requested import Parameter
from sandbox.control.surface import ControlSurface


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The annotation of `answer` is the shape of what it returns; its docstring describes it."""

    method: str
    path: str  # below /_sandbox/
    answer: Callable[[ControlSurface], Any]
    query: tuple[Parameter, ...] = ()
    body: tuple[type, ...] = ()  # one of these shapes; (): no body
    body_required: bool = True
    status: int = 200
    errors: Mapping[int, str] = field(default_factory=dict)  # HTTP status → when
    also: Mapping[int, str] = field(default_factory=dict)  # further statuses with the same shape


def _get(path: str, answer: Callable[[ControlSurface], Any], *query: Parameter, **more: Any) -> Route:
    return Route(method="GET", path=path, answer=answer, query=query, **more)


def _post(path: str, answer: Callable[[ControlSurface], Any], *body: type, **more: Any) -> Route:
    return Route(method="POST", path=path, answer=answer, body=body, **more)


INVALID = "A parameter or the body is not valid."
ROUTES: tuple[Route, ...] = (
    _get("health", answers.health, also={503: "A part is not ok."}),
    _get("endpoints", answers.load_balancer_endpoints),
    _get("events", answers.events, answers.AFTER, answers.WAIT, answers.NEWEST_EVENTS, errors={400: INVALID}),
    _get(
        "explain",
        answers.explanation,
        answers.RESOURCE,
        errors={400: INVALID, 404: "No event is about it.", 409: "Several resources begin so."},
    ),
    _get(
        "connection",
        answers.connection,
        answers.SOURCE,
        answers.TO,
        answers.PROTOCOL,
        errors={400: INVALID, 503: "No policy is in force yet."},
    ),
    _get("loops", answers.loops),
    _get("seams", answers.seams),
    _get("services", answers.services),
    _get("clock", answers.clock),
    Route(method="PUT", path="clock", answer=changes.change_clock, body=(shapes.ClockSpeed,), errors={400: INVALID}),
    _get("settings", answers.settings),
    _post("reset", changes.reset, errors={409: "It is asked for one account."}),
    _get("machines", answers.machines),
    _get("console", answers.console, answers.INSTANCE, errors={400: INVALID, 404: "It has no machine."}),
    _get("rates", answers.rates),
    _get("faults", answers.active_faults),
    _get("faults/kinds", answers.fault_kinds),
    _get("faults/targets", answers.fault_targets),
    _post(
        "faults",
        changes.inject_fault,
        shapes.NewFault,
        shapes.Announcement,
        status=201,
        errors={400: INVALID, 409: "A target has a fault of this kind."},
    ),
    _post("faults/clear", changes.clear_fault, shapes.FaultsToClear, body_required=False, errors={404: "There is no such active fault."}),
    _post("scenarios/progress", changes.progress, shapes.Progress, status=201, errors={400: INVALID}),
    _get("gameday", answers.game_day),
    _post("gameday", changes.start_game_day, shapes.GameDayStart, body_required=False, errors={400: INVALID, 409: "One is on."}),
    _post("gameday/answer", changes.answer_game_day, shapes.GameDayName, errors={400: INVALID, 409: "None is on."}),
    _post("gameday/stop", changes.stop_game_day, errors={409: "None is on."}),
    _get("lessons", answers.lessons_begun),
    _post("lessons", changes.lesson, shapes.LessonTold, errors={400: INVALID}),
    _post(
        "shells",
        changes.open_shell,
        shapes.ShellAsked,
        status=201,
        errors={400: INVALID, 409: "Not exactly one running instance begins so, or the runtime has no shells."},
    ),
    _post(
        "forwards",
        changes.open_forward,
        shapes.ForwardAsked,
        status=201,
        errors={400: INVALID, 409: "Not exactly one running instance begins so, or the runtime has no ports."},
    ),
    _get("mailbox", answers.mailbox, answers.RECIPIENT, answers.NEWEST_MAILS, errors={400: INVALID}),
    _get("identity-certificate", answers.identity_certificate, errors={404: "The runtime has no metadata service."}),
    _get("access-log", answers.access_log, answers.NEWEST_LINES, errors={400: INVALID}),
)
