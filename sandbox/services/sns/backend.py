"""moto's SNS with subscribers that confirm, filters and deliveries: the API only checks and enqueues; controller.py delivers.

Everything that has to survive a restart is on the backend object: pending deliveries, tokens, mails, certificates of signatures.
"""

import json
from dataclasses import replace
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.utils import camelcase_to_underscores
from moto.moto_api._internal import mock_random
from moto.sns.models import SNSBackend

from sandbox.aws import links
from sandbox.aws.context import LOCK, context
from sandbox.aws.seams import adds, replaces, swap_backend
from sandbox.core.events import Event
from sandbox.core.text import plural
from sandbox.services.sns import attributes, deliveries, errors, filter_policy, mailbox, picture, publishing, responses, subscribing
from sandbox.services.sns.mailbox import Mail
from sandbox.services.sns.messages import SENDER, Envelope
from sandbox.services.sns.model import (
    CONFIRMED_BY_THE_OWNER,
    NOT_HERE,
    POSTED,
    TOKEN_LIFE,
    Delivery,
    MessageType,
    Protocol,
    Publication,
)
from sandbox.services.sns.publishing import Refused
from sandbox.services.sns.signing import signer
from sandbox.services.sns.subscribing import SubscriptionExtra, Token

__all__ = ["SandboxSNS", "responses"]  # responses: imported so that its seam is declared

TOPIC_ATTRIBUTES = {camelcase_to_underscores(name): name for name in attributes.OF_TOPICS}

links.declare("ConfirmSubscription", service="sns", arn_parameter="TopicArn")
links.declare("Unsubscribe", service="sns", arn_parameter="SubscriptionArn")


