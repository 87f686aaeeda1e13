"""Whether the firewall has the policy that the API says, and which dropped connections are told: pure (SG-6, SG-10).

A dropped connection is an event with Reachability Analyzer's explanation: of those between two machines on one port one in five minutes,
and not more than a few at a time, because a port scan drops thousands.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.core.control import Decision
from sandbox.core.events import Event
from sandbox.drivers.firewall.policy import Connection, Explanation, Policy
from sandbox.services.ec2.actions import ApplyPolicy

CONNECTION_DROPPED = "Connection Dropped"
FIREWALL_UNAVAILABLE = "Security Groups Not Enforced"
QUIET = timedelta(minutes=5)  # before the same connection is told again
MOST = 10  # events of one decision


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedFirewall:
    wanted: Policy
    in_force: Policy | None
    unavailable: str | None = None  # why policies cannot be carried out
    dropped: tuple[Connection, ...] = ()  # since the last observation
    causes: Mapping[str, str] = field(default_factory=dict)  # security group or network ACL → id of the newest event about it


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallMemory:
    unavailable: str | None = None  # that was told
    told: Mapping[Connection, datetime] = field(default_factory=dict)


def decide(observed: ObservedFirewall, memory: FirewallMemory | None, now: datetime) -> Decision[FirewallMemory]:
    told = {each: at for each, at in (memory.told if memory else {}).items() if now - at < QUIET}
    fresh = [each for each in dict.fromkeys(observed.dropped) if each not in told][:MOST]
    events = [*_trouble(observed, memory), *(event for each in fresh for event in _dropped(observed, each))]
    return Decision(
        memory=FirewallMemory(unavailable=observed.unavailable, told=told | dict.fromkeys(fresh, now)),
        actions=(ApplyPolicy(policy=observed.wanted),) if observed.in_force != observed.wanted else (),
        events=tuple(events),
    )


def _trouble(observed: ObservedFirewall, memory: FirewallMemory | None) -> Iterator[Event]:
    if observed.unavailable and (memory is None or memory.unavailable != observed.unavailable):
        summary = f"the last change of security groups or network ACLs is not in force: {observed.unavailable}"
        yield Event(source="sandbox.firewall", detail_type=FIREWALL_UNAVAILABLE, summary=summary)


def _dropped(observed: ObservedFirewall, connection: Connection) -> Iterator[Event]:
    """Nothing when the policy in force now would admit it: it changed since."""
    explanations = (observed.in_force or observed.wanted).verdict(connection).explanations
    if explanations:
        yield dropped_event(connection, explanations, _newest(observed.causes, explanations))


def dropped_event(connection: Connection, explanations: tuple[Explanation, ...], cause: str | None = None) -> Event:
    first = explanations[0]
    return Event(
        source="aws.vpc",
        detail_type=CONNECTION_DROPPED,
        summary=f"{connection} was dropped: {first}",
        resources=tuple(dict.fromkeys(each for one in explanations for each in one.resources)),
        detail={
            "source": str(connection.source),
            "destination": str(connection.destination),
            "protocol": connection.protocol,
            "port": connection.port,
            "explanations": [{"code": one.code, "component": one.component, "direction": one.direction} for one in explanations],
        },
        cause=cause,
    )


def _newest(causes: Mapping[str, str], explanations: Iterable[Explanation]) -> str | None:
    """The last change of a group or network ACL that did not admit it."""
    found = [causes[each] for one in explanations for each in one.resources if each in causes]
    return max(found, key=lambda each: int(each[1:]), default=None)
