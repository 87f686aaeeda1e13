"""Instances as of a moment: their state, their group and their health, by the events about them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.control.observed.model import Instance
from sandbox.core.events import BEFORE_THE_JOURNAL, Event
from sandbox.dashboard.past.told import Told, first, named, newest, operation
from sandbox.services.autoscaling.decide import events as autoscaling
from sandbox.services.ec2.application.decide.checks import CHANGE as APPLICATION_CHECK
from sandbox.services.ec2.model import STATE_CHANGE

ID, MEMBER = "instance-id", "EC2InstanceId"
CHECK = "Instance Status Check Change"
TAGS = ("CreateTags", "DeleteTags")
ENDS_A_CHECK = (
    "DeleteApplicationStatusCheck",
    "DisassociateApplicationStatusCheck",
    "EnableApplicationStatusCheckSuppression",
    *TAGS,  # a check is associated with tags, too
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What the events of a group say of its instance."""

    group: str
    lifecycle_state: str
    health_status: str


def instances(told: Told, present: Sequence[Instance]) -> tuple[tuple[Instance, ...], tuple[str, ...]]:
    """→ the instances, and what is not known of them. Ended ones are among them, with their state."""
    states, now = newest(told.before, STATE_CHANGE, ID), {each.instance_id: each for each in present}
    later, members, checks = first(told.after, STATE_CHANGE, ID), _members(told), _checks(told)
    zones = {str(e.detail[ID]): str(e.detail["availability-zone"]) for e in _launches((*told.before, *told.after))}
    found, unknown = list[Instance](), list[str]()
    for instance_id in dict.fromkeys([*states, *now]):
        state = _state(states.get(instance_id), now.get(instance_id), told.moment)
        zone = now[instance_id].zone if instance_id in now else zones.get(instance_id)
        if state is None and (instance_id not in later or "availability-zone" in later[instance_id].detail):
            continue  # it was launched later
        if state is None or zone is None:
            unknown.append(f"the {'zone' if state else 'state'} of {instance_id}: the journal no longer has the event")
            continue
        plain = now.get(instance_id) or _gone(instance_id, zone)
        named = plain.name and not told.changed_since([instance_id], *TAGS)
        shown = replace(plain, state=state[0], state_since=state[1], name=plain.name if named else "", **checks.get(instance_id, UNCHECKED))
        found.append(_in_group(shown, members.get(instance_id)))
    return tuple(found), tuple(unknown)


UNCHECKED: Mapping[str, str] = {
    "system_status": "insufficient-data",
    "instance_status": "insufficient-data",
    "application_status": "not-applicable",
}


def _state(told: Event | None, present: Instance | None, moment: datetime) -> tuple[str, datetime] | None:
    if told is not None:
        return str(told.detail["state"]), told.at
    if present is not None and present.state_since <= moment:
        return present.state, present.state_since
    return None


def _launches(events: Sequence[Event]) -> Iterator[Event]:
    return (event for event in events if event.detail_type == STATE_CHANGE and "availability-zone" in event.detail)


def _gone(instance_id: str, zone: str) -> Instance:
    """One that exists no more."""
    return Instance(
        instance_id=instance_id,
        name="",
        zone=zone,
        state="",
        state_since=BEFORE_THE_JOURNAL,
        instance_type="",
        private_ip_address=None,
        **UNCHECKED,
    )


def _checks(told: Told) -> Mapping[str, dict[str, str]]:
    """By instance, the status of each check that was told."""
    found: dict[str, dict[str, str]] = {}
    for event in told.before:
        if event.detail_type == CHECK:
            statuses = found.setdefault(str(event.detail[ID]), dict(UNCHECKED))
            statuses[f"{event.detail['check']}_status"] = str(event.detail["status"])
    for instance_id, status in _application_statuses(told).items():
        found.setdefault(instance_id, dict(UNCHECKED))["application_status"] = status
    return found


def _application_statuses(told: Told) -> Mapping[str, str]:
    """By instance, as long as what was told holds: until the instance changes its state, or a call ends a check or suppresses it."""
    found, about, carried_out = dict[str, str](), dict[str, set[str]](), {call.id for call in told.calls_before}
    for event in told.before:
        if event.detail_type == APPLICATION_CHECK:
            instance_id = str(event.detail[ID])
            found[instance_id], about[instance_id] = str(event.detail["application-status"]), set(event.resources)
        elif event.detail_type == STATE_CHANGE:
            found.pop(str(event.detail[ID]), None)
        elif event.id in carried_out and operation(event) in ENDS_A_CHECK:
            for instance_id in [each for each in found if about[each] & named(event)]:
                del found[instance_id]
    return found


def _members(told: Told) -> Mapping[str, Member]:
    """By instance. An instance that is in service was launched; one that is being launched has no event of its group yet."""
    found: dict[str, Member] = {}
    for event in told.before:
        group, instance_id = str(event.detail.get("AutoScalingGroupName", "")), str(event.detail.get(MEMBER, ""))
        if event.detail_type == autoscaling.LAUNCHED:
            found[instance_id] = Member(group=group, lifecycle_state="InService", health_status="Healthy")
        elif event.detail_type == autoscaling.TERMINATED:
            found.pop(instance_id, None)
        elif event.detail_type == autoscaling.HEALTH and instance_id in found:
            found[instance_id] = replace(found[instance_id], health_status=str(event.detail.get("HealthStatus")))
        elif event.detail_type == autoscaling.STARTED:
            for leaving in found.keys() & set(event.resources):
                found[leaving] = replace(found[leaving], lifecycle_state="Terminating")
    return found


def _in_group(instance: Instance, member: Member | None) -> Instance:
    if member is None:
        return replace(instance, group=None, lifecycle_state=None, health_status=None)
    return replace(instance, group=member.group, lifecycle_state=member.lifecycle_state, health_status=member.health_status)
