"""Load balancers and target groups as of a moment. The journal tells what became of targets; listeners and rules are those of now, if no
call has changed them since."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sandbox.control.observed.model import Instance, LoadBalancer, Target, TargetGroup
from sandbox.core.events import Event
from sandbox.dashboard.past.told import Told, asked, clock, named, operation
from sandbox.services.elbv2.decide.routing import LOAD_BALANCER_ACTIVE
from sandbox.services.elbv2.model import HEALTH_CHANGE, TargetState

MADE, REMOVED = "CreateLoadBalancer", "DeleteLoadBalancer"
GROUP_MADE, GROUP_CHANGED = "CreateTargetGroup", ("ModifyTargetGroup", "ModifyTargetGroupAttributes")
RULES = ("CreateListener", "ModifyListener", "DeleteListener", "CreateRule", "ModifyRule", "DeleteRule", "SetRulePriorities")
SHIFTS = "aws.arc-zonal-shift"
NOT_REGISTERED = "Target.NotRegistered"


def load_balancers(told: Told, present: Sequence[LoadBalancer]) -> tuple[tuple[LoadBalancer, ...], tuple[str, ...]]:
    """→ those that exist still, as they were; and what is not known of them and of those that were deleted since."""
    found, unknown = list[LoadBalancer](), list(_deleted(told))
    for each in present:
        if told.changed_since([each.name], MADE):
            continue
        was = replace(each, state=_state(told, each))
        changed = _changed(told.calls_after, each, RULES)
        if changed:
            was = replace(was, listeners=None if _had_listeners(told, each) else ())
        if changed and was.listeners is None:
            unknown.append(f"listeners and rules of {each.name}: {operation(changed)} was called at {clock(changed.at)}")
        if changed := _changed(told.calls_after, each, ("SetSubnets",)):
            unknown.append(f"the zones of {each.name}: SetSubnets was called at {clock(changed.at)}, and those of now are shown")
        if any(_is_shift_of(event, each) for event in told.after):
            was = replace(was, shifted_zones=())
            unknown.append(f"whether the traffic of {each.name} was shifted away from a zone: it was changed later")
        found.append(was)
    return tuple(found), tuple(unknown)


def _had_listeners(told: Told, balancer: LoadBalancer) -> bool:
    """Whether it may have had some: it had none if the journal tells of its creation and of no listener."""
    made = any(operation(call) == MADE and balancer.name in named(call) for call in told.calls_before)
    return not made or _changed(told.calls_before, balancer, RULES) is not None


def _changed(among: Sequence[Event], balancer: LoadBalancer, operations: Sequence[str]) -> Event | None:
    """The first such call. ARNs of its listeners and rules contain its key."""
    calls = (call for call in among if operation(call) in operations)
    return next((call for call in calls if any(balancer.key in each for each in call.resources)), None)


def _state(told: Told, balancer: LoadBalancer) -> str:
    became_active = (e for e in told.after if e.detail_type == LOAD_BALANCER_ACTIVE and balancer.arn in e.resources)
    return "provisioning" if next(became_active, None) else balancer.state


def _is_shift_of(event: Event, balancer: LoadBalancer) -> bool:
    return event.source == SHIFTS and balancer.arn in event.resources


def _deleted(told: Told) -> Iterator[str]:
    for call in told.calls_after:
        if operation(call) == REMOVED:
            arn = str(asked(call).get("LoadBalancerArn", ""))
            name = arn.split("/")[-2] if arn.count("/") > 1 else arn
            yield f"the load balancer {name}: it was deleted at {clock(call.at)}"


def target_groups(
    told: Told, present: Sequence[TargetGroup], instances: Sequence[Instance]
) -> tuple[tuple[TargetGroup, ...], tuple[str, ...]]:
    """`instances`: of the moment. → the groups, and what is not known of them."""
    found, unknown = list[TargetGroup](), list[str]()
    for each in present:
        if told.changed_since([each.name], GROUP_MADE):
            continue
        was = replace(each, targets=tuple(_targets(told, each, instances)))
        if changed := told.changed_since([each.arn], *GROUP_CHANGED):
            was = replace(was, health_check_path="?")
            unknown.append(f"the health check of {each.name}: {operation(changed)} changed it at {clock(changed.at)}")
        found.append(was)
    return tuple(found), tuple(unknown)


def _targets(told: Told, group: TargetGroup, instances: Sequence[Instance]) -> Iterator[Target]:
    zones = {each.instance_id: each.zone for each in instances} | {each.id: each.zone for each in group.targets if each.zone}
    states = {_key(event): event for event in told.before if _is_of(event, group)}
    for key, event in states.items():
        if event.detail["reason"] != NOT_REGISTERED:
            yield _target(key, zones.get(key[0]), event)
    for each in group.targets:
        if (each.id, each.port) not in states and each.since <= told.moment:
            yield each
    yield from _before_their_first_event(told, group, states, zones)


def _before_their_first_event(
    told: Told, group: TargetGroup, known: dict[tuple[str, int], Event], zones: dict[str, str]
) -> Iterator[Target]:
    """Targets of which the journal has only a later event: it says from which state they came."""
    seen = set(known)
    for event in told.after:
        if _is_of(event, group) and (key := _key(event)) not in seen:
            seen.add(key)
            if (state := str(event.detail["previous-state"])) != TargetState.UNUSED.value:
                yield Target(
                    id=key[0], port=key[1], zone=zones.get(key[0]), state=state, since=told.before[0].at, reason=None, description=None
                )


def _is_of(event: Event, group: TargetGroup) -> bool:
    return event.detail_type == HEALTH_CHANGE and group.arn in event.resources


def _key(event: Event) -> tuple[str, int]:
    target = event.detail["target"]
    return str(target["id"]), int(target["port"])


def _target(key: tuple[str, int], zone: str | None, event: Event) -> Target:
    detail = event.detail
    told = detail["state"] != TargetState.INITIAL.value  # no event tells when its health checks begin, which is another reason
    return Target(
        id=key[0],
        port=key[1],
        zone=zone,
        state=str(detail["state"]),
        since=event.at,
        reason=detail["reason"] if told else None,
        description=detail["description"] if told else None,
    )
