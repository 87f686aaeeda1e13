"""SNS's operations where moto's responses differ from AWS's: pending subscriptions, attributes, Publish with its validation."""

import re
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult
from moto.sns.exceptions import BatchEntryIdsNotDistinct, TooManyEntriesInBatchRequest
from moto.sns.responses import SNSResponse

from sandbox.aws.http.links import LINK_KEY
from sandbox.aws.seams import replaces, swap_response
from sandbox.services.sns import errors
from sandbox.services.sns.api.validation import message_attributes
from sandbox.services.sns.decide import publications
from sandbox.services.sns.model import LONGEST_MESSAGE, Publication
from sandbox.services.sns.state.attributes import stored_attributes

PENDING = "pending confirmation"  # SNS-3: returned by Subscribe; lists have PendingConfirmation
MOST_IN_BATCH = 10
LONGEST_BATCH_ID = 80
BATCH_ID = re.compile(r"[A-Za-z0-9_-]+")


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

    @replaces(why="SNS-1: values as sent: moto converts any FifoTopic to a boolean")
    def create_topic(self) -> ActionResult:
        topic = self.backend.create_topic(self._get_param("Name"), self._get_param("Attributes", {}), self._get_tags())
        return ActionResult({"TopicArn": topic.arn})

    @replaces(why="attributes that are not set are omitted; some that moto stores and does not return are added")
    def get_topic_attributes(self) -> ActionResult:
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        attributes = {**super().get_topic_attributes()._result["Attributes"], **stored_attributes(topic)}
        return ActionResult({"Attributes": {name: value for name, value in attributes.items() if value != "" or name == "DisplayName"}})

    @replaces(why="SNS-45: values as sent, and validated")
    def set_topic_attributes(self) -> ActionResult:
        value = self._get_param("AttributeValue") or ""
        self.backend.set_attribute(self._get_param("TopicArn"), self._get_param("AttributeName"), value)
        return EmptyResult()

    @replaces(why="moto drops all but the last of tags with the same key")
    def _get_tags(self) -> dict[str, str]:
        tags = self._get_param("Tags") or []
        for number, tag in enumerate(tags, 1):
            for member in ("Key", "Value"):
                if tag.get(member) is None:
                    raise errors.missing_member(f"tags.{number}.member.{member.lower()}")
        found = {tag["Key"]: tag["Value"] for tag in tags}
        if len(found) < len(tags):
            raise errors.duplicate_tags()
        return found

    # ---- publishing ---------------------------------------------------------------------------------------------------------------------

    @replaces(why="SNS-4, SNS-5: validation and its texts; deliveries are enqueued")
    def publish(self) -> ActionResult:
        number, target = self._get_param("PhoneNumber"), self._get_param("TargetArn")
        publication = _publication(self._raw(), "messageAttributes")
        if number is not None:
            return ActionResult(_ids(self.backend.publish_to_number(number, publication)))
        arn = self._get_param("TopicArn")
        if target is not None:
            arn = target
            if ":endpoint/" in target:
                self.backend.refuse_push(target)
        if arn is None:
            raise errors.no_target()
        return ActionResult(_ids(self.backend.publish_to(arn, publication, self._get_param("MessageStructure"))))

    def _raw(self) -> dict[str, Any]:
        names = ("Message", "Subject", "MessageAttributes", "MessageGroupId", "MessageDeduplicationId")
        return {name: self._get_param(name) for name in names}

    @replaces(why="SNS-44: one invalid entry refuses the whole batch; moto drops most of them silently")
    def publish_batch(self) -> ActionResult:
        arn, entries = self._get_param("TopicArn"), self._get_param("PublishBatchRequestEntries", [])
        self.backend.get_topic(arn)
        _check_ids(entries)
        found = [
            (_publication(entry, f"publishBatchRequestEntries.{number}.member.messageAttributes"), entry.get("MessageStructure"))
            for number, entry in enumerate(entries, 1)
        ]
        if sum(publications.size(publication) for publication, _ in found) > LONGEST_MESSAGE:
            raise errors.batch_too_long()
        for publication, structure in found:
            self.backend.check_publication(arn, publication, structure)
        sent = [self.backend.publish_to(arn, publication, structure) for publication, structure in found]
        successful = [{"Id": entry["Id"], **_ids(made)} for entry, made in zip(entries, sent, strict=True)]
        return ActionResult({"Successful": successful, "Failed": []})


def _ids(publication: Publication) -> dict[str, str]:
    found = {"MessageId": publication.message_id}
    return found if publication.sequence_number is None else found | {"SequenceNumber": publication.sequence_number}


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


def _publication(raw: dict[str, Any], path: str) -> Publication:
    """The publication of a request's parameters. `path`: of its attributes. Raises ParameterValueInvalid or ValidationError."""
    return Publication(
        message_id="",  # set when it is accepted
        message=raw.get("Message") or "",
        subject=raw.get("Subject"),
        attributes=message_attributes.parsed(raw.get("MessageAttributes") or {}, path),
        group_id=raw.get("MessageGroupId") or None,
        deduplication_id=raw.get("MessageDeduplicationId") or None,
    )


def _check_ids(entries: list[dict[str, Any]]) -> None:
    if not entries:
        raise errors.empty_batch()
    if len(entries) > MOST_IN_BATCH:
        raise TooManyEntriesInBatchRequest
    for number, entry in enumerate(entries, 1):
        if entry.get("Id") is None:
            raise errors.missing_member(f"publishBatchRequestEntries.{number}.member.id")
    ids = [entry["Id"] for entry in entries]
    if len(set(ids)) != len(ids):
        raise BatchEntryIdsNotDistinct
    for each in ids:
        if len(each) > LONGEST_BATCH_ID:
            raise errors.long_batch_id(each)
        if not BATCH_ID.fullmatch(each):
            raise errors.bad_batch_id(each)
