"""The shapes of answers and bodies of /_sandbox, as types. document.py makes the schemas of the OpenAPI document of them.

A field that may be missing is NotRequired; one that may be null has `| None`. Dates are ISO 8601 in sandbox time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from sandbox.control.endpoints import Endpoint
from sandbox.control.health import Part
from sandbox.control.rates import Rate
from sandbox.drivers.runtime.base import Container


class Problem(TypedDict):
    """An error: one sentence, and the next command to type."""

    error: str
    next: str | None


class Health(TypedDict):
    """The sandbox and its parts; `ok` if every part is."""

    status: Literal["ok", "impaired"]
    parts: Sequence[Part]
    name: str
    runtime: str
    speed: float
    now: str


class LoadBalancer(TypedDict):
    """Where a load balancer answers; null: it does not."""

    dns_name: str
    state: str
    listeners: Mapping[str, str]
    front: str | None
    url: str | None


class Endpoints(TypedDict):
    """By the load balancer's name, and one value for each listener."""

    load_balancers: Mapping[str, LoadBalancer]
    endpoints: Sequence[Endpoint]


JournalEvent = TypedDict(
    "JournalEvent",
    {
        "id": str,
        "time": str,
        "source": str,
        "account": str,
        "detail-type": str,
        "resources": Sequence[str],
        "detail": Mapping[str, Any],
        "summary": str,
        "cause": str | None,
    },
)
JournalEvent.__doc__ = "EventBridge's envelope, with a sentence, and the id of the event that led to it."


class Events(TypedDict):
    """`last`: the id to ask with the next time."""

    events: Sequence[JournalEvent]
    last: str | None


class StoryLine(TypedDict):
    """An event of a story. `about`: it is about the resource itself; `consequence`: a line above led to it."""

    depth: int
    consequence: bool
    about: bool
    event: JournalEvent


class Story(TypedDict):
    """What happened to a resource and why, as lines of text and as events."""

    resource: str
    text: Sequence[str]
    story: Sequence[StoryLine]


class Refusal(TypedDict):
    """What does not admit a connection, with Reachability Analyzer's code."""

    code: str
    component: str
    direction: str
    text: str


class Reachability(TypedDict):
    """Whether one pair of addresses is connected."""

    connection: str
    reachable: bool
    explanations: Sequence[Refusal]


class Connection(TypedDict):
    """One result for each pair of addresses, and the same as lines of text."""

    results: Sequence[Reachability]
    text: Sequence[str]


class Loop(TypedDict):
    """One key of one controller, and when it is due."""

    controller: str
    key: str
    due: str | None
    runs: int
    failures: int
    last_error: str | None
    last_run: str | None


class Loops(TypedDict):
    loops: Sequence[Loop]


class Seam(TypedDict):
    """A place where the sandbox replaces or extends moto."""

    seam: str
    where: str
    by: str
    why: str


class Seams(TypedDict):
    seams: Sequence[Seam]


class RefusedOperations(TypedDict):
    """Operations that are refused, and why; the other fields say with which parameters."""

    operations: Sequence[str]
    why: str
    when: NotRequired[str]
    with_target: NotRequired[str]
    unless_targets: NotRequired[Sequence[str]]


Service = TypedDict(
    "Service",
    {"name": str, "class": Literal["real", "record", "refused"], "saved": bool, "note": str, "refused": Sequence[RefusedOperations]},
)
Service.__doc__ = "What an AWS service is in the sandbox."


class Services(TypedDict):
    services: Sequence[Service]


class Clock(TypedDict):
    """`speed`: sandbox seconds per real second."""

    now: str
    speed: float


class ClockSpeed(TypedDict):
    speed: float


class CurrentSettings(TypedDict):
    """By name, as `sandbox settings` lists them."""

    settings: Mapping[str, str | float | None]


class Done(TypedDict):
    status: Literal["ok"]


class Machines(TypedDict):
    """What the runtime observed, from which the states of instances in EC2 are derived."""

    runtime: str
    machines: Sequence[Container]


class Console(TypedDict):
    instance_id: str
    output: str


class Rates(TypedDict):
    """Of the last `seconds` real seconds. `cpu`: percent of its limit by instance."""

    seconds: int
    targets: Sequence[Rate]
    target_groups: Sequence[Rate]
    cpu: Mapping[str, float]


class Certificate(TypedDict):
    """PEM."""

    certificate: str


class AccessLogLines(TypedDict):
    """Oldest first, in AWS's format."""

    lines: Sequence[str]


