"""Makes the deliveries of a message to subscribers: body, headers, retry policy, dead-letter queue. Reads only."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.services.sns.decide import messages
from sandbox.services.sns.decide.messages import Envelope
from sandbox.services.sns.decide.publications import text_for
from sandbox.services.sns.model import HTTP_PROTOCOLS, MAILBOX_PROTOCOLS, Delivery, MessageType, Protocol, Publication
from sandbox.services.sns.retry_model import AWS_MANAGED, CUSTOMER_MANAGED, RetryPolicy
from sandbox.services.sns.state import attributes


def of_publication(subscription: Any, publication: Publication, envelope: Envelope, cause: str | None) -> Delivery:
    protocol = Protocol(subscription.protocol)
    text, raw = text_for(publication, protocol), bool(subscription.attributes.get("RawMessageDelivery"))
    if protocol in HTTP_PROTOCOLS:
        make: Callable[..., Delivery] = _http_delivery
    else:
        make = _mailbox_delivery if protocol in MAILBOX_PROTOCOLS else _sqs_delivery
    base = _base(subscription, publication.message_id, MessageType.NOTIFICATION, envelope, cause)
    return make(replace(base, subject=publication.subject), subscription, publication, envelope, text, raw)


def of_confirmation(subscription: Any, kind: MessageType, message_id: str, envelope: Envelope, token: str, cause: str | None) -> Delivery:
    """The request to confirm a subscription, or the confirmation of an Unsubscribe, to the endpoint."""
    base = _base(subscription, message_id, kind, envelope, cause)
    if base.protocol is Protocol.EMAIL:
        return replace(base, subject=messages.CONFIRMATION_SUBJECT, body=messages.confirmation_mail(envelope, token))
    body = messages.confirmation(envelope, kind, message_id, token)
    if base.protocol is Protocol.EMAIL_JSON:
        return replace(base, subject=messages.CONFIRMATION_SUBJECT, body=body)
    content_type = attributes.delivery_policy(subscription).content_type
    return replace(base, body=body, headers=messages.headers(kind, message_id, envelope, content_type))


def of_welcome(subscription: Any, message_id: str, envelope: Envelope, cause: str | None) -> Delivery:
    """The text message to a phone number that was subscribed."""
    base = _base(subscription, message_id, MessageType.SUBSCRIPTION_CONFIRMATION, envelope, cause)
    return replace(base, body=messages.welcome_sms(subscription.topic.name, subscription.topic.display_name))


def to_number(number: str, publication: Publication, now: datetime, cause: str | None) -> Delivery:
    """Publish with PhoneNumber: no topic, no subscription."""
    return Delivery(
        id=f"{publication.message_id}.sms",
        type=MessageType.NOTIFICATION,
        protocol=Protocol.SMS,
        message_id=publication.message_id,
        topic_arn="",
        subscription_arn="",
        endpoint=number,
        body=publication.message,
        created_at=now,
        due=now,
        policy=CUSTOMER_MANAGED,
        cause=cause,
    )


def interval(subscription: Any) -> timedelta | None:
    """maxReceivesPerSecond as the time between two deliveries; None: no limit."""
    if Protocol(subscription.protocol) not in HTTP_PROTOCOLS:
        return None
    rate = attributes.delivery_policy(subscription).max_receives_per_second
    return timedelta(seconds=1) / rate if rate else None


def _base(subscription: Any, message_id: str, kind: MessageType, envelope: Envelope, cause: str | None) -> Delivery:
    protocol = Protocol(subscription.protocol)
    return Delivery(
        id=f"{message_id}.{subscription.arn.rpartition(':')[2]}",
        type=kind,
        protocol=protocol,
        message_id=message_id,
        topic_arn=subscription.topic.arn,
        subscription_arn=subscription.arn,
        endpoint=subscription.endpoint,
        body="",
        created_at=envelope.at,
        due=envelope.at,
        policy=_policy(subscription, protocol),
        dead_letter_arn=attributes.dead_letter_arn(subscription) if kind is MessageType.NOTIFICATION else None,
        cause=cause,
    )


def _policy(subscription: Any, protocol: Protocol) -> RetryPolicy:
    if protocol in HTTP_PROTOCOLS:
        return attributes.delivery_policy(subscription).retry
    return CUSTOMER_MANAGED if protocol in MAILBOX_PROTOCOLS else AWS_MANAGED


def _http_delivery(base: Delivery, subscription: Any, publication: Publication, envelope: Envelope, text: str, raw: bool) -> Delivery:
    content_type = attributes.delivery_policy(subscription).content_type
    body = text if raw else messages.notification(envelope, publication, text)
    headers = messages.headers(base.type, publication.message_id, envelope, content_type, raw)
    return replace(base, body=body, headers=headers, attributes=publication.attributes if raw else ())


def _sqs_delivery(base: Delivery, subscription: Any, publication: Publication, envelope: Envelope, text: str, raw: bool) -> Delivery:
    """SNS-10: with raw delivery, message attributes become attributes of the SQS message."""
    fifo = subscription.endpoint.endswith(".fifo")
    return replace(
        base,
        body=text if raw else messages.notification(envelope, publication, text),
        attributes=publication.attributes if raw else (),
        group_id=publication.group_id if fifo else None,
        deduplication_id=publication.deduplication_id if fifo else None,
    )


def _mailbox_delivery(base: Delivery, subscription: Any, publication: Publication, envelope: Envelope, text: str, raw: bool) -> Delivery:
    if base.protocol is Protocol.SMS:
        return replace(base, subject=None, body=messages.sms(subscription.topic.display_name, text))
    subject = publication.subject or messages.DEFAULT_SUBJECT  # SNS-11
    body = messages.mail(envelope, text) if base.protocol is Protocol.EMAIL else messages.notification(envelope, publication, text)
    return replace(base, subject=subject, body=body)
