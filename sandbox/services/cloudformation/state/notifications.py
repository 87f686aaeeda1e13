"""NotificationARNs: each stack event is published to the stack's topics, in AWS's form (CFN-19)."""

from botocore.exceptions import ClientError

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.events import Event
from sandbox.services.cloudformation.model import Stack, StackEvent
from sandbox.services.cloudformation.resources.base import CALLER

SUBJECT = "AWS CloudFormation Notification"
NOT_PUBLISHED = "Notification Not Published"


def publish(scope: Scope, stack: Stack, event: StackEvent) -> None:
    """A topic that is gone does not stop the stack: the journal says so."""
    message = text(scope, stack, event)
    for arn in stack.version.notification_arns:
        region = arn.split(":")[3] if arn.count(":") >= 5 else scope.region
        client = context().clients.client("sns", Scope(scope.account, region), CALLER)
        try:
            client.publish(TopicArn=arn, Message=message, Subject=SUBJECT)
        except ClientError as error:
            _record(stack, arn, str(error))


def text(scope: Scope, stack: Stack, event: StackEvent) -> str:
    members = {
        "StackId": stack.id,
        "Timestamp": event.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{event.at.microsecond // 1000:03d}Z",
        "EventId": event.id,
        "LogicalResourceId": event.logical_id,
        "Namespace": scope.account,
        "PhysicalResourceId": event.physical_id,
        "ResourceProperties": event.properties or "null",
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or "",
        "ResourceType": event.about,
        "StackName": stack.name,
        "ClientRequestToken": event.client_request_token or "null",
    }
    return "".join(f"{name}='{value}'\n" for name, value in members.items())


def _record(stack: Stack, arn: str, why: str) -> None:
    context().journal.record(
        Event(
            source="aws.cloudformation",
            detail_type=NOT_PUBLISHED,
            summary=f"an event of stack {stack.name} could not be published to {arn}: {why}",
            resources=(stack.name, stack.id, arn),
        )
    )
