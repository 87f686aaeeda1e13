"""SQS: Queue, QueuePolicy, QueueInlinePolicy."""

from sandbox.aws.context import context
from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.attached import AttachedPolicy
from sandbox.services.cloudformation.resources.base import Call, Gone, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, is_missing, table
from sandbox.services.cloudformation.resources.parameters import changed, true
from sandbox.services.cloudformation.resources.types.topics import attributes

NAME_LIMIT, FIFO = 80, ".fifo"
DEFAULTS = {  # what an attribute means that an update takes out of the template
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


class Queue(Kind):
    """Its physical id is its URL, as a client outside the sandbox sees it."""

    type_name, service, tagging, name_property = "AWS::SQS::Queue", "sqs", tags.SQS, "QueueName"
    properties = table("FifoQueue QueueName", " ".join((*DEFAULTS, "Tags")))
    attributes = frozenset({"Arn", "QueueName", "QueueUrl"})

    def make(self, call: Call, wanted: Wanted) -> str:
        fifo = true(wanted.properties.get("FifoQueue", False))
        name = self.name(wanted, NAME_LIMIT, FIFO if fifo else "")
        self.refuse_existing(wanted, lambda name: _arn(call, _url(call, name)))
        given = attributes(wanted.properties, DEFAULTS) | ({"FifoQueue": "true"} if fifo else {})
        call("sqs", "create_queue", QueueName=name, Attributes=given, tags=tags.merged(wanted))
        return _url(call, name)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        names = changed(old.properties, new.properties).intersection(DEFAULTS)
        if names:
            given = {name: DEFAULTS[name] for name in names} | attributes(new.properties, names)
            call("sqs", "set_queue_attributes", QueueUrl=physical_id, Attributes=given)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("sqs", "delete_queue", QueueUrl=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        queue_arn = _arn(call, physical_id)
        if queue_arn is None:
            return Gone()
        return Ready({"Arn": queue_arn, "QueueName": physical_id.rpartition("/")[2], "QueueUrl": physical_id})


def _url(call: Call, name: str) -> str:
    """SQS answers with the host of the request, which inside the sandbox is none that a client can reach."""
    return f"{context().settings.endpoint}/{call.scope.account}/{name}"


def _arn(call: Call, url: str) -> str | None:
    try:
        return str(call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
    except ApiError as error:
        if not is_missing(error):
            raise
        return None


class QueuePolicy(AttachedPolicy):
    type_name, service, holders = "AWS::SQS::QueuePolicy", "sqs", "Queues"
    properties = table(unchanged="PolicyDocument Queues")
    required = frozenset({"PolicyDocument", "Queues"})
    attributes = frozenset({"Id"})

    def exists(self, call: Call, holder: str) -> bool:
        return _arn(call, holder) is not None

    def attach(self, call: Call, holder: str, policy: str) -> None:
        call("sqs", "set_queue_attributes", QueueUrl=holder, Attributes={"Policy": policy})

    def detach(self, call: Call, holder: str) -> None:
        self.attach(call, holder, "")


class QueueInlinePolicy(QueuePolicy):
    type_name, holders, inline = "AWS::SQS::QueueInlinePolicy", "Queue", True
    properties = table("Queue", "PolicyDocument")
    required = frozenset({"PolicyDocument", "Queue"})
    attributes = frozenset()


TYPES = (Queue(), QueuePolicy(), QueueInlinePolicy())
