"""The Auto Scaling loop: one key for each group of every account and Region.

The gateway wakes it after each request, and it wakes itself when an EC2 instance changes its state. What a user could do goes through the
API as `autoscaling`; what only Auto Scaling does is in state/writes.py.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.ports import Clients
from sandbox.services.autoscaling.actions import (
    ClearHandledRequests,
    CloseActivity,
    DeregisterTargets,
    EndLifecycleAction,
    LaunchInstances,
    MarkUnhealthy,
    MoveAttachment,
    MoveMember,
    NotifyLifecycleAction,
    OpenActivity,
    PublishNotification,
    RecordZoneFailure,
    RegisterTargets,
    RemoveGroup,
    RequestReplacement,
    StartLifecycleActions,
    TerminateInstance,
    UpdateActivity,
    UpdateRefresh,
)
from sandbox.services.autoscaling.decide.groups import decide
from sandbox.services.autoscaling.model import (
    Delays,
    Group,
    Memory,
)
from sandbox.services.autoscaling.state import activities, launches, snapshot, writes
from sandbox.services.autoscaling.state import hooks as hook_state
from sandbox.services.autoscaling.state import notifications as notification_state
from sandbox.services.autoscaling.state import refreshes as refresh_state
from sandbox.services.autoscaling.state.clients import CALLER, retried

ALARM_STATE_CHANGE = "CloudWatch Alarm State Change"
INSTANCE_STATE_CHANGE = "EC2 Instance State-change Notification"  # EC2-19
ZONAL_SHIFTS = "aws.arc-zonal-shift"


class AutoScalingController(Shell[Group, Memory]):
    name = "autoscaling"

    def __init__(self, journal: Journal, transport: Clients, delays: Delays | None = None) -> None:
        super().__init__(journal)
        self._transport, self._delays = transport, delays or Delays()
        journal.on_event(self._on_event)

    def _on_event(self, event: Event) -> None:
        """Acts at once, not at the next check: an instance does not run (ASG-48), a shift ended (ASG-113), an alarm ends a refresh."""
        if event.detail_type in (INSTANCE_STATE_CHANGE, ALARM_STATE_CHANGE) or event.source == ZONAL_SHIFTS:
            context().wake(self.name)

    def keys(self) -> Iterable[str]:
        return tuple(scope.key(name) for scope, name in snapshot.groups())

    def has(self, key: str) -> bool:
        return snapshot.find(*Scope.split(key)) is not None

    def observe(self, key: str, now: datetime) -> Group | None:
        group = snapshot.find(*Scope.split(key))
        return snapshot.read_group(group, self.journal) if group else None

    def decide(self, observed: Group, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return decide(observed, memory, now, self._delays)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, name = Scope.split(key)
        group = snapshot.find(scope, name)
        match action:
            case LaunchInstances():
                launches.launch(self._ec2(scope), group, action)
            case TerminateInstance():
                writes.allow_termination(group, action.instance_id)
                with retried():
                    self._ec2(scope).terminate_instances(InstanceIds=[action.instance_id])
            case RegisterTargets() | DeregisterTargets():
                self._targets(scope, action)
                writes.record_registration(group, action)
            case MoveMember():
                writes.move_member(group, action.instance_id, action.move)
            case MoveAttachment():
                writes.move_attachment(group, action.target_group_arn, action.move)
            case StartLifecycleActions() | EndLifecycleAction() | NotifyLifecycleAction():
                hook_state.act(group, action)
            case MarkUnhealthy():
                writes.set_health(group, action.instance_id, action.failure)
            case OpenActivity() | UpdateActivity() | CloseActivity():
                activities.act(group, action)
            case RequestReplacement():
                writes.request_replacement(group, action.instance_id, unhealthy=not action.refresh, refresh=action.refresh)
            case UpdateRefresh():
                refresh_state.update(group, action.refresh)
            case RecordZoneFailure():
                writes.record_zone_failure(group, action.zone)
            case ClearHandledRequests():
                writes.clear_handled_requests(group, action)
            case PublishNotification():
                notification_state.publish(group, action.activity_id)
            case RemoveGroup():
                writes.remove_group(group)

    def _targets(self, scope: Scope, action: RegisterTargets | DeregisterTargets) -> None:
        elbv2 = self._transport.client("elbv2", scope, caller=CALLER)
        call = elbv2.register_targets if isinstance(action, RegisterTargets) else elbv2.deregister_targets
        with retried():
            call(TargetGroupArn=action.target_group_arn, Targets=[{"Id": i} for i in action.instance_ids])

    def _ec2(self, scope: Scope) -> Any:
        return self._transport.client("ec2", scope, caller=CALLER)
