"""CloudWatch's loop: each alarm in its second, each composite alarm when a child changed. Carries out what decide/alarms.py decides.

An action that fails is an entry in the alarm's history, never an exception: AWS tries it once (scaling policies: again after a minute).
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.ports import Clients
from sandbox.services.cloudwatch.api import assembly
from sandbox.services.cloudwatch.decide.alarms import Memory, Observed, decide
from sandbox.services.cloudwatch.decide.notifications import Place
from sandbox.services.cloudwatch.model import (
    Ec2Action,
    ExecuteScalingPolicy,
    ForgetSetStates,
    MetricAlarm,
    NotifyTopic,
    RefuseAction,
    Run,
    ShowSuppression,
    UpdateState,
)
from sandbox.services.cloudwatch.state import records, regions, snapshot
from sandbox.services.cloudwatch.state.history import Outcome

HEALTH_METRICS = ("StatusCheckFailed", "UnHealthyHostCount", "HealthyHostCount")
"""Metrics whose newest value follows from the newest event about what they measure."""
AWS_MANAGED_KEY = "alias/aws/sns"  # its policy lets nobody but SNS use it, and nobody can change that (SNS-13)
NO_KEY = "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."  # CW-53


class CloudWatchController(Shell[Observed, Memory]):
    """Keys are alarm names."""

    name = "cloudwatch"

    def __init__(self, journal: Journal, transport: Clients) -> None:
        super().__init__(journal)
        self._transport = transport

    def keys(self) -> Iterable[str]:
        return assembly.alarm_keys()

    def observe(self, key: str, now: datetime) -> Observed | None:
        scope, name = Scope.split(key)
        kept = assembly.backend_of(scope)
        record = kept.record_of(name)
        if record is None:
            return None
        memory = self._memory.get(key)
        due = memory is not None and memory.configured_at == record.configuration.updated_at and now >= memory.next_evaluation
        place = Place(account=scope.account, region=scope.region, region_name=regions.region_name(scope.region))
        return snapshot.observe(kept, record, place, due, now, self._cause(record))

    def _cause(self, record: records.AlarmRecord) -> str | None:
        alarm = record.configuration
        if not isinstance(alarm, MetricAlarm) or alarm.metric is None or not alarm.metric.name.startswith(HEALTH_METRICS):
            return None
        measured = [value.split("/")[1] if value.startswith("targetgroup/") else value for _, value in alarm.metric.dimensions]
        return next((cause for one in measured if (cause := self.journal.latest(one))), None)

    def decide(self, observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, name = Scope.split(key)
        kept = assembly.backend_of(scope)
        record = kept.record_of(name)
        if record is None:  # an action before this one deleted the alarm
            return
        match action:
            case UpdateState():
                kept.update_state(name, action.change)
                self._wake_parents(scope, name)
            case ForgetSetStates():
                record.set_states = ()
                self._wake_parents(scope, name)
            case ShowSuppression():
                record.suppression = action
            case Run():
                with self.journal.because(self.journal.current_cause or self.journal.latest(name)):
                    self._run(scope, name, action)

    def _wake_parents(self, scope: Scope, name: str) -> None:
        for parent in records.parents_of(assembly.backend_of(scope).records(), name):
            context().wake(self.name, scope.key(parent))

    def _run(self, scope: Scope, name: str, action: Run) -> None:
        error = _attempt(lambda: self._carry_out(scope, name, action))
        message = action.message if isinstance(action, NotifyTopic) else None
        outcome = Outcome(arn=action.arn, state_updated_at=action.state_updated_at, error=error, message=message)
        if assembly.backend_of(scope).note_outcome(name, outcome, action.again):
            self.journal.record(_acted(name, outcome))

    def _carry_out(self, scope: Scope, name: str, action: Run) -> None:
        match action:
            case NotifyTopic():
                self._publish(scope, action)
            case ExecuteScalingPolicy():
                self._execute_policy(scope, name, action)
            case Ec2Action():
                self._ec2(scope, action)
            case RefuseAction():
                raise ActionFailed(action.error)

    def _client(self, service: str, scope: Scope, arn: str) -> Any:
        """In the Region of the target."""
        region = arn.split(":")[3] or scope.region
        return self._transport.client(service, Scope(scope.account, region), "cloudwatch")

    def _publish(self, scope: Scope, action: NotifyTopic) -> None:
        sns = self._client("sns", scope, action.arn)
        if sns.get_topic_attributes(TopicArn=action.arn)["Attributes"].get("KmsMasterKeyId") == AWS_MANAGED_KEY:
            raise ActionFailed(NO_KEY)
        sns.publish(TopicArn=action.arn, Subject=action.subject, Message=action.message, MessageStructure="json")

    def _execute_policy(self, scope: Scope, name: str, action: ExecuteScalingPolicy) -> None:
        """By Auto Scaling's internal entry, which gets the alarm's name and datapoints."""
        context().execute_policy(
            scope=scope,
            policy_arn=action.arn,
            alarm_name=name,
            alarm_state=action.state.value,
            datapoints=action.datapoints,
            threshold=action.threshold,
        )

    def _ec2(self, scope: Scope, action: Ec2Action) -> None:
        """A recovered instance is the same one after a reboot on other hardware, so recovery is a reboot here."""
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


def _attempt(work: Callable[[], None]) -> str | None:
    """The error's text, as AWS's API or the service gave it; None when it went well. Everything an action can do is answered here."""
    try:
        work()
    except Exception as error:
        answer = getattr(error, "response", None)
        if isinstance(answer, dict) and "Error" in answer:
            return str(answer["Error"].get("Message") or answer["Error"].get("Code"))
        return str(getattr(error, "message", None) or error)
    return None


def _acted(name: str, outcome: Outcome) -> Event:
    return Event(
        source="aws.cloudwatch",
        detail_type="CloudWatch Alarm Action",
        summary=f"alarm {name}: {outcome.summary}",
        resources=(name, outcome.arn),
        detail={"alarmName": name, "action": outcome.arn, "error": outcome.error},
    )
