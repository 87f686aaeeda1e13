"""Creates and updates: each resource becomes what the template wants as soon as those that it depends on are. Pure.

A step ends the looks at the resources in progress, else handles what failed (decide/failures.py), else starts what can start, else ends the
operation. A rollback of an update is an update to the previous version (CFN-12, CFN-13).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.actions import MoveStack, Put, Restore, Resume
from sandbox.services.cloudformation.decide import failures, outputs, rolling, signals, stack_policy, steps, update_policies
from sandbox.services.cloudformation.decide.observed import AT_ONCE, LONGEST_STEP, Observed, key, patience, tags_of
from sandbox.services.cloudformation.decide.template import environments, references
from sandbox.services.cloudformation.decide.template.functions import Unknown
from sandbox.services.cloudformation.model import ROLLBACK, Resource
from sandbox.services.cloudformation.resources.base import Failed, Gone, Ready
from sandbox.services.cloudformation.status_model import ResourceStatus, StackStatus
from sandbox.services.cloudformation.template_model import Declaration, Environment, Json

TOO_LONG = "Exceeded attempts to wait"
BATCH_TIMED_OUT = "Failed to receive {} resource signal(s) for the current batch.  Each resource signal timeout is counted as a FAILURE."


def decide(observed: Observed, now: datetime) -> Decision[None]:
    mine = [r for r in observed.stack.resources.values() if r.operation == observed.operation.token]
    in_progress = [r for r in mine if r.status.is_in_progress]
    ended = [action for r in in_progress for action in _progress(observed, r, now)]
    if ended:
        return Decision(memory=None, actions=tuple(ended), look_again=AT_ONCE)
    if failures.stops(observed, mine, now):
        return Decision(memory=None, actions=failures.handle(observed, mine), look_again=AT_ONCE)
    try:
        started, waiting = _start(observed, now)
    except ApiError as error:
        return Decision(memory=None, actions=(failures.of_stack(observed, error.message),), look_again=AT_ONCE)
    if started:
        return Decision(memory=None, actions=tuple(started), look_again=AT_ONCE)
    if in_progress or waiting:
        return Decision(memory=None, look_again=_next_look(observed, in_progress, now))
    return Decision(memory=None, actions=(_finish(observed),), look_again=AT_ONCE)


def _next_look(observed: Observed, in_progress: list[Resource], now: datetime) -> timedelta:
    waits = [patience(resource, now) for resource in in_progress]
    if observed.operation.deadline is not None:
        waits.append(max(observed.operation.deadline - now, AT_ONCE))
    return min(waits, default=AT_ONCE)


# ---- resources in progress ---------------------------------------------------------------------------------------------------------------


def _progress(observed: Observed, resource: Resource, now: datetime) -> list[Action]:
    look = observed.looks.get(key(resource))
    if not resource.started and _too_long(resource, now):
        return [ended(resource, now, TOO_LONG)]
    if not resource.started:
        due = resource.not_before is None or now >= resource.not_before
        return [Resume(resource=resource)] if due else []
    verdict = signals.verdict(resource, now)
    match look:
        case Failed(reason=reason):
            return [ended(resource, now, reason)]
        case Gone(reason=reason):
            text = f"Resource of type '{resource.type}' with identifier '{resource.physical_id}' was not found."
            return [ended(resource, now, reason or text)]
        case _ if resource.rolling is not None:
            return rolling.progress(resource, observed.groups.get(key(resource)), now)
        case Ready(attributes=attributes) if verdict.enough:
            return [ended(replace(resource, attributes=dict(attributes)), now)]
    if verdict.failure is not None:
        return [*_timed_out(resource, now), ended(resource, now, verdict.failure)]
    if verdict.until is None and _too_long(resource, now):
        return [ended(resource, now, TOO_LONG)]
    return []


def _too_long(resource: Resource, now: datetime) -> bool:
    return resource.began is not None and now - resource.began > LONGEST_STEP


def _timed_out(resource: Resource, now: datetime) -> list[Action]:
    asked = resource.signals_wanted
    missing = asked.count - len(resource.signals) if asked else 0
    if resource.type != signals.GROUP or not missing:
        return []
    reason = BATCH_TIMED_OUT.format(missing)
    return [Put(resource=replace(resource, status=ResourceStatus.UPDATE_IN_PROGRESS, reason=reason, updated=now), event_only=True)]


def ended(resource: Resource, now: datetime, failure: str | None = None) -> Put:
    """The step in progress has ended: well, or with a failure."""
    status = resource.status.ended(failure is None)
    return Put(resource=replace(resource, status=status, reason=failure, updated=now))


# ---- starting ----------------------------------------------------------------------------------------------------------------------------


def _start(observed: Observed, now: datetime) -> tuple[list[Action], bool]:
    """What can start now, and whether anything waits for another resource."""
    done = {name: r for name, r in observed.stack.resources.items() if _is_done(observed, r)}
    env = observed.environment(done)
    here = environments.present(observed.template, env)
    needs = references.dependencies(observed.template, here)
    started: list[Action] = []
    waiting = False
    for logical_id in here:
        existing = observed.stack.resources.get(logical_id)
        if logical_id in done or (existing is not None and existing.operation == observed.operation.token):
            continue
        if any(need not in done for need in needs[logical_id]):
            waiting = True
            continue
        started.append(_start_one(observed, observed.template.resources[logical_id], env, needs[logical_id], now))
    return started, waiting


def _is_done(observed: Observed, resource: Resource) -> bool:
    return resource.operation == observed.operation.token and resource.status.is_complete


def _start_one(observed: Observed, declared: Declaration, env: Environment, needs: tuple[str, ...], now: datetime) -> Action:
    existing = observed.stack.resources.get(declared.logical_id)
    if observed.stack.status is StackStatus.UPDATE_ROLLBACK_IN_PROGRESS:
        if existing is not None and declared.logical_id in observed.operation.skip:
            return Put(resource=replace(existing, operation=observed.operation.token, status=ResourceStatus.UPDATE_COMPLETE, updated=now))
        if replaced := _replaced(observed, declared.logical_id):
            return Restore(resource=replace(replaced, operation=observed.operation.token, updated=now, successor=False))
    wanted = _wanted(observed, declared, needs, now)
    try:
        kind = observed.find(declared.type)
        if kind is None:
            raise ApiError("ValidationError", f"Unrecognized resource type: {declared.type}")
        properties = _before(observed, existing) or environments.properties(declared, env)
        wanted = replace(wanted, properties=properties, signals_wanted=signals.wanted(declared.creation_policy, env))
        return steps.step(observed, kind, existing, wanted, update_policies.evaluated(declared.update_policy, env))
    except ApiError as error:
        return steps.not_started(existing, wanted, error.message)
    except Unknown as unknown:
        return steps.not_started(existing, wanted, f"{unknown.logical_id} does not exist")


def _before(observed: Observed, existing: Resource | None) -> Mapping[str, Json] | None:
    """What a rollback brings back: the values before the update, not those that functions have now, such as a template's newest version."""
    updated_now = existing is not None and f"{existing.operation}{ROLLBACK}" == observed.operation.token
    return existing.before if existing is not None and updated_now else None


