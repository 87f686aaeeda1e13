"""What GET routes of /_sandbox answer: values of the ControlSurface, in the shapes of shapes.py. A docstring is the route's description."""

from typing import cast

from sandbox.control import connections, endpoints, explain, faults, lessons
from sandbox.control.api import game_days, shapes
from sandbox.control.api.plain import moment
from sandbox.control.api.requested import EventId, Needed, Parameter, RequestError, Whole
from sandbox.control.rates import WINDOW
from sandbox.control.surface import ControlSurface, LoopLike
from sandbox.core.errors import UserError
from sandbox.core.events import Event

LONGEST_POLL = 30  # real seconds
MOST_EVENTS = 5000  # in one response

AFTER = EventId(name="after", means="Id of the last event that the caller has; only newer ones are returned, oldest first.")
WAIT = Whole(name="wait", means="Real seconds to wait for a new event.", default=0, low=0, high=LONGEST_POLL)
NEWEST_EVENTS = Whole(
    name="newest",
    means="The most events to return: the oldest after `after`, else the newest.",
    default=MOST_EVENTS,
    low=1,
    high=MOST_EVENTS,
)
RESOURCE = Needed(name="resource", means="An id, a name or an ARN, or how it begins.", example="sandbox explain i-0123456789abcdef0")
SOURCE = Needed(name="source", means="An instance, a load balancer, an address, or `client`.", example=connections.EXAMPLE)
TO = Needed(name="to", means="A destination and its port: `i-…:80`, `my-load-balancer:80`, `10.0.1.5:80`.", example=connections.EXAMPLE)
PROTOCOL = Parameter(name="protocol", means="`tcp` (default) or `udp`.")
INSTANCE = Needed(name="instance_id", means="The id of an instance.", example="sandbox logs i-0123456789abcdef0")
RECIPIENT = Parameter(name="to", means="Only messages to this address or number.")
NEWEST_MAILS = Whole(name="newest", means="The most messages to return.", default=100, low=1, high=1000)
NEWEST_LINES = Whole(name="newest", means="The most lines to return.", default=1000, low=1, high=10_000)


def health(surface: ControlSurface) -> tuple[shapes.Health, int]:
    """200 if every part is ok, else 503; the parts describe what is not."""
    found = surface.health()
    ok = all(part.ok for part in found)
    answer = shapes.Health(
        status="ok" if ok else "impaired",
        parts=found,
        name=surface.settings.name,
        runtime=surface.runtime,
        speed=surface.clock.speed,
        now=moment(surface.clock.now()),
    )
    return answer, 200 if ok else 503


def load_balancer_endpoints(surface: ControlSurface) -> shapes.Endpoints:
    """Where load balancers answer on this machine."""
    found, settings = surface.endpoints(), surface.settings
    front_port = settings.published_front_port or settings.front_port
    names_port = None if surface.runtime == "simulated" else settings.names_url_port
    return {"load_balancers": endpoints.by_load_balancer(found, front_port, names_port), "endpoints": found}


def events(surface: ControlSurface) -> shapes.Events:
    """Events of the journal; with `after` and `wait`, a long poll for the next ones."""
    after, wait, newest = AFTER.id(), WAIT.number(), NEWEST_EVENTS.number()
    with surface.journal.following(after, wait) as found:
        chosen = found[:newest] if after else found[-newest:]  # a follower must not miss an event
        return {"events": [event_shape(event) for event in chosen], "last": chosen[-1].id if chosen else after}


def event_shape(event: Event) -> shapes.JournalEvent:
    return cast(shapes.JournalEvent, event.as_json())


def explanation(surface: ControlSurface) -> shapes.Story:
    """What happened to a resource and why, each event below the one that caused it."""
    asked = RESOURCE.given()
    known = surface.journal.events()
    names = explain.candidates(asked, known)
    if not names:
        raise RequestError(404, f"There is no event about {asked}.", "sandbox events")
    if len(names) > 1:
        raise RequestError(409, f"{asked} is ambiguous: it matches {', '.join(names[:10])}.", f"sandbox explain {names[0]}")
    lines = explain.story(names[0], known)
    shown = [shapes.StoryLine(depth=n.depth, consequence=n.consequence, about=n.about, event=event_shape(n.event)) for n in lines]
    return {"resource": names[0], "text": explain.as_text(names[0], lines), "story": shown}