Mail = TypedDict(
    "Mail",
    {
        "at": str,
        "protocol": str,
        "from": str,
        "to": str,
        "subject": str | None,
        "body": str,
        "message_id": str,
        "topic_arn": str | None,
    },
)
Mail.__doc__ = "An email, or a text message (without a subject)."


class Mails(TypedDict):
    messages: Sequence[Mail]


# ---- faults, scenarios, ways in --------------------------------------------------------------------------------------------------------


class ActiveFault(TypedDict):
    """`until` null: until it is cleared. `cause`: the id of the event that began it."""

    id: str
    kind: str
    targets: Sequence[str]
    instances: Sequence[str]
    parameters: Mapping[str, Any]
    summary: str
    since: str
    until: str | None
    cause: str | None


class ActiveFaults(TypedDict):
    faults: Sequence[ActiveFault]


class ClearedFaults(TypedDict):
    cleared: Sequence[ActiveFault]


class KindParameter(TypedDict):
    name: str
    unit: str | None
    default: str | float | None
    required: bool
    range: str
    means: str


class FaultKind(TypedDict):
    """`cannot`: runtime → why it is refused there. `limits`: runtime → what differs from AWS there."""

    name: str
    targets: Sequence[str]
    reach: str
    momentary: bool
    does: str
    parameters: Sequence[KindParameter]
    cannot: Mapping[str, str]
    limits: Mapping[str, str]


class FaultKinds(TypedDict):
    kinds: Sequence[FaultKind]


class FaultTarget(TypedDict):
    name: str
    type: str
    about: str


class FaultTargets(TypedDict):
    targets: Sequence[FaultTarget]


NewFault = TypedDict(
    "NewFault",
    {
        "kind": str,
        "targets": NotRequired[Sequence[str]],
        "for": NotRequired[str | None],
        "parameters": NotRequired[Mapping[str, Any] | None],
        "summary": NotRequired[str | None],
    },
)
NewFault.__doc__ = "A fault to inject. `for`: a duration in sandbox time, such as 10m; without one, it lasts until it is cleared."


class Announcement(TypedDict):
    """Something that the caller breaks by other means. `seconds`: how long it lasts, in sandbox time."""

    summary: str
    targets: NotRequired[Sequence[str]]
    seconds: NotRequired[float | None]


class FaultsToClear(TypedDict, total=False):
    """One, or all; an empty body means all."""

    id: str
    all: bool


class Progress(TypedDict):
    """What a run of a scenario tells of itself."""

    what: Literal["started", "phase-began", "phase-ended", "ended"]
    run: str
    summary: str
    detail: Mapping[str, Any]


class GameDayAnswer(TypedDict):
    kind: str
    target: str
    right: bool


class GameDayHidden(TypedDict):
    """`at`: when it began, in sandbox time."""

    kind: str
    target: str
    at: str


class GameDay(TypedDict):
    """`state`: none, on or over. `seed`, `points`, `harm`, `why` and `was` are null until it is over; `was` also if nothing broke."""

    state: Literal["none", "on", "over"]
    began: str | None
    kinds: Sequence[str]
    answers: Sequence[GameDayAnswer]
    seed: int | None
    points: int | None
    harm: int | None
    why: str | None
    was: GameDayHidden | None


class GameDayStart(TypedDict, total=False):
    """`seed`: of the fault and its delay; null or none: a random one."""

    seed: int | None


class GameDayName(TypedDict):
    kind: str
    target: str


class LessonProgress(TypedDict):
    """`after`: id of the last event before the lesson began; null: there was none. `green`: numbers of steps, from 0."""

    after: str | None
    green: Sequence[int]


class LessonsBegun(TypedDict):
    lessons: Mapping[str, LessonProgress]


class LessonTold(LessonProgress):
    """`lesson`: its name."""

    lesson: str


class ShellAsked(TypedDict):
    """`instance`: an id, or how it begins. `command`: its words, for the event; none: a shell."""

    instance: str
    command: NotRequired[Sequence[str]]


class Shell(TypedDict):
    """`container`: its name, null if the instance is a process, which runs in `directory`."""

    instance_id: str
    container: str | None
    directory: str | None
    environment: Mapping[str, str]


class ForwardAsked(TypedDict):
    instance: str
    port: int


class Forward(TypedDict):
    """Where the port is. `through`: the role of the container from which it is reached; null: from this machine."""

    instance_id: str
    host: str
    port: int
    through: str | None
    name: str
