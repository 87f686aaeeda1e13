"""The Auto Scaling loop: one key for each group of every account and Region.

The gateway wakes it after each request, and it wakes itself when EC2 tells of a change of an instance. What a user could do goes through
the API as `autoscaling`; what only Auto Scaling does is in state/writes.py.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.ports import Clients
from sandbox.services.autoscaling.actions import (
    CloseActivity,
    DeregisterTargets,
    FailZone,
    ForgetGroup,
    LaunchInstances,
    MarkUnhealthy,
    MoveAttachment,
    MoveMember,
    Notify,
    OpenActivity,
    Owe,
    RegisterTargets,
    Settle,
    TerminateInstance,
    UpdateActivity,
)
from sandbox.services.autoscaling.decide import texts
from sandbox.services.autoscaling.decide.groups import decide
from sandbox.services.autoscaling.model import (
    Delays,
    Group,
    Memory,
)
from sandbox.services.autoscaling.state import launches, snapshot, writes
from sandbox.services.autoscaling.state import notifications as notification_state
from sandbox.services.autoscaling.state.clients import CALLER
from sandbox.services.autoscaling.state.store import launch_source

INSTANCE_STATE_CHANGE = "EC2 Instance State-change Notification"  # EC2-19
ZONAL = frozenset({"InsufficientInstanceCapacity", "InsufficientFreeAddressesInSubnet", "Unsupported"})
"""Refusals that another zone may not give (ASG-26). All others would meet the same launch anywhere."""


class AutoScalingController(Shell[Group, Memory]):
    name = "autoscaling"

    def __init__(self, journal: Journal, transport: Clients, delays: Delays | None = None) -> None:
        super().__init__(journal)
        self._transport, self._delays = transport, delays or Delays()
        journal.on_event(self._hear)

    def _hear(self, event: Event) -> None:
        """ASG-48: an instance that does not run is found at once, not at the next periodic look."""
        if event.detail_type == INSTANCE_STATE_CHANGE:
            context().wake(self.name)

    def keys(self) -> Iterable[str]:
        return tuple(scope.key(name) for scope, name in snapshot.known())

    def observe(self, key: str, now: datetime) -> Group | None:
        group = snapshot.find(*Scope.split(key))
        return snapshot.read(group, self.journal) if group else None

    def decide(self, observed: Group, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return decide(observed, memory, now, self._delays)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, name = Scope.split(key)
        group = snapshot.find(scope, name)
        match action:
            case LaunchInstances():
                self._launch(scope, group, action)
            case TerminateInstance():
                self._terminate(scope, group, action.instance_id)
            case RegisterTargets() | DeregisterTargets():
                self._targets(scope, action)
            case MoveMember():
                writes.move_member(group, action.instance_id, action.move)
            case MoveAttachment():
                writes.move_attachment(group, action.target_group_arn, action.move)
            case MarkUnhealthy():
                writes.mark(group, action.instance_id, action.failure)
            case OpenActivity():
                writes.open_activity(group, action)
            case UpdateActivity():
                writes.update_activity(group, action)
            case CloseActivity():
                writes.close_activity(group, action)
            case Owe():
                writes.owe(group, action.instance_id, unhealthy=True)
            case FailZone():
                writes.fail_zone(group, action.zone)
            case Settle():
                writes.settle(group, action)
            case Notify():
                notification_state.tell(group, action.activity_id)
            case ForgetGroup():
                group.autoscaling_backend.forget_group(group.name)

    def _targets(self, scope: Scope, action: RegisterTargets | DeregisterTargets) -> None:
        elbv2 = self._transport.client("elbv2", scope, caller=CALLER)
        call = elbv2.register_targets if isinstance(action, RegisterTargets) else elbv2.deregister_targets
        call(TargetGroupArn=action.target_group_arn, Targets=[{"Id": i} for i in action.instance_ids])

    def _ec2(self, scope: Scope) -> Any:
        return self._transport.client("ec2", scope, caller=CALLER)

    def _launch(self, scope: Scope, group: Any, launch: LaunchInstances) -> None:
        request = launches.parameters(group, launch, launch_source(group))
        try:
            answer = self._ec2(scope).run_instances(**request)
        except ClientError as error:
            refusal = error.response["Error"]
            message = texts.launch_failure(refusal["Code"], refusal["Message"])
            writes.launch_failed(group, launch, message, zonal=refusal["Code"] in ZONAL)
            return
        ec2 = group.autoscaling_backend.ec2_backend
        writes.adopt(group, [ec2.get_instance(i["InstanceId"]) for i in answer["Instances"]], launch)

    def _terminate(self, scope: Scope, group: Any, instance_id: str) -> None:
        writes.member_of(group, instance_id).instance.disable_api_termination = False  # EC2-8: it does not stop Auto Scaling
        self._ec2(scope).terminate_instances(InstanceIds=[instance_id])
