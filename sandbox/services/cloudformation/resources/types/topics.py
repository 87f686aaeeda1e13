"""SNS: Topic, Subscription, TopicPolicy, TopicInlinePolicy."""

import json
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.arns import arn
from sandbox.services.cloudformation.resources.attached import AttachedPolicy
from sandbox.services.cloudformation.resources.base import Call, Gone, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, is_missing, table
from sandbox.services.cloudformation.resources.parameters import Properties, changed, document, pick, text, true

NAME_LIMIT, FIFO = 256, ".fifo"
TOPIC_DEFAULTS = {  # what an attribute means that an update takes out of the template
    "ArchivePolicy": "{}",
    "ContentBasedDeduplication": "false",
    "DisplayName": "",
    "FifoThroughputScope": "Topic",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "262144",
    "SignatureVersion": "1",
    "TracingConfig": "PassThrough",
}
SUBSCRIPTION_DEFAULTS = {
    "DeliveryPolicy": "{}",
    "FilterPolicy": "{}",
    "FilterPolicyScope": "MessageAttributes",
    "RawMessageDelivery": "false",
    "RedrivePolicy": "{}",
    "ReplayPolicy": "{}",
    "SubscriptionRoleArn": "",
}
PENDING = "pending confirmation"
DEFAULT_ACTIONS = (
    *("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe"),
    *("ListSubscriptionsByTopic", "Publish"),
)


def attributes(properties: Properties, names: Any) -> dict[str, str]:
    """Those properties as SNS and SQS take attributes: text, and JSON as text."""
    given = pick(properties, *names)
    return {name: document(value) if isinstance(value, dict | list) else text(value) for name, value in given.items()}


class Topic(Kind):
    """Its physical id is its ARN."""

    type_name, service, tagging, name_property = "AWS::SNS::Topic", "sns", tags.SNS, "TopicName"
    properties = table("FifoTopic TopicName", " ".join((*TOPIC_DEFAULTS, "Subscription", "Tags")))
    attributes = frozenset({"TopicArn", "TopicName"})

    def make(self, call: Call, wanted: Wanted) -> str:
        fifo = true(wanted.properties.get("FifoTopic", False))
        name = self.name(wanted, NAME_LIMIT, FIFO if fifo else "")
        self.refuse_existing(wanted, lambda name: _topic(call, arn(call, "sns", name)))
        given = attributes(wanted.properties, TOPIC_DEFAULTS) | ({"FifoTopic": "true"} if fifo else {})
        return str(call("sns", "create_topic", Name=name, Attributes=given, Tags=tags.as_list(tags.merged(wanted)))["TopicArn"])

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        self._subscriptions(call, physical_id, [], wanted)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        for name in sorted(changed(old.properties, new.properties).intersection(TOPIC_DEFAULTS)):
            value = attributes(new.properties, [name]).get(name, TOPIC_DEFAULTS[name])
            call("sns", "set_topic_attributes", TopicArn=physical_id, AttributeName=name, AttributeValue=value)
        self._subscriptions(call, physical_id, old.properties.get("Subscription") or [], new)

    def _subscriptions(self, call: Call, topic: str, old: list[Any], wanted: Wanted) -> None:
        new = wanted.properties.get("Subscription") or []
        gone = {(each["Protocol"], each["Endpoint"]) for each in old if each not in new}
        if gone:
            for each in _subscribed(call, topic):
                if (each["Protocol"], each["Endpoint"]) in gone:
                    unsubscribe(call, each["SubscriptionArn"])
        for each in new:
            if each not in old:
                self.send(call, wanted, "subscribe", pick(each, "Protocol", "Endpoint"), TopicArn=topic)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("sns", "delete_topic", TopicArn=physical_id)

    def delete(self, call: Call, physical_id: str, old: Wanted) -> Gone | None:
        return super().delete(call, physical_id, old) if _topic(call, physical_id) else Gone()

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = _topic(call, physical_id)
        return Ready({"TopicArn": physical_id, "TopicName": physical_id.rpartition(":")[2]}) if found else Gone()


def _topic(call: Call, topic: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = call("sns", "get_topic_attributes", TopicArn=topic)["Attributes"]
    except ApiError as error:
        if not is_missing(error):
            raise
        return None
    return found


def _subscribed(call: Call, topic: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = call("sns", "list_subscriptions_by_topic", TopicArn=topic, **token)
        found += page["Subscriptions"]
        if not page.get("NextToken"):
            return found
        token = {"NextToken": page["NextToken"]}


def unsubscribe(call: Call, subscription: str) -> bool:
    """→ False: it is not confirmed, and SNS does not let go of it; it disappears by itself, or with its topic."""
    if not subscription.startswith("arn:"):  # a list shows PendingConfirmation
        return False
    try:
        call("sns", "unsubscribe", SubscriptionArn=subscription)
    except ApiError as error:
        if PENDING not in error.message:
            raise
        return False
    return True


class Subscription(Kind):
    """Its physical id is its ARN. As on AWS, a stack does not wait until somebody confirms it."""

    type_name, service = "AWS::SNS::Subscription", "sns"
    properties = table("Endpoint Protocol TopicArn", " ".join(SUBSCRIPTION_DEFAULTS))
    required = frozenset({"Protocol", "TopicArn"})
    attributes = frozenset({"Arn"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "Protocol", "Endpoint", "TopicArn")
        fixed = {"Attributes": attributes(wanted.properties, SUBSCRIPTION_DEFAULTS), "ReturnSubscriptionArn": True}
        return str(self.send(call, wanted, "subscribe", given, **fixed)["SubscriptionArn"])

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        for name in sorted(changed(old.properties, new.properties).intersection(SUBSCRIPTION_DEFAULTS)):
            value = attributes(new.properties, [name]).get(name, SUBSCRIPTION_DEFAULTS[name])
            given = {"AttributeName": name, "AttributeValue": value}
            call("sns", "set_subscription_attributes", SubscriptionArn=physical_id, **given)

    def delete(self, call: Call, physical_id: str, old: Wanted) -> Gone | None:
        try:
            return None if unsubscribe(call, physical_id) else Gone()
        except ApiError as error:
            if not is_missing(error):
                raise
            return Gone()

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        call("sns", "get_subscription_attributes", SubscriptionArn=physical_id)
        return Ready({"Arn": physical_id})


def _default_policy(call: Call, topic: str) -> str:
    """The policy of a topic that nobody gave one: its account may do everything."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in DEFAULT_ACTIONS],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": call.scope.account}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


class TopicPolicy(AttachedPolicy):
    type_name, service, holders = "AWS::SNS::TopicPolicy", "sns", "Topics"
    properties = table(unchanged="PolicyDocument Topics")
    required = frozenset({"PolicyDocument", "Topics"})
    attributes = frozenset({"Id"})

    def exists(self, call: Call, holder: str) -> bool:
        return _topic(call, holder) is not None

    def attach(self, call: Call, holder: str, policy: str) -> None:
        call("sns", "set_topic_attributes", TopicArn=holder, AttributeName="Policy", AttributeValue=policy)

    def detach(self, call: Call, holder: str) -> None:
        self.attach(call, holder, _default_policy(call, holder))


class TopicInlinePolicy(TopicPolicy):
    type_name, holders, inline = "AWS::SNS::TopicInlinePolicy", "TopicArn", True
    properties = table("TopicArn", "PolicyDocument")
    required = frozenset({"PolicyDocument", "TopicArn"})
    attributes = frozenset()


TYPES = (Topic(), Subscription(), TopicPolicy(), TopicInlinePolicy())
