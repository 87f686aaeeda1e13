"""Publishes to the topics of a group: the test message when a topic is configured, and each ended activity of its types (ASG-119).

It uses SNS's API. When SNS refuses a message, an event is recorded; the message is not sent again.
"""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from botocore.exceptions import ClientError
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.activity_model import Activity
from sandbox.services.autoscaling.decide import events, notifications
from sandbox.services.autoscaling.decide.notifications import GroupNames
from sandbox.services.autoscaling.state.clients import client, scope_of


def publish_test(group: Any, topic_arn: str) -> None:
    """Raises ValidationError when SNS refuses the message."""
    names = _names(group)
    try:
        text = notifications.test_message(names, str(mock_random.uuid4()), context().clock.now())
        _publish(group, topic_arn, notifications.test_subject(names), text)
    except ClientError as error:
        raise errors.topic_unreachable(topic_arn, error.response["Error"]["Message"]) from None


def publish(group: Any, activity_id: str) -> None:
    """Publishes the activity to all topics configured for its type, once."""
    group.sandbox.pending_notifications.remove(activity_id)
    activity = group.sandbox.activities.get(activity_id)
    if activity is None:  # removed from the history meanwhile
        return
    names = _names(group)
    topics = [topic for topic, kinds in group.sandbox.notifications.items() if notifications.kind(activity) in kinds]
    if not topics:
        return
    text = notifications.message(names, activity, _invoking_alarms(group, activity))
    for topic_arn in topics:
        try:
            _publish(group, topic_arn, notifications.subject(names, activity), text)
        except ClientError as error:
            _record_failure(group, topic_arn, activity, error.response["Error"]["Message"])


def _publish(group: Any, topic_arn: str, subject: str, text: str) -> None:
    parts = topic_arn.split(":")
    own = scope_of(group.autoscaling_backend)
    scope = Scope(own.account, parts[3]) if len(parts) > 5 and parts[3] else own
    client("sns", scope).publish(TopicArn=topic_arn, Subject=subject[:99], Message=text)  # SNS-4


def _invoking_alarms(group: Any, activity: Activity) -> list[dict[str, Any]]:
    if activity.trigger is None or activity.trigger.alarm is None:
        return []
    scope = scope_of(group.autoscaling_backend)
    found = client("cloudwatch", scope).describe_alarms(AlarmNames=[activity.trigger.alarm])["MetricAlarms"]
    return [notifications.invoking_alarm(alarm, scope.account, scope.region) for alarm in found]


def _record_failure(group: Any, topic_arn: str, activity: Activity, message: str) -> None:
    summary = f"{group.name} could not notify {topic_arn} of {activity.description!r}: {message}"
    subject = events.Subject(group=group.name, instance_id=activity.instance_id, other_resources=(topic_arn,))
    context().journal.record(events.of_activity(events.NOT_PUBLISHED, summary, subject, activity))


def _names(group: Any) -> GroupNames:
    return GroupNames(name=group.name, arn=group.arn, account=group.autoscaling_backend.account_id)
