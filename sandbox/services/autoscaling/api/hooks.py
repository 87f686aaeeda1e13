"""Operations on lifecycle hooks, and on the actions for which members wait (ASG-88 to ASG-92).

One of the parts of `SandboxAutoScaling` (api/assembly.py). A request stores a hook or an action's result; decide/hooks.py ends the wait.
"""

# mypy: allow-subclassing-any

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto
from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces
from sandbox.core.errors import ApiError
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.groups import GroupOperations
from sandbox.services.autoscaling.api.quotas import Quota
from sandbox.services.autoscaling.api.validation import hooks as hook_validation
from sandbox.services.autoscaling.decide import events
from sandbox.services.autoscaling.decide import hooks as hook_decisions
from sandbox.services.autoscaling.hook_model import Hook, LifecycleAction, Result, Transition
from sandbox.services.autoscaling.state import hooks as hook_state
from sandbox.services.autoscaling.state.store import SandboxMember

COMPLETED = "Lifecycle Action Completed with {} Result"  # of the StatusMessage


class HookOperations(GroupOperations):
    """Lifecycle hooks."""

    @adds(why="ASG-88: moto's has other parameters, and no effect")
    def put_hook(self, given: Mapping[str, Any]) -> None:
        group = self.group(given["AutoScalingGroupName"])
        self._refuse_while_deleting(group)
        before = group.sandbox.hooks.get(given["LifecycleHookName"])
        self._keep(group, hook_validation.hook(given, before), test=bool(given.get("NotificationTargetARN")))

    @adds(why="ASG-88: LifecycleHookSpecificationList")
    def put_first_hooks(self, name: str, hooks: tuple[Hook, ...]) -> None:
        """Of a group that was made a moment ago; when one of them is refused, so is the group."""
        try:
            for hook in hooks:
                self._keep(self.group(name), hook, test=hook.notification_target is not None)
        except ApiError:
            self.remove_group(name)
            raise

    def _keep(self, group: Any, hook: Hook, test: bool) -> None:
        """`test`: the target gets a test message. When it cannot be published, the request is refused (ASG-92)."""
        Quota.HOOKS.check(len({*group.sandbox.hooks, hook.name}))
        if test and not hook_state.send_test(group, hook):
            raise errors.target_unreachable(str(hook.notification_target), str(hook.role))
        group.sandbox.hooks[hook.name] = hook
        _record(group, f"{group.name} has lifecycle hook {hook.name} of {hook.transition.value}", hook)

    @replaces(why="ASG-5: an unknown group is a ValidationError; moto's hooks have no effect")
    def describe_lifecycle_hooks(self, as_name: str, lifecycle_hook_names: list[str] | None = None) -> list[Hook]:
        found = self.group(as_name).sandbox.hooks.values()
        return [hook for hook in found if not lifecycle_hook_names or hook.name in lifecycle_hook_names]

    @replaces(why="ASG-88: outstanding actions are completed first: ABANDON at launch, CONTINUE at termination")
    def delete_lifecycle_hook(self, as_name: str, name: str) -> None:
        group = self.group(as_name)
        hook = group.sandbox.hooks.pop(name, None)
        if hook is None:
            raise errors.unknown_hook(name, as_name)
        result = Result.ABANDON if hook.transition is Transition.LAUNCHING else Result.CONTINUE
        for member in group.instance_states:
            for action in _active(member, name):
                self._complete(group, member, action, result)
        _record(group, f"{group.name} has lifecycle hook {name} no more", hook)

    # ---- actions -----------------------------------------------------------------------------------------------------------------------

    @adds(why="ASG-89: moto lacks it")
    def complete_lifecycle_action(self, given: Mapping[str, Any]) -> None:
        result = hook_validation.result(given["LifecycleActionResult"])
        group, member, action = self._named_action(given)
        self._complete(group, member, action, result)

    @adds(why="ASG-89: moto lacks it")
    def record_lifecycle_action_heartbeat(self, given: Mapping[str, Any]) -> None:
        _, member, action = self._named_action(given)
        now = context().clock.now()
        hook_state.change(member, action.hook.name, lambda each: replace(each, heartbeat=now))

    def _complete(self, group: Any, member: SandboxMember, action: LifecycleAction, result: Result) -> None:
        reason = COMPLETED.format(result.value)
        hook_state.complete(member, action.hook.name, result, reason)
        subject = events.Subject(group=group.name, instance_id=member.instance_id)
        context().journal.record(hook_decisions.ended(subject, action, result, reason))

    def _named_action(self, given: Mapping[str, Any]) -> tuple[Any, SandboxMember, LifecycleAction]:
        group = self.group(hook_validation.group_name(given["AutoScalingGroupName"]))
        token, instance_id = hook_validation.which(given)
        for member in group.instance_states:
            for action in _active(member, given["LifecycleHookName"]):
                if token in (None, action.token) and instance_id in (None, member.instance_id):
                    return group, member, action
        raise errors.no_lifecycle_action(token, instance_id)


def _active(member: SandboxMember, hook: str) -> list[LifecycleAction]:
    """The member's actions of that hook that have no result yet; one at most."""
    now = context().clock.now()
    return [each for each in member.lifecycle_actions if each.hook.name == hook and each.result is None and now < each.expires]


def _record(group: Any, summary: str, hook: Hook) -> None:
    detail = {"LifecycleHookName": hook.name, "LifecycleTransition": hook.transition.value}
    context().journal.record(events.event(events.HOOK, summary, events.Subject(group=group.name), detail))
