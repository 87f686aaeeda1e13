"""The lifecycle actions of members: started, completed, extended; and the messages to the targets of hooks (ASG-88 to ASG-93).

Each function changes one of moto's groups. A message goes through the API of SNS or SQS, as Auto Scaling. When it is refused, an event is
recorded and the wait goes on: the message is not sent again.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from botocore.exceptions import ClientError
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.services.autoscaling.actions import EndLifecycleAction, NotifyLifecycleAction, StartLifecycleActions
from sandbox.services.autoscaling.decide import events, hooks, notifications
from sandbox.services.autoscaling.decide.notifications import GroupNames
from sandbox.services.autoscaling.hook_model import Hook, LifecycleAction, Result, Transition
from sandbox.services.autoscaling.state.clients import client, scope_of
from sandbox.services.autoscaling.state.store import SandboxMember, member_of

TRUSTED = "autoscaling.amazonaws.com"


def act(group: Any, action: StartLifecycleActions | EndLifecycleAction | NotifyLifecycleAction) -> None:
    match action:
        case StartLifecycleActions():
            start(group, action.instance_id, action.transition)
        case EndLifecycleAction():
            complete(member_of(group, action.instance_id), action.hook, action.result, hooks.TIMED_OUT)
        case NotifyLifecycleAction():
            notify(group, action.instance_id, action.hook)


def start(group: Any, instance_id: str, transition: Transition) -> None:
    """One action with its own token for each hook, and AWS's event for each."""
    now, member = context().clock.now(), member_of(group, instance_id)
    running = [hook for hook in group.sandbox.hooks.values() if hook.transition is transition]
    member.lifecycle_actions = tuple(
        LifecycleAction(token=str(mock_random.uuid4()), hook=hook, started=now, heartbeat=now) for hook in running
    )
    for action in member.lifecycle_actions:
        subject = events.Subject(group=group.name, instance_id=instance_id)
        summary = f"{instance_id} of {group.name} waits for lifecycle hook {action.hook.name}"
        facts = hooks.detail(group.name, instance_id, action)
        context().journal.record(events.event(hooks.DETAIL_TYPES[transition], summary, subject, facts))


def change(member: SandboxMember, hook: str, changed: Callable[[LifecycleAction], LifecycleAction]) -> None:
    actions = member.lifecycle_actions
    member.lifecycle_actions = tuple(changed(each) if each.hook.name == hook else each for each in actions)


def complete(member: SandboxMember, hook: str, result: Result, reason: str) -> None:
    change(member, hook, lambda action: replace(action, result=result, reason=reason))


def notify(group: Any, instance_id: str, hook: str) -> None:
    """Once, for better or worse."""
    member = member_of(group, instance_id)
    action = next(each for each in member.lifecycle_actions if each.hook.name == hook)
    change(member, hook, lambda each: replace(each, notified=True))
    text = hooks.message(names(group), instance_id, action, str(mock_random.uuid4()))
    try:
        _send(group, action.hook, hooks.subject(instance_id, action), text)
    except ClientError as error:
        reason = error.response["Error"]["Message"]
        summary = f"{group.name} could not notify {action.hook.notification_target} of {hook} for {instance_id}: {reason}"
        subject = events.Subject(group=group.name, instance_id=instance_id, other_resources=(str(action.hook.notification_target),))
        context().journal.record(events.event(events.NOT_PUBLISHED, summary, subject))


def send_test(group: Any, hook: Hook) -> bool:
    """Whether the hook's role lets Auto Scaling assume it, and the target took the test message (ASG-92)."""
    own = names(group)
    text = notifications.test_message(own, str(mock_random.uuid4()), context().clock.now())
    with suppress(ClientError):
        if _assumable(group, str(hook.role)):
            _send(group, hook, notifications.test_subject(own), text)
            return True
    return False


def _send(group: Any, hook: Hook, subject: str, text: str) -> None:
    """Raises ClientError when the target refuses the message."""
    target = str(hook.notification_target)
    service, region, account, name = (target.split(":") + [""] * 6)[2:6]
    scope = Scope(scope_of(group.autoscaling_backend).account, region)
    if service == "sns":
        client("sns", scope).publish(TopicArn=target, Subject=subject[:99], Message=text)  # SNS-4
        return
    sqs = client("sqs", scope)
    url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=text)


def _assumable(group: Any, role: str) -> bool:
    """Raises ClientError when there is no such role."""
    found = client("iam", scope_of(group.autoscaling_backend)).get_role(RoleName=role.rpartition("/")[2])["Role"]
    return found["Arn"] == role and TRUSTED in _trusted(found["AssumeRolePolicyDocument"])


def _trusted(document: Any) -> Iterator[str]:
    """The services that the trust policy lets assume the role."""
    for statement in _listed(document.get("Statement")):
        principal = statement.get("Principal") or {}
        if statement.get("Effect") == "Allow" and isinstance(principal, dict):
            yield from _listed(principal.get("Service"))


def names(group: Any) -> GroupNames:
    return GroupNames(name=group.name, arn=group.arn, account=group.autoscaling_backend.account_id)


def _listed(value: Any) -> list[Any]:
    """IAM's documents have one value where a list has one item."""
    return value if isinstance(value, list) else [] if value is None else [value]
