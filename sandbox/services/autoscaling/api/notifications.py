"""Operations on notification configurations: which topics get which activities (ASG-119). state/notifications.py publishes.

One of the parts of `SandboxAutoScaling` (api/assembly.py). Stored on the group: topic ARN → notification types.
"""

# mypy: allow-subclassing-any

import sandbox.aws.environment  # noqa: F401 - before moto
from sandbox.aws.seams import adds
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.groups import GroupOperations
from sandbox.services.autoscaling.api.quotas import Quota
from sandbox.services.autoscaling.api.validation import notifications as notification_validation
from sandbox.services.autoscaling.state import notifications as notification_state


class NotificationOperations(GroupOperations):
    """Notification configurations."""

    @adds(why="ASG-119: moto lacks notifications")
    def put_notification_configuration(self, group_name: str, topic_arn: str, types: list[str]) -> None:
        """Replaces the topic's earlier configuration. The topic gets a test message: when SNS refuses it, so is the request."""
        group = self.group(group_name)
        notification_validation.types(types)
        Quota.TOPICS.check(len({*group.sandbox.notifications, topic_arn}))
        notification_state.publish_test(group, topic_arn)
        group.sandbox.notifications[topic_arn] = tuple(dict.fromkeys(types))

    @adds(why="ASG-119: moto lacks notifications")
    def delete_notification_configuration(self, group_name: str, topic_arn: str) -> None:
        if self.group(group_name).sandbox.notifications.pop(topic_arn, None) is None:
            raise errors.invalid(f"Notification configuration not found - No notification configuration of {group_name} for {topic_arn}")

    @adds(why="ASG-119: moto lacks notifications")
    def notification_configurations(self, group_names: list[str]) -> list[dict[str, str]]:
        groups = [self.group(name) for name in group_names] or list(self.autoscaling_groups.values())
        return [
            {"AutoScalingGroupName": group.name, "TopicARN": topic, "NotificationType": kind}
            for group in groups
            for topic, kinds in group.sandbox.notifications.items()
            for kind in kinds
        ]