def connection(surface: ControlSurface) -> shapes.Connection:
    """Whether security groups and network ACLs admit a connection, and which does not. No packet is sent."""
    source, to = SOURCE.given(), TO.given()
    policy = surface.policy()
    if policy is None:
        raise RequestError(503, "No security groups and network ACLs are in force yet.", "sandbox status")
    try:
        return connections.explained(policy, connections.asked(source, to, PROTOCOL.text() or "tcp"))
    except UserError as error:
        raise RequestError(400, error.message, error.next_command or connections.EXAMPLE) from None


def loops(surface: ControlSurface) -> shapes.Loops:
    """The keys of all controllers: when each is due, how often it ran, and why it fails."""
    return {"loops": [_loop(each) for each in surface.loops()]}


def _loop(each: LoopLike) -> shapes.Loop:
    return {
        "controller": each.controller,
        "key": each.key,
        "due": moment(each.due) if each.due else None,
        "runs": each.runs,
        "failures": each.failures,
        "last_error": each.last_error,
        "last_run": moment(each.last_run) if each.last_run else None,
    }


def seams(surface: ControlSurface) -> shapes.Seams:
    """Where the sandbox replaces or extends moto."""
    return {"seams": [{"seam": each.seam, "where": each.where, "by": each.by, "why": each.why} for each in surface.seams()]}


def services(surface: ControlSurface) -> shapes.Services:
    """What each AWS service is here: real, a record, or refused."""
    return {"services": [cast(shapes.Service, each) for each in surface.services()]}


def clock(surface: ControlSurface) -> shapes.Clock:
    """The sandbox's time, and its speed."""
    return {"now": moment(surface.clock.now()), "speed": surface.clock.speed}


def settings(surface: ControlSurface) -> shapes.CurrentSettings:
    """The settings with which this sandbox runs."""
    return {"settings": surface.settings.as_json()}


def game_day(surface: ControlSurface) -> shapes.GameDay:
    """The game day that is on, or the last one. What is hidden, and its seed, are told when it is over."""
    return game_days.told(surface.gameday)


def lessons_begun(surface: ControlSurface) -> shapes.LessonsBegun:
    """How far a learner is in each lesson that was begun."""
    return {"lessons": lessons.read(surface.learner_dir)}


def machines(surface: ControlSurface) -> shapes.Machines:
    """The runtime's own snapshot, from which the EC2 instance states are derived."""
    return {"runtime": surface.runtime, "machines": [container for _, container in sorted(surface.containers().items())]}


def console(surface: ControlSurface) -> shapes.Console:
    """The newest 64 KiB of an instance's output since its first boot."""
    instance_id = INSTANCE.given()
    try:
        output = surface.console(instance_id)
    except KeyError:
        raise RequestError(404, f"Instance {instance_id} has no machine.", "sandbox status") from None
    return {"instance_id": instance_id, "output": output.decode(errors="replace")}


def rates(surface: ControlSurface) -> shapes.Rates:
    """Rates of the last seconds: requests by target and by target group, CPU by instance (percent of its limit)."""
    return {
        "seconds": WINDOW,
        "targets": surface.rates.by_target(),
        "target_groups": surface.rates.by_target_group(),
        "cpu": dict(surface.cpu()),
    }


def mailbox(surface: ControlSurface) -> shapes.Mails:
    """Emails and text messages that SNS sent, oldest first. None leaves the sandbox."""
    found = surface.mailbox(RECIPIENT.text())
    return {"messages": [cast(shapes.Mail, each) for each in found[-NEWEST_MAILS.number() :]]}


def identity_certificate(surface: ControlSurface) -> shapes.Certificate:
    """The certificate that verifies instance identity documents (IMDS-14), in PEM."""
    found = surface.certificate()
    if found is None:
        raise RequestError(404, "No metadata service runs with this runtime, so no identity document is signed.", "sandbox status")
    return {"certificate": found.decode()}


def access_log(surface: ControlSurface) -> shapes.AccessLogLines:
    """The newest requests that load balancers served, as lines of AWS's access log."""
    return {"lines": surface.access_log.lines(NEWEST_LINES.number())}


def active_faults(surface: ControlSurface) -> shapes.ActiveFaults:
    """The faults in force."""
    return {"faults": [faults.as_json(fault) for fault in surface.faults.active()]}


def fault_kinds(_: ControlSurface) -> shapes.FaultKinds:
    """What can be broken, with parameters, and what each runtime cannot do."""
    return {"kinds": faults.kinds()}


def fault_targets(surface: ControlSurface) -> shapes.FaultTargets:
    """What can be named as the target of a fault."""
    return {"targets": faults.targets(surface.inventory, surface.settings.region)}
