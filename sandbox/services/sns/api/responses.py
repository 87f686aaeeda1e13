"""SNS's operations where moto's responses differ from AWS's: pending subscriptions, attributes, Publish with its validation."""

import base64
import re
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult
from moto.sns.exceptions import BatchEntryIdsNotDistinct, SNSException, TooManyEntriesInBatchRequest
from moto.sns.responses import SNSResponse

from sandbox.aws.http.links import LINK_KEY
from sandbox.aws.seams import replaces, swap_response
from sandbox.core.errors import ApiError
from sandbox.services.sns import errors
from sandbox.services.sns.api.validation import publish as publish_validation
from sandbox.services.sns.decide import publications
from sandbox.services.sns.model import LONGEST_MESSAGE, Attributes, Publication

PENDING = "pending confirmation"  # SNS-3: returned by Subscribe; lists have PendingConfirmation
MOST_IN_BATCH = 10
BATCH_ID = re.compile(r"[\w-]{1,80}")


@swap_response("sns")
class SandboxSNSResponse(SNSResponse):
    # ---- subscriptions ----------------------------------------------------------------------------------------------------------------

    @replaces(why="SNS-3: `pending confirmation` until the endpoint has confirmed")
    def subscribe(self) -> ActionResult:
        endpoint = self._get_param("Endpoint")
        if not endpoint:
            raise errors.invalid("Endpoint")
        given = self._get_param("Attributes", {})
        subscription = self.backend.subscribe(self._get_param("TopicArn"), endpoint, self._get_param("Protocol"), given)
        returns_arn = subscription.confirmed or self._get_param("ReturnSubscriptionArn")
        return ActionResult({"SubscriptionArn": subscription.arn if returns_arn else PENDING})

    @replaces(why="SNS-8: the token is validated")
    def confirm_subscription(self) -> ActionResult:
        authenticate = str(self._get_param("AuthenticateOnUnsubscribe", "false")).lower() == "true"
        found = self.backend.confirm(self._get_param("TopicArn"), self._get_param("Token"), authenticate, self._is_signed())
        return ActionResult({"SubscriptionArn": found.arn})

    @replaces(why="SNS-3: a link cannot remove a subscription that was confirmed with AuthenticateOnUnsubscribe")
    def unsubscribe(self) -> ActionResult:
        self.backend.unsubscribe(self._get_param("SubscriptionArn"), self._is_signed())
        return EmptyResult()

    def _is_signed(self) -> bool:
        return f"Credential={LINK_KEY}/" not in self.headers.get("Authorization", "")

    @replaces(why="SNS-3: PendingConfirmation instead of the ARN")
    def list_subscriptions(self) -> ActionResult:
        found, token = self.backend.list_subscriptions(next_token=self._get_param("NextToken"))
        return _listed(found, token)

    @replaces(why="SNS-3: PendingConfirmation instead of the ARN")
    def list_subscriptions_by_topic(self) -> ActionResult:
        arn, token = self._get_param("TopicArn"), self._get_param("NextToken")
        found, token = self.backend.list_subscriptions_by_topic(arn, next_token=token)
        return _listed(found, token)

    @replaces(why="the value as sent: moto converts any RawMessageDelivery to a boolean")
    def set_subscription_attributes(self) -> ActionResult:
        name, value = self._get_param("AttributeName"), self._get_param("AttributeValue", "")
        self.backend.set_subscription_attributes(self._get_param("SubscriptionArn"), name, value)
        return EmptyResult()

    # ---- topics -------------------------------------------------------------------------------------------------------------------------

    @replaces(why="attributes that are not set are omitted; some that moto stores and does not return are added")
    def get_topic_attributes(self) -> ActionResult:
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        attributes = dict(super().get_topic_attributes()._result["Attributes"])
        attributes |= {"SignatureVersion": getattr(topic, "signature_version", ""), "TracingConfig": getattr(topic, "tracing_config", "")}
        attributes["MaximumMessageSize"] = getattr(topic, "maximum_message_size", "")
        return ActionResult({"Attributes": {name: value for name, value in attributes.items() if value != "" or name == "DisplayName"}})

    # ---- publishing ---------------------------------------------------------------------------------------------------------------------

    @replaces(why="SNS-4, SNS-5: validation and its texts; deliveries are enqueued")
    def publish(self) -> ActionResult:
        number, target = self._get_param("PhoneNumber"), self._get_param("TargetArn")
        publication = _publication(self._raw())
        if number is not None:
            return ActionResult({"MessageId": self.backend.publish_to_number(number, publication)})
        arn = self._get_param("TopicArn")
        if target is not None:
            arn = target
            if ":endpoint/" in target:
                raise errors.no_endpoint()
        if arn is None:
            raise errors.no_target()
        return ActionResult({"MessageId": self.backend.publish_to(arn, publication, self._get_param("MessageStructure"))})

    def _raw(self) -> dict[str, Any]:
        names = ("Message", "Subject", "MessageAttributes", "MessageGroupId", "MessageDeduplicationId")
        return {name: self._get_param(name) for name in names}

    @replaces(why="failed entries are reported; moto drops most of them silently")
    def publish_batch(self) -> ActionResult:
        arn, entries = self._get_param("TopicArn"), self._get_param("PublishBatchRequestEntries", [])
        self.backend.get_topic(arn)
        _check_batch(entries)
        successful, failed = [], []
        for entry in entries:
            try:
                message_id = self.backend.publish_to(arn, _publication(entry), entry.get("MessageStructure"))
                successful.append({"Id": entry["Id"], "MessageId": message_id})
            except (ApiError, SNSException) as error:
                failed.append({"Id": entry["Id"], "Code": error.code, "Message": error.message, "SenderFault": True})
        return ActionResult({"Successful": successful, "Failed": failed})