def _replaced(observed: Observed, logical_id: str) -> Resource | None:
    return next((r for r in observed.stack.discarded if r.logical_id == logical_id and r.successor), None)


def _wanted(observed: Observed, declared: Declaration, needs: tuple[str, ...], now: datetime) -> Resource:
    """The resource as the template wants it, without its properties."""
    creating = observed.stack.status is StackStatus.CREATE_IN_PROGRESS or declared.logical_id not in observed.stack.resources
    return Resource(
        logical_id=declared.logical_id,
        type=declared.type,
        status=ResourceStatus.CREATE_IN_PROGRESS if creating else ResourceStatus.UPDATE_IN_PROGRESS,
        updated=now,
        began=now,
        tags=tags_of(observed.stack, declared.logical_id),
        token=f"{observed.operation.token}-{declared.logical_id}",
        depends_on=needs,
        deletion_policy=declared.deletion_policy,
        update_replace_policy=declared.update_replace_policy,
        metadata=declared.metadata,
        operation=observed.operation.token,
        created_by=observed.operation.token,
    )


# ---- the end -----------------------------------------------------------------------------------------------------------------------------


ENDS = {
    StackStatus.CREATE_IN_PROGRESS: StackStatus.CREATE_COMPLETE,
    StackStatus.UPDATE_IN_PROGRESS: StackStatus.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS,
    StackStatus.UPDATE_ROLLBACK_IN_PROGRESS: StackStatus.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS,
}


def _removed(observed: Observed) -> list[Resource]:
    here = environments.present(observed.template, observed.environment({}))
    return [resource for name, resource in observed.stack.resources.items() if name not in here]


def _finish(observed: Observed) -> MoveStack:
    try:
        found = outputs.evaluate(observed)
        if observed.stack.status is not StackStatus.UPDATE_ROLLBACK_IN_PROGRESS:
            outputs.check_exports(observed, found)
        for removed in _removed(observed):
            steps.check_policy(observed, stack_policy.DELETE, removed)
    except ApiError as error:
        return failures.of_stack(observed, error.message)
    env = observed.environment(observed.stack.resources)
    here = frozenset(environments.present(observed.template, env))
    return MoveStack(
        status=ENDS[observed.stack.status],
        outputs=found,
        imports=environments.imports(observed.template, env),
        keep=here,
    )
