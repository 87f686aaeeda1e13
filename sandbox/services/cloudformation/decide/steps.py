"""What one resource needs to become what its template wants: to be made, replaced, updated, or nothing. Pure."""

from dataclasses import replace

from sandbox.core.control import Action
from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.actions import Create, Put, Update
from sandbox.services.cloudformation.decide import differences, stack_policy
from sandbox.services.cloudformation.decide.observed import Observed
from sandbox.services.cloudformation.model import Resource
from sandbox.services.cloudformation.policy_model import SIZES, RollingUpdate, UpdatePolicy
from sandbox.services.cloudformation.resources.base import Requires, ResourceType
from sandbox.services.cloudformation.status_model import ResourceStatus, StackStatus
from sandbox.services.cloudformation.template_model import SignalsWanted

REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."
CUSTOM_NAME = "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {} and update the stack again."
RELAUNCHING = frozenset({"AvailabilityZones", "LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy", "VPCZoneIdentifier"})
"""Properties of a group whose change makes its instances obsolete."""


def step(observed: Observed, kind: ResourceType, existing: Resource | None, wanted: Resource, policy: UpdatePolicy) -> Action:
    """`wanted`: with the properties of the template; `existing`: what there is. Raises ApiError."""
    _check_properties(kind, wanted)
    if existing is None or existing.physical_id is None:
        return Create(resource=wanted)
    difference = differences.between(kind, existing, wanted.properties, wanted.tags)
    if differences.requires(kind, difference) is Requires.REPLACEMENT or (policy.replaces and RELAUNCHING.intersection(difference.changed)):
        check_policy(observed, stack_policy.REPLACE, existing)
        _check_name(kind, existing, wanted)
        replacing = replace(wanted, reason=REPLACING, replaces=existing.physical_id)
        return Create(resource=replacing, discard=replace(existing, successor=True))
    kept = replace(
        wanted,
        physical_id=existing.physical_id,
        replaces=existing.replaces,
        created_by=existing.created_by,
        attributes=existing.attributes,
        signals_wanted=None,
    )
    if difference or existing.status.is_failed:
        check_policy(observed, stack_policy.MODIFY, existing)
        before = replace(kept, before=existing.properties, before_tags=existing.tags)
        return Update(resource=_by_policy(before, existing, policy))
    status = existing.status if existing.status.is_complete else ResourceStatus.UPDATE_COMPLETE
    unchanged = replace(kept, status=status, reason=existing.reason, updated=existing.updated, token=existing.token)
    return Put(resource=unchanged, quiet=True)


def _by_policy(wanted: Resource, existing: Resource, policy: UpdatePolicy) -> Resource:
    """CFN-71: the rolling update that follows the update of a group. One that failed before goes on: it may have suspended processes."""
    failed = existing.rolling
    rolls = policy.rolling or (failed.policy if failed else None)
    update = RollingUpdate(policy=rolls, suspended=failed.suspended if failed else ()) if rolls else None
    waits = SignalsWanted(count=0, timeout=rolls.pause) if rolls and rolls.signals else None
    same = differences.same
    kept = [size for size in SIZES if policy.ignores_sizes and same(existing.properties.get(size), wanted.properties.get(size))]
    return replace(wanted, rolling=update, signals_wanted=waits, unmodified=tuple(kept))


def check_policy(observed: Observed, action: str, resource: Resource) -> None:
    """CFN-28. A rollback is allowed everything."""
    if observed.stack.status is StackStatus.UPDATE_IN_PROGRESS:
        denial = stack_policy.denial(observed.stack.policy, action, resource.logical_id, resource.type)
        if denial is not None:
            raise ApiError("ValidationError", denial)


def _check_properties(kind: ResourceType, wanted: Resource) -> None:
    if listed := list(kind.problems(wanted.properties)):
        text = f"Properties validation failed for resource {wanted.logical_id} with message:\n" + "\n".join(listed)
        raise ApiError("ValidationError", text)


def _check_name(kind: ResourceType, existing: Resource, wanted: Resource) -> None:
    name = wanted.properties.get(kind.name_property or "")
    if name is not None and name == existing.properties.get(kind.name_property or ""):
        raise ApiError("ValidationError", CUSTOM_NAME.format(name))


def not_started(existing: Resource | None, wanted: Resource, reason: str) -> Put:
    """It failed before any call was made: what exists stays as it is."""
    base = wanted if existing is None else replace(existing, operation=wanted.operation)
    return Put(resource=replace(base, status=wanted.status.ended(False), reason=reason, updated=wanted.updated))