@swap_backend("sns")
class SandboxSNS(SNSBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        self.sandbox_deliveries: dict[str, Delivery] = {}  # by id, oldest first; those that are not at their end
        self.sandbox_tokens: dict[str, Token] = {}
        self.sandbox_unsubscribed: dict[str, Any] = {}  # moto's subscriptions by ARN, as long as an Unsubscribe can be taken back
        self.sandbox_mails = mailbox.empty()
        self.sandbox_certificates: dict[str, bytes] = {}  # of what is signed: file name → PEM
        super().__init__(region_name, account_id)

    # ---- topics ---------------------------------------------------------------------------------------------------------------------

    @replaces(why="SNS-1: attributes are checked; a topic that is there with others is refused")
    def create_topic(self, name: str, attributes_: dict[str, Any] | None = None, tags: dict[str, str] | None = None) -> Any:
        given = attributes_ or {}
        for attribute, value in given.items():
            _checked(attributes.check_topic, attribute, value)
        before = set(self.topics)
        topic = super().create_topic(name, given, tags)
        if topic.arn in before:
            if any(_as_text(getattr(topic, camelcase_to_underscores(k), None)) != _as_text(v) for k, v in given.items()):
                raise errors.other_attributes()
            if tags and tags != topic._tags:
                raise errors.other_tags()
        topic.effective_delivery_policy = attributes.effective_topic_policy(topic)
        return topic

    @replaces(why="attributes are checked")
    def set_topic_attribute(self, topic_arn: str, attribute_name: str, attribute_value: Any) -> None:
        topic = self.get_topic(topic_arn)
        _checked(attributes.check_topic, TOPIC_ATTRIBUTES.get(attribute_name, attribute_name), attribute_value)
        setattr(topic, attribute_name, attribute_value)
        topic.effective_delivery_policy = attributes.effective_topic_policy(topic)

    @replaces(why="SNS-5: what is no ARN is an InvalidParameter")
    def get_topic(self, arn: str) -> Any:
        if len(arn.split(":")) < 6:
            raise errors.bad_arn("TopicArn", arn)
        return super().get_topic(arn)

    @replaces(why="its tokens go with it")
    def delete_topic(self, arn: str) -> None:
        super().delete_topic(arn)
        self.sandbox_tokens = {
            token: kept for token, kept in self.sandbox_tokens.items() if not kept.subscription_arn.startswith(arn + ":")
        }
        self.sandbox_unsubscribed = {k: sub for k, sub in self.sandbox_unsubscribed.items() if sub.topic.arn != arn}

    # ---- subscriptions ----------------------------------------------------------------------------------------------------------------

    @replaces(why="SNS-2, SNS-3: the endpoint is checked, and has to confirm; moto takes anything as confirmed")
    def subscribe(self, topic_arn: str, endpoint: str, protocol: str, wanted: dict[str, str] | None = None) -> Any:
        topic = self.get_topic(topic_arn)
        kind = _protocol(protocol)
        _checked(subscribing.check_endpoint, kind, endpoint)
        values = self._subscription_values(wanted or {}, kind)
        existing = self._find_subscription(topic_arn, endpoint, protocol)
        if existing is not None:
            if any(existing.attributes.get(name) != value for name, value in values.items()):
                raise errors.other_subscription()
            if not existing.confirmed:
                self._ask_to_confirm(existing)
            return existing
        subscription = super().subscribe(topic_arn, endpoint, protocol)
        self._begin(subscription, kind, values)
        self._recount(topic)
        return subscription

    def _subscription_values(self, wanted: dict[str, str], kind: Protocol) -> dict[str, Any]:
        scope = wanted.get("FilterPolicyScope", filter_policy.ATTRIBUTES)
        try:
            return {name: attributes.check_subscription(name, value, scope, kind) for name, value in sorted(wanted.items())}
        except Refused as error:
            raise errors.invalid(f"Attributes Reason: {error}") from None

    def _begin(self, subscription: Any, kind: Protocol, values: dict[str, Any]) -> None:
        now = context().clock.now()
        subscription.confirmed = kind not in CONFIRMED_BY_THE_OWNER
        subscription.sandbox = SubscriptionExtra(since=now, cause=context().journal.current_cause, next_slot=now)
        subscription.attributes.update(values)
        subscription.attributes["PendingConfirmation"] = not subscription.confirmed
        subscription.attributes["ConfirmationWasAuthenticated"] = subscription.confirmed
        if not subscription.confirmed:
            self._ask_to_confirm(subscription)
        elif kind is Protocol.SMS:
            self._enqueue(deliveries.of_welcome(subscription, self._uuid(), self._envelope(subscription), subscription.sandbox.cause))

    def _ask_to_confirm(self, subscription: Any, kind: MessageType = MessageType.SUBSCRIPTION_CONFIRMATION) -> None:
        now = context().clock.now()
        self.sandbox_tokens = {text: kept for text, kept in self.sandbox_tokens.items() if kept.until > now}
        token = f"{context().random.getrandbits(896):0224x}"
        self.sandbox_tokens[token] = Token(subscription_arn=subscription.arn, until=now + TOKEN_LIFE)
        cause = context().journal.current_cause
        self._enqueue(deliveries.of_confirmation(subscription, kind, self._uuid(), self._envelope(subscription), token, cause))

    @adds(why="SNS-8: moto answers with a made-up ARN")
    def confirm(self, topic_arn: str, token: str, authenticate_on_unsubscribe: bool, signed: bool) -> Any:
        """`signed`: the request was, as opposed to a link that was followed."""
        if not subscribing.TOKEN.fullmatch(token):
            raise errors.malformed_token()
        kept = self.sandbox_tokens.get(token)
        if kept is None or kept.until <= context().clock.now() or kept.subscription_arn.rpartition(":")[0] != topic_arn:
            raise errors.unknown_token()
        subscription = self.subscriptions.get(kept.subscription_arn) or self.sandbox_unsubscribed.pop(kept.subscription_arn, None)
        if subscription is None:
            raise errors.unknown_token()
        self.subscriptions[subscription.arn] = subscription
        if not subscription.confirmed:
            subscription.confirmed = True
            subscription.attributes |= {"PendingConfirmation": False, "ConfirmationWasAuthenticated": signed}
            subscription.sandbox.authenticate_on_unsubscribe = authenticate_on_unsubscribe and signed
            self._record(subscription, "SNS Subscription Confirmed", f"{subscription.endpoint} confirmed its subscription")
        self._recount(subscription.topic)
        return subscription

    @replaces(why="SNS-3: a pending subscription stays; HTTP subscribers are told")
    def unsubscribe(self, subscription_arn: str, signed: bool = True) -> None:
        if len(subscription_arn.split(":")) < 6:
            raise errors.bad_arn("SubscriptionArn", subscription_arn)
        subscription = self.subscriptions.get(subscription_arn)
        if subscription is None:
            return
        if not subscription.confirmed:
            raise errors.still_pending()
        if subscription.sandbox.authenticate_on_unsubscribe and not signed:
            raise errors.authentication_needed()
        super().unsubscribe(subscription_arn)
        subscription.topic.subscriptions_deleted += 1
        self._recount(subscription.topic)
        if Protocol(subscription.protocol) in POSTED:
            self.sandbox_unsubscribed[subscription_arn] = subscription
            self._ask_to_confirm(subscription, MessageType.UNSUBSCRIBE_CONFIRMATION)

    def remove_unconfirmed(self, arn: str) -> None:
        """SNS-3: three days have passed."""
        subscription = self.subscriptions.pop(arn, None)
        if subscription is not None:
            self._recount(subscription.topic)

    @replaces(why="values are checked as they are set")
    def set_subscription_attributes(self, arn: str, name: str, value: Any) -> None:
        subscription = self._subscription(arn)
        scope = subscription.attributes.get("FilterPolicyScope", filter_policy.ATTRIBUTES)
        protocol = Protocol(subscription.protocol)
        subscription.attributes[name] = _checked(attributes.check_subscription, name, str(value or ""), scope, protocol)

    @replaces(why="EffectiveDeliveryPolicy follows the topic's and the subscription's own")
    def get_subscription_attributes(self, arn: str) -> dict[str, Any]:
        subscription = self._subscription(arn)
        found = dict(super().get_subscription_attributes(arn))
        if Protocol(subscription.protocol) in POSTED:
            found["EffectiveDeliveryPolicy"] = json.dumps(attributes.delivery_policy(subscription).as_json(), separators=(",", ":"))
        return {name: value for name, value in found.items() if value != ""}

    def _subscription(self, arn: str) -> Any:
        if len(arn.split(":")) < 6:
            raise errors.bad_arn("SubscriptionArn", arn)
        if arn not in self.subscriptions:
            raise errors.no_subscription()
        return self.subscriptions[arn]

    def _recount(self, topic: Any) -> None:
        of_topic = self._get_topic_subscriptions(topic)
        topic.subscriptions_confimed = sum(sub.confirmed for sub in of_topic)  # moto's spelling
        topic.subscriptions_pending = len(of_topic) - topic.subscriptions_confimed

    # ---- publishing -------------------------------------------------------------------------------------------------------------------

    @adds(why="SNS-4, SNS-5: moto checks less, and delivers within the request")
    def publish_to(self, topic_arn: str, publication: Publication, structure: str | None) -> str:
        """Enqueues one delivery for each confirmed subscriber that wants the message. → MessageId."""
        topic = self.get_topic(topic_arn)
        self._check_order(topic, publication)
        _checked(publishing.check, publication, structure, attributes.longest_message(topic))
        return self._fan_out(topic, replace(publication, message_id=self._uuid(), structured=structure == "json"))

    @adds(why="text messages go to the mailbox")
    def publish_to_number(self, number: str, publication: Publication) -> str:
        if not publishing.E164.fullmatch(number):
            raise errors.bad_phone(number)
        _checked(publishing.check, publication, None, publishing.LONGEST_SMS)
        sent = replace(publication, message_id=self._uuid())
        self._enqueue(deliveries.to_number(number, sent, context().clock.now(), context().journal.current_cause))
        return sent.message_id

    def _check_order(self, topic: Any, publication: Publication) -> None:
        if not topic.fifo_topic:
            if publication.deduplication_id:
                reason = "The request includes MessageDeduplicationId parameter that is not valid for this topic type"
                raise errors.invalid(f"MessageDeduplicationId Reason: {reason}")
            return
        if not publication.group_id:
            raise errors.invalid("The MessageGroupId parameter is required for FIFO topics")
        if not publication.deduplication_id and not topic.content_based_deduplication:
            raise errors.invalid(
                "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
            )

    def _fan_out(self, topic: Any, publication: Publication) -> str:
        subscriptions = self._get_topic_subscriptions(topic)
        confirmed = [sub for sub in subscriptions if sub.confirmed]
        wanting = [sub for sub in confirmed if self._wants(sub, publication)]
        cause = self._record_publication(
            topic, publication, len(wanting), len(confirmed) - len(wanting), len(subscriptions) - len(confirmed)
        )
        for subscription in wanting:
            delivery = deliveries.of_publication(subscription, publication, self._envelope(subscription), cause)
            self._enqueue(self._in_its_slot(subscription, delivery))
        return publication.message_id

    def _wants(self, subscription: Any, publication: Publication) -> bool:
        policy, scope = attributes.filter_of(subscription)
        text = publishing.text_for(publication, Protocol(subscription.protocol))
        return filter_policy.wanted(policy, scope, publication.attributes, text)

    def _in_its_slot(self, subscription: Any, delivery: Delivery) -> Delivery:
        """SNS-9: maxReceivesPerSecond. Retries are not slowed down."""
        wait = deliveries.interval(subscription)
        if wait is None:
            return delivery
        due = max(delivery.due, subscription.sandbox.next_slot)
        subscription.sandbox.next_slot = due + wait
        return replace(delivery, due=due)

    def _record_publication(self, topic: Any, publication: Publication, sent: int, filtered: int, pending: int) -> str:
        to = f"goes to {plural(sent, 'subscriber')}"
        to += f", {filtered} filtered out" if filtered else ""
        to += f", {pending} not confirmed" if pending else ""
        event = Event(
            source="aws.sns",
            detail_type="SNS Message Published",
            summary=f"message {publication.message_id} on topic {topic.name} {to}",
            resources=(publication.message_id, topic.arn, topic.name),
            detail={"subject": publication.subject, "subscribers": sent, "filteredOut": filtered, "pendingConfirmation": pending},
        )
        return context().journal.record(event).id

    # ---- what the controller writes -----------------------------------------------------------------------------------------------------

    def keep(self, delivery: Delivery) -> None:
        """Its newest state; one that is at its end already stays so."""
        if delivery.id in self.sandbox_deliveries:
            self.sandbox_deliveries[delivery.id] = delivery

    def finish(self, delivery: Delivery) -> None:
        self.sandbox_deliveries.pop(delivery.id, None)

    def put_in_mailbox(self, delivery: Delivery) -> None:
        mail = Mail(
            at=context().clock.now(),
            protocol=delivery.protocol.value,
            sender="SNS" if delivery.protocol is Protocol.SMS else f"AWS Notifications <{SENDER}>",
            to=delivery.endpoint,
            subject=delivery.subject,
            body=delivery.body,
            message_id=delivery.message_id,
            topic_arn=delivery.topic_arn or None,
        )
        self.sandbox_mails.append(mail)

    def _enqueue(self, delivery: Delivery) -> None:
        self.sandbox_deliveries[delivery.id] = delivery

    def _envelope(self, subscription: Any) -> Envelope:
        ours = signer()
        self.sandbox_certificates[ours.file_name] = ours.certificate
        return Envelope(
            topic_arn=subscription.topic.arn,
            subscription_arn=subscription.arn,
            at=context().clock.now(),
            endpoint=context().settings.endpoint,
            signer=ours,
            signature_version=getattr(subscription.topic, "signature_version", "1"),
        )

    def _record(self, subscription: Any, detail_type: str, summary: str) -> None:
        about = (subscription.arn, subscription.topic.arn, subscription.topic.name)
        context().journal.record(Event(source="aws.sns", detail_type=detail_type, summary=summary, resources=about))

    def _uuid(self) -> str:
        return str(mock_random.uuid4())


def _checked(check: Any, *arguments: Any) -> Any:
    """Calls a pure check; its refusal becomes AWS's error."""
    try:
        return check(*arguments)
    except Refused as error:
        raise errors.invalid(str(error)) from None


def _protocol(text: str) -> Protocol:
    try:
        protocol = Protocol(text)
    except ValueError:
        raise errors.unknown_protocol(text) from None
    if protocol in NOT_HERE:
        raise NotImplementedError(f"there is nobody behind protocol {text}; use http, https, sqs, email, email-json or sms")
    return protocol


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _certificate(name: str) -> bytes | None:
    """This process's, or one of an earlier run that state.load brought back."""
    with LOCK:
        return next((b.sandbox_certificates[name] for _, b in picture.backends() if name in b.sandbox_certificates), None)


links.publish("SimpleNotificationService-", _certificate)