def _listed(subscriptions: list[Any], token: Any) -> ActionResult:
    shown = [
        {
            "SubscriptionArn": each.arn if each.confirmed else "PendingConfirmation",
            "Owner": each.owner,
            "Protocol": each.protocol,
            "Endpoint": each.endpoint,
            "TopicArn": each.topic.arn,
        }
        for each in subscriptions
    ]
    return ActionResult({"Subscriptions": shown, "NextToken": token})


def _publication(raw: dict[str, Any]) -> Publication:
    """The publication of a request's parameters. Raises InvalidParameter or ParameterValueInvalid."""
    attributes = _attributes(raw.get("MessageAttributes") or {})
    try:
        publish_validation.check_attributes(attributes)
    except ValueError as error:
        raise errors.invalid_value(str(error)) from None
    return Publication(
        message_id="",  # set when it is accepted
        message=raw.get("Message") or "",
        subject=raw.get("Subject"),
        attributes=attributes,
        group_id=raw.get("MessageGroupId"),
        deduplication_id=raw.get("MessageDeduplicationId"),
    )


def _attributes(given: dict[str, Any]) -> Attributes:
    return tuple((name, value.get("DataType") or "", _value(value)) for name, value in given.items())


def _value(value: dict[str, Any]) -> str:
    binary = value.get("BinaryValue")
    if binary is not None:
        return base64.b64encode(binary if isinstance(binary, bytes) else str(binary).encode()).decode()
    return str(value.get("StringValue") or "")


def _check_batch(entries: list[dict[str, Any]]) -> None:
    if not entries:
        raise errors.empty_batch()
    if len(entries) > MOST_IN_BATCH:
        raise TooManyEntriesInBatchRequest
    ids = [entry["Id"] for entry in entries]
    if len(set(ids)) != len(ids):
        raise BatchEntryIdsNotDistinct
    if not all(BATCH_ID.fullmatch(each) for each in ids):
        raise errors.bad_batch_id()
    if sum(publications.size(_publication(entry)) for entry in entries) > LONGEST_MESSAGE:
        raise errors.batch_too_long()
