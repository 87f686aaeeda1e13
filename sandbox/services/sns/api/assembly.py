"""SNS's backend class, which replaces moto's. The API validates requests and enqueues deliveries; controller.py delivers.

Its base classes, from the bottom: state/outbox.py (stored state), api/topics.py, api/subscriptions.py. This module adds Publish, and the
links in messages.
"""

from dataclasses import replace
from typing import Any, NoReturn

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from sandbox.aws.context import LOCK, context
from sandbox.aws.deduplication import DeduplicationLog
from sandbox.aws.http import links
from sandbox.aws.seams import adds, replaces, swap_backend
from sandbox.core.events import Event
from sandbox.core.persisted import persisted
from sandbox.core.text import plural
from sandbox.services.sns import errors
from sandbox.services.sns.api import responses
from sandbox.services.sns.api.subscriptions import Subscriptions
from sandbox.services.sns.api.validation import fifo as fifo_validation
from sandbox.services.sns.api.validation import message_attributes
from sandbox.services.sns.api.validation import publish as publish_validation
from sandbox.services.sns.decide import filter_policy, publications
from sandbox.services.sns.errors import checked
from sandbox.services.sns.model import E164, Delivery, Protocol, Publication
from sandbox.services.sns.state import attributes, deliveries, snapshot

__all__ = ["SandboxSNS", "responses"]  # responses: imported so that its seam is declared

links.declare("ConfirmSubscription", service="sns", arn_parameter="TopicArn")
links.declare("Unsubscribe", service="sns", arn_parameter="SubscriptionArn")


@persisted("sns.Backend", sandbox_fifo=dict)
@swap_backend("sns")
class SandboxSNS(Subscriptions):
    @replaces(why="messages of moto's other services are enqueued too; moto posts to subscribers within the call")
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
            return self.publish_to_number(phone_number, publication).message_id
        return self.publish_to(arn or "", publication, named.get("message_structure")).message_id

    @adds(why="SNS-4, SNS-5: moto validates less, and delivers within the request")
    def publish_to(self, topic_arn: str, publication: Publication, structure: str | None) -> Publication:
        """Enqueues one delivery for each confirmed subscriber whose filter policy accepts the message. Returns it with its ids."""
        self.check_publication(topic_arn, publication, structure)
        topic = self.get_topic(topic_arn)
        made = replace(publication, message_id=self._uuid(), structured=structure == "json")
        return self._publish_in_order(topic, made) if topic.fifo_topic else self._fan_out(topic, made)

    @adds(why="SNS-4, SNS-5: moto validates less")
    def check_publication(self, topic_arn: str, publication: Publication, structure: str | None) -> None:
        """Raises AWS's error for a message that the topic does not accept."""
        topic = self.get_topic(topic_arn)
        checked(fifo_validation.check_publication, publication, topic.fifo_topic, topic.content_based_deduplication)
        message_attributes.check(publication.attributes)
        checked(publish_validation.check, publication, structure, attributes.longest_message(topic))

    @adds(why="text messages are stored in the mailbox")
    def publish_to_number(self, number: str, publication: Publication) -> Publication:
        if not E164.fullmatch(number):
            raise errors.bad_phone(number)
        checked(publish_validation.check, publication, None, publish_validation.LONGEST_SMS)
        sent = replace(publication, message_id=self._uuid())
        self._enqueue(deliveries.to_number(number, sent, context().clock.now(), context().journal.current_cause))
        return sent

    @adds(why="SNS-47: AWS's errors; moto answers as if the message had been sent")
    def refuse_push(self, endpoint_arn: str) -> NoReturn:
        """Raises why a message for a platform endpoint is not sent."""
        endpoint = self.platform_endpoints.get(endpoint_arn)
        if endpoint is None:
            raise errors.no_endpoint()
        if not endpoint.enabled:
            raise errors.endpoint_disabled()
        raise NotImplementedError("the sandbox sends no push notifications: platform applications and endpoints are records only")

    def _publish_in_order(self, topic: Any, publication: Publication) -> Publication:
        """SNS-45: a duplicate of a message of the last five minutes gets its ids, and is not delivered."""
        log, now = self.sandbox_fifo.setdefault(topic.arn, DeduplicationLog()), context().clock.now()
        numbered = replace(publication, deduplication_id=publications.deduplication_id(publication))
        key = publications.deduplication_key(numbered, attributes.throughput_scope(topic))
        first = log.find(key, now)
        if first is not None:
            self._record_duplicate(topic, first.message_id)
            return replace(numbered, message_id=first.message_id, sequence_number=first.sequence_number)
        accepted = log.accept(key, numbered.message_id, now)
        return self._fan_out(topic, replace(numbered, sequence_number=accepted.sequence_number))

    def _fan_out(self, topic: Any, publication: Publication) -> Publication:
        subscriptions = self._get_topic_subscriptions(topic)
        confirmed = [sub for sub in subscriptions if sub.confirmed]
        accepting = [sub for sub in confirmed if self._accepts(sub, publication)]
        cause = self._record_publication(
            topic, publication, len(accepting), len(confirmed) - len(accepting), len(subscriptions) - len(confirmed)
        )
        for subscription in accepting:
            delivery = deliveries.of_publication(subscription, publication, self._envelope(subscription), cause)
            self._enqueue(self._throttled(subscription, delivery))
        return publication

    def _accepts(self, subscription: Any, publication: Publication) -> bool:
        policy, scope = attributes.filter_policy(subscription)
        text = publications.text_for(publication, Protocol(subscription.protocol))
        return filter_policy.accepts(policy, scope, publication.attributes, text)

    def _throttled(self, subscription: Any, delivery: Delivery) -> Delivery:
        """SNS-9: maxReceivesPerSecond. Retries are not throttled."""
        wait = deliveries.interval(subscription)
        if wait is None:
            return delivery
        due = max(delivery.due, subscription.sandbox.next_slot)
        subscription.sandbox.next_slot = due + wait
        return replace(delivery, due=due)

    def _record_publication(self, topic: Any, publication: Publication, sent: int, filtered: int, pending: int) -> str:
        counts = f"sent to {plural(sent, 'subscriber')}"
        counts += f", {filtered} filtered out" if filtered else ""
        counts += f", {pending} not confirmed" if pending else ""
        event = Event(
            source="aws.sns",
            detail_type="SNS Message Published",
            summary=f"message {publication.message_id} on topic {topic.name} is {counts}",
            resources=(publication.message_id, topic.arn, topic.name),
            detail={"subject": publication.subject, "subscribers": sent, "filteredOut": filtered, "pendingConfirmation": pending},
        )
        return context().journal.record(event).id

    def _record_duplicate(self, topic: Any, message_id: str) -> None:
        context().journal.record(
            Event(
                source="aws.sns",
                detail_type="SNS Duplicate Message",
                summary=f"a message on topic {topic.name} is not delivered: it is a duplicate of message {message_id}",
                resources=(message_id, topic.arn, topic.name),
            )
        )


def _certificate(name: str) -> bytes | None:
    """The certificate of this process, or one of an earlier run from the saved state."""
    with LOCK:
        return next((b.sandbox_certificates[name] for _, b in snapshot.backends() if name in b.sandbox_certificates), None)


links.publish("SimpleNotificationService-", _certificate)
