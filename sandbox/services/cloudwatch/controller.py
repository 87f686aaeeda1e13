"""CloudWatch's loop: evaluates metric alarms every minute and composite alarms when a child changes; runs alarm actions.

decide/alarms.py decides. A failed action is an item of the alarm's history, not an exception: AWS runs an action once (scaling policies:
again every minute).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.ports import Clients
from sandbox.services.cloudwatch.actions import (
    AlarmAction,
    ClearSetStates,
    Ec2Action,
    ExecuteScalingPolicy,
    NotifyTopic,
    UnsupportedAction,
    UpdateState,
    UpdateSuppression,
)
from sandbox.services.cloudwatch.decide.alarms import Memory, Observed, changed_child, decide
from sandbox.services.cloudwatch.decide.notifications import Location
from sandbox.services.cloudwatch.model import CompositeAlarm
from sandbox.services.cloudwatch.state import regions, snapshot, writes
from sandbox.services.cloudwatch.state.api_errors import error_text
from sandbox.services.cloudwatch.state.backends import Backend, alarm_keys, find_backend
from sandbox.services.cloudwatch.state.history import AlarmActionResult
from sandbox.services.cloudwatch.state.records import AlarmRecord, parents_of, record_of, records_of

HEALTH_METRICS = ("StatusCheckFailed", "UnHealthyHostCount", "HealthyHostCount")
"""Metrics whose newest value is a consequence of the newest event about the resource that they measure."""
ALARM_ACTION = "CloudWatch Alarm Action"
AWS_MANAGED_KEY = "alias/aws/sns"  # only SNS may use this key, and its policy cannot be changed (SNS-13)
NO_KEY = "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."  # CW-53


class CloudWatchController(Shell[Observed, Memory]):
    """Keys are alarm names."""

    name = "cloudwatch"

    def __init__(self, journal: Journal, transport: Clients) -> None:
        super().__init__(journal)
        self._transport = transport

    def keys(self) -> Iterable[str]:
        return alarm_keys()

    def observe(self, key: str, now: datetime) -> Observed | None:
        scope, name = Scope.split(key)
        backend = find_backend(scope)
        record = record_of(backend, name) if backend else None
        if backend is None or record is None:
            return None
        memory = self._memory.get(key)
        due = memory is not None and memory.configured_at == record.configuration.updated_at and now >= memory.next_evaluation
        location = Location(account=scope.account, region=scope.region, region_name=regions.region_name(scope.region))
        observed = snapshot.observe(backend, record, location, now if due else None)
        return replace(observed, cause=self._cause(observed), latest_event=self.journal.latest(name))

    def _cause(self, observed: Observed) -> str | None:
        alarm = observed.alarm
        if isinstance(alarm, CompositeAlarm):
            return self._latest_change(changed_child(observed) or alarm.name)
        if alarm.metric is None or not alarm.metric.name.startswith(HEALTH_METRICS):
            return None
        measured = [value.split("/")[1] if value.startswith("targetgroup/") else value for _, value in alarm.metric.dimensions]
        return next((cause for one in measured if (cause := self.journal.latest(one))), None)

    def _latest_change(self, name: str) -> str | None:
        """The newest event about the alarm that is not an action of it: what caused the action."""
        latest = self.journal.latest(name)
        event = self.journal.get(latest) if latest else None
        return event.cause if event and event.detail_type == ALARM_ACTION else latest

    def decide(self, observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, name = Scope.split(key)
        backend = find_backend(scope)
        record = record_of(backend, name) if backend else None
        if backend is None or record is None:  # an earlier action of this decision deleted the alarm
            return
        match action:
            case UpdateState():
                writes.update_state(backend, record, action.change)
                self._wake_parents(scope, backend, name)
            case ClearSetStates():
                writes.clear_set_states(record)
                self._wake_parents(scope, backend, name)
            case UpdateSuppression():
                writes.update_suppression(record, action.suppression)
            case AlarmAction():
                self._run(scope, backend, record, action)

    def _wake_parents(self, scope: Scope, backend: Backend, name: str) -> None:
        for parent in parents_of(records_of(backend), name):
            context().wake(self.name, scope.key(parent))

    def _run(self, scope: Scope, backend: Backend, record: AlarmRecord, action: AlarmAction) -> None:
        name = record.configuration.name
        error = self._error_of(scope, name, action)
        message = action.message if isinstance(action, NotifyTopic) else None
        result = AlarmActionResult(arn=action.arn, state_updated_at=action.state_updated_at, error=error, message=message)
        if writes.record_action_result(backend, record, result, action.repeated):
            self.journal.record(_action_event(name, result))

    def _error_of(self, scope: Scope, name: str, action: AlarmAction) -> str | None:
        """Runs the action. → None when it succeeded, else the text for the history: no error of an action stops the alarm."""
        try:
            self._carry_out(scope, name, action)
        except Exception as error:
            return error_text(error)
        return None

    def _carry_out(self, scope: Scope, name: str, action: AlarmAction) -> None:
        match action:
            case NotifyTopic():
                self._publish(scope, action)
            case ExecuteScalingPolicy():
                self._execute_policy(scope, name, action)
            case Ec2Action():
                self._run_ec2_action(scope, action)
            case UnsupportedAction():
                raise ActionFailed(action.error)

    def _client(self, service: str, scope: Scope, arn: str) -> Any:
        """A client in the Region of the target."""
        region = arn.split(":")[3] or scope.region
        return self._transport.client(service, Scope(scope.account, region), "cloudwatch")

    def _publish(self, scope: Scope, action: NotifyTopic) -> None:
        sns = self._client("sns", scope, action.arn)
        if sns.get_topic_attributes(TopicArn=action.arn)["Attributes"].get("KmsMasterKeyId") == AWS_MANAGED_KEY:
            raise ActionFailed(NO_KEY)
        sns.publish(TopicArn=action.arn, Subject=action.subject, Message=action.message, MessageStructure="json")

    def _execute_policy(self, scope: Scope, name: str, action: ExecuteScalingPolicy) -> None:
        """Through Auto Scaling's internal entry, which takes the alarm's name and datapoints (core.ports.ExecutePolicy)."""
        context().execute_policy(
            scope=scope,
            policy_arn=action.arn,
            alarm_name=name,
            alarm_state=action.state.value,
            datapoints=action.datapoints,
            threshold=action.threshold,
        )

    def _run_ec2_action(self, scope: Scope, action: Ec2Action) -> None:
        """Recovery keeps the instance and reboots it on other hardware, so here it is a reboot."""
        client, instances = self._client("ec2", scope, action.arn), [action.instance_id]
        match action.verb:
            case "stop":
                client.stop_instances(InstanceIds=instances)
            case "terminate":
                client.terminate_instances(InstanceIds=instances)
            case _:
                client.reboot_instances(InstanceIds=instances)


class ActionFailed(Exception):
    """The text is for the alarm's history."""


def _action_event(name: str, result: AlarmActionResult) -> Event:
    return Event(
        source="aws.cloudwatch",
        detail_type=ALARM_ACTION,
        summary=f"alarm {name}: {result.summary}",
        resources=(name, result.arn),
        detail={"alarmName": name, "action": result.arn, "error": result.error},
    )
