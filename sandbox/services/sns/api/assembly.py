"""moto's SNS with subscribers that confirm, filters and deliveries: the API only checks and enqueues; controller.py delivers.

In layers: state/outbox.py (what is kept) · api/topics.py · api/subscriptions.py · here Publish, and the links that people follow.
"""

from dataclasses import replace
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from sandbox.aws.context import LOCK, context
from sandbox.aws.http import links
from sandbox.aws.seams import adds, replaces, swap_backend
from sandbox.core.events import Event
from sandbox.core.persisted import persisted
from sandbox.core.text import plural
from sandbox.services.sns import errors
from sandbox.services.sns.api import responses
from sandbox.services.sns.api.subscriptions import Subscriptions
from sandbox.services.sns.api.validation import publish as publish_validation
from sandbox.services.sns.decide import filter_policy, publications
from sandbox.services.sns.errors import checked
from sandbox.services.sns.model import E164, Delivery, Protocol, Publication
from sandbox.services.sns.state import attributes, deliveries, snapshot

__all__ = ["SandboxSNS", "responses"]  # responses: imported so that its seam is declared

links.declare("ConfirmSubscription", service="sns", arn_parameter="TopicArn")
links.declare("Unsubscribe", service="sns", arn_parameter="SubscriptionArn")


@persisted("sns.Backend")
@swap_backend("sns")
class SandboxSNS(Subscriptions):
    @replaces(why="what other services of moto publish is enqueued like the rest; moto posts to subscribers within the call")
    def publish(self, message: str, arn: str | None, phone_number: str | None = None, subject: str | None = None, **named: Any) -> str:
        given = named.get("message_attributes") or {}
        publication = Publication(
            message_id="",
            message=message,
            subject=subject,
            attributes=tuple((name, value["Type"], str(value["Value"])) for name, value in given.items()),
            group_id=named.get("group_id"),
            deduplication_id=named.get("deduplication_id"),
        )
        if phone_number:
            return self.publish_to_number(phone_number, publication)
        return self.publish_to(arn or "", publication, named.get("message_structure"))

    @adds(why="SNS-4, SNS-5: moto checks less, and delivers within the request")
    def publish_to(self, topic_arn: str, publication: Publication, structure: str | None) -> str:
        """Enqueues one delivery for each confirmed subscriber that wants the message. → MessageId."""
        topic = self.get_topic(topic_arn)
        self._check_order(topic, publication)
        checked(publish_validation.check, publication, structure, attributes.longest_message(topic))
        return self._fan_out(topic, replace(publication, message_id=self._uuid(), structured=structure == "json"))

    @adds(why="text messages go to the mailbox")
    def publish_to_number(self, number: str, publication: Publication) -> str:
        if not E164.fullmatch(number):
            raise errors.bad_phone(number)
        checked(publish_validation.check, publication, None, publish_validation.LONGEST_SMS)
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
        text = publications.text_for(publication, Protocol(subscription.protocol))
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


def _certificate(name: str) -> bytes | None:
    """This process's, or one of an earlier run that state.load brought back."""
    with LOCK:
        return next((b.sandbox_certificates[name] for _, b in snapshot.backends() if name in b.sandbox_certificates), None)


links.publish("SimpleNotificationService-", _certificate)
