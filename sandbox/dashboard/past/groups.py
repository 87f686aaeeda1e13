"""Auto Scaling groups as of a moment: their capacity, what they were told, and the activities that had ended or were in progress."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.control.observed.model import Activity, Group, Instance
from sandbox.dashboard.past.told import Told, asked, clock, first, newest, operation
from sandbox.services.autoscaling.decide import events as autoscaling

NAME = "AutoScalingGroupName"
CREATED, UPDATED, DELETED = "CreateAutoScalingGroup", "UpdateAutoScalingGroup", "DeleteAutoScalingGroup"
SUSPENSIONS = ("SuspendProcesses", "ResumeProcesses")
NEWEST = 6  # activities
STATUS = {autoscaling.LAUNCHED: "Successful", autoscaling.TERMINATED: "Successful", autoscaling.NOT_LAUNCHED: "Failed"}


def groups(told: Told, present: Sequence[Group], instances: Sequence[Instance]) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """`instances`: of the moment. → the groups, and what is not known of them."""
    now = {each.name: each for each in present}
    found, unknown = list[Group](), list[str]()
    for name in _names(told, now):
        group = _group(told, name, now.get(name), instances)
        found.append(group)
        if None in (group.min_size, group.desired_capacity, group.max_size):
            unknown.append(f"a size of the group {name}: the journal no longer has the call that set it")
        if changed := told.changed_since([name], *SUSPENSIONS):
            unknown.append(f"the suspended processes of {name}: {operation(changed)} changed them at {clock(changed.at)}")
    return tuple(found), tuple(unknown)


def _names(told: Told, now: Mapping[str, Group]) -> Iterator[str]:
    existing = dict.fromkeys(name for name in now if not told.changed_since([name], CREATED))
    for call in told.calls_before:
        if operation(call) == CREATED:
            existing[str(asked(call)[NAME])] = None
        elif operation(call) == DELETED:
            existing.pop(str(asked(call)[NAME]), None)
    return iter(existing)


def _group(told: Told, name: str, now: Group | None, instances: Sequence[Instance]) -> Group:
    suspended = now.suspended if now and not told.changed_since([name], *SUSPENSIONS) else ()
    return Group(
        name=name,
        min_size=_set(told, name, "MinSize", now.min_size if now else None),
        desired_capacity=_desired(told, name, now.desired_capacity if now else None),
        max_size=_set(told, name, "MaxSize", now.max_size if now else None),
        lifecycle_states=tuple(each.lifecycle_state or "" for each in instances if each.group == name),
        health_check_type=_set(told, name, "HealthCheckType", now.health_check_type if now else None) or "EC2",
        suspended=suspended,
        activities=_activities(told, name, now.activities if now else ()),
    )


def _set(told: Told, name: str, parameter: str, now: Any) -> Any:
    """What the last call up to the moment said; else the present value, if no later call says another one."""
    calls = [call for call in told.calls_before if operation(call) in (CREATED, UPDATED) and asked(call).get(NAME) == name]
    values = [asked(call)[parameter] for call in calls if parameter in asked(call)]
    if values:
        return values[-1]
    later = told.changed_since([name], CREATED, UPDATED)
    return None if later else now


def _desired(told: Told, name: str, now: int | None) -> int | None:
    if event := newest(told.before, autoscaling.DESIRED, NAME).get(name):
        return int(event.detail["NewDesiredCapacity"])
    if event := first(told.after, autoscaling.DESIRED, NAME).get(name):
        return int(event.detail["OldDesiredCapacity"])
    return now


def _activities(told: Told, name: str, present: Sequence[Activity]) -> tuple[Activity, ...]:
    """The newest first. The journal tells of their ends; what is still known of the present ones tells also when they began."""
    ended = {
        str(event.detail["ActivityId"]): Activity(
            id=str(event.detail["ActivityId"]),
            status=STATUS[event.detail_type],
            description=str(event.detail.get("Description", "")),
            cause=str(event.detail.get("Cause", "")),
            start=event.at,
            end=event.at,
            message=None,
        )
        for event in told.before
        if event.detail_type in STATUS and event.detail.get(NAME) == name and "ActivityId" in event.detail
    }
    for each in present:
        if each.start <= told.moment:
            ended[each.id] = each if each.end and each.end <= told.moment else _in_progress(each)
    return tuple(sorted(ended.values(), key=lambda each: each.start, reverse=True)[:NEWEST])


def _in_progress(activity: Activity) -> Activity:
    return Activity(
        id=activity.id,
        status="InProgress",
        description=activity.description,
        cause=activity.cause,
        start=activity.start,
        end=None,
        message=None,
    )
