"""The page as sections of parts. A part is what is sent again when what it shows has changed; a section, when its parts are others.

Both have an id, which is that of their element in the page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.control.observed.model import Alarm, Point
from sandbox.dashboard.shown.balancing import balancers
from sandbox.dashboard.shown.groups import group_card, target_group_card
from sandbox.dashboard.shown.lanes import lanes
from sandbox.dashboard.shown.look import Look
from sandbox.dashboard.shown.words import part_id

URGENCY = ("ALARM", "INSUFFICIENT_DATA", "OK")
MOST_PLOTS = 30  # alarms with a plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    id: str
    template: str  # of templates/parts/, without its suffix
    shows: object  # what the template gets: equal values give the same text


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    id: str
    title: str
    parts: tuple[Part, ...]
    empty: str  # what it says without parts


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCard:
    alarm: object
    points: tuple[Point, ...]


def plotted(alarms: Sequence[Alarm]) -> tuple[str, ...]:
    """Names of those whose metric is drawn."""
    return tuple(alarm.name for alarm in alarms[:MOST_PLOTS] if alarm.threshold is not None)


def sections(look: Look) -> tuple[Section, ...]:
    return (
        Section(id="zones", title="Availability Zones", parts=tuple(_lanes(look)), empty="The Region has no zones."),
        Section(id="faults", title="Faults in force", parts=tuple(_faults(look)), empty="Nothing is broken on purpose."),
        Section(id="balancers", title="Load balancers", parts=tuple(_balancers(look)), empty="There is no load balancer."),
        Section(id="groups", title="Auto Scaling groups", parts=tuple(_groups(look)), empty="There is no Auto Scaling group."),
        Section(id="targets", title="Target health", parts=tuple(_targets(look)), empty="There is no target group."),
        Section(id="alarms", title="Alarms", parts=tuple(_alarms(look)), empty="There is no alarm."),
        Section(id="runs", title="Scenarios", parts=tuple(_runs(look)), empty="No scenario has run."),
        Section(id="mailbox", title="Mailbox", parts=tuple(_mails(look)), empty="SNS has sent no email and no text message."),
    )


def singles(look: Look) -> tuple[Part, ...]:
    """Parts that are in no section."""
    problems = tuple(part.sentence for part in look.health if not part.ok)
    remarks = tuple(part.remark for part in look.health if part.remark)
    return (
        Part(id="status", template="status", shows=(look.name, look.runtime, look.region, look.speed, problems, remarks)),
        Part(id="load", template="load", shows=(look.load, tuple(_addresses(look)), look.simulated)),
        Part(id="timeline", template="timeline", shows=look.timeline),
    )


def _addresses(look: Look) -> Iterator[tuple[str, int, str]]:
    """(load balancer, port, URL on this machine) of the listeners that answer."""
    for balancer in balancers(look):
        for port, url in balancer.urls:
            yield balancer.balancer.name, port, url


def _lanes(look: Look) -> Iterator[Part]:
    for lane in lanes(look.observed, look.faults):
        yield Part(id=part_id("lane", lane.zone), template="lane", shows=lane)


def _faults(look: Look) -> Iterator[Part]:
    for fault in look.faults:
        yield Part(id=part_id("fault", fault.id), template="fault", shows=fault)


def _balancers(look: Look) -> Iterator[Part]:
    for each in balancers(look):
        yield Part(id=part_id("balancer", each.balancer.arn), template="balancer", shows=each)


def _groups(look: Look) -> Iterator[Part]:
    for group in look.observed.groups:
        yield Part(id=part_id("group", group.name), template="group", shows=group_card(group))


def _targets(look: Look) -> Iterator[Part]:
    for group in look.observed.target_groups:
        yield Part(id=part_id("targets", group.arn), template="target_group", shows=target_group_card(group))


def _alarms(look: Look) -> Iterator[Part]:
    for alarm in sorted(look.observed.alarms, key=lambda alarm: (URGENCY.index(alarm.state), alarm.name)):
        card = AlarmCard(alarm=alarm, points=tuple(look.points.get(alarm.name, ())))
        yield Part(id=part_id("alarm", alarm.name), template="alarm", shows=card)


def _runs(look: Look) -> Iterator[Part]:
    for run in look.runs:
        yield Part(id=part_id("run", run.id), template="run", shows=run)


def _mails(look: Look) -> Iterator[Part]:
    for n, mail in enumerate(look.mails):
        yield Part(id=part_id("mail", f"{len(look.mails) - n} {mail.at} {mail.to}"), template="mail", shows=mail)
