"""The JSON that subscribers receive, with its fields in AWS's order (SNS-7), its HTTP headers (SNS-6), and the texts of emails (SNS-11).

Links and SigningCertURL refer to this sandbox's own endpoint.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sandbox.services.sns.model import Attributes, MessageType, Publication

AGENT = "Amazon Simple Notification Service Agent"
SENDER = "no-reply@sns.amazonaws.com"
DEFAULT_SUBJECT = "AWS Notification Message"
CONFIRMATION_SUBJECT = "AWS Notification - Subscription Confirmation"


class Signer(Protocol):
    """Implemented by state/signing.py, with the key of this process."""

    @property
    def file_name(self) -> str:
        """The name of the certificate: "SimpleNotificationService-0123….pem"."""
        ...

    def sign(self, fields: Mapping[str, str], version: str) -> str:
        """The signature in base64. Version "1" is SHA1, "2" SHA256, as a topic's SignatureVersion says."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What all messages of a topic to one subscriber have in common."""

    topic_arn: str
    subscription_arn: str
    at: datetime
    endpoint: str  # of the sandbox: "http://127.0.0.1:4566"
    signer: Signer
    signature_version: str = "1"

    @property
    def unsubscribe_url(self) -> str:
        return f"{self.endpoint}/?Action=Unsubscribe&SubscriptionArn={self.subscription_arn}"

    def subscribe_url(self, token: str) -> str:
        return f"{self.endpoint}/?Action=ConfirmSubscription&TopicArn={self.topic_arn}&Token={token}"


def timestamp(at: datetime) -> str:
    """`2026-01-02T03:04:05.678Z`"""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def notification(envelope: Envelope, publication: Publication, message: str) -> str:
    fields = {"Type": MessageType.NOTIFICATION.value, "MessageId": publication.message_id}
    if publication.sequence_number is not None:
        fields["SequenceNumber"] = publication.sequence_number
    fields["TopicArn"] = envelope.topic_arn
    if publication.subject is not None:
        fields["Subject"] = publication.subject
    fields |= {"Message": message, "Timestamp": timestamp(envelope.at)}
    signed = fields if publication.sequence_number is not None else _signed(envelope, fields)  # SNS-45: FIFO topics do not sign
    body: dict[str, Any] = signed | {"UnsubscribeURL": envelope.unsubscribe_url}
    if publication.attributes:
        body["MessageAttributes"] = {name: {"Type": kind, "Value": value} for name, kind, value in publication.attributes}
    return _json(body)


def confirmation(envelope: Envelope, kind: MessageType, message_id: str, token: str) -> str:
    fields = {
        "Type": kind.value,
        "MessageId": message_id,
        "Token": token,
        "TopicArn": envelope.topic_arn,
        "Message": _confirmation_message(kind, envelope),
        "SubscribeURL": envelope.subscribe_url(token),
        "Timestamp": timestamp(envelope.at),
    }
    return _json(_signed(envelope, fields))


def _confirmation_message(kind: MessageType, envelope: Envelope) -> str:
    if kind is MessageType.UNSUBSCRIBE_CONFIRMATION:
        return (
            f"You have chosen to deactivate subscription {envelope.subscription_arn}.\n"
            "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
        )
    return (
        f"You have chosen to subscribe to the topic {envelope.topic_arn}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message."
    )


def _signed(envelope: Envelope, fields: Mapping[str, str]) -> dict[str, str]:
    return {
        **fields,
        "SignatureVersion": envelope.signature_version,
        "Signature": envelope.signer.sign(fields, envelope.signature_version),
        "SigningCertURL": f"{envelope.endpoint}/{envelope.signer.file_name}",
    }


def _json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, indent=2, separators=(",", " : "), ensure_ascii=False)


def headers(kind: MessageType, message_id: str, envelope: Envelope, content_type: str, raw: bool = False) -> tuple[tuple[str, str], ...]:
    """SNS-6."""
    found = [
        ("x-amz-sns-message-type", kind.value),
        ("x-amz-sns-message-id", message_id),
        ("x-amz-sns-topic-arn", envelope.topic_arn),
    ]
    if kind is not MessageType.SUBSCRIPTION_CONFIRMATION:
        found.append(("x-amz-sns-subscription-arn", envelope.subscription_arn))
    if raw:
        found.append(("x-amz-sns-rawdelivery", "true"))
    return (*found, ("Content-Type", content_type), ("User-Agent", AGENT))


# ---- email -----------------------------------------------------------------------------------------------------------------------------


def mail(envelope: Envelope, message: str) -> str:
    """The message with AWS's footer (SNS-11; the exact wording is (U), unverified)."""
    footer = (
        "--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:\n"
        f"{envelope.unsubscribe_url}\n\n"
        "Please do not reply directly to this email."
    )
    return f"{message}\n\n{footer}\n"


def confirmation_mail(envelope: Envelope, token: str) -> str:
    return (
        f"You have chosen to subscribe to the topic:\n{envelope.topic_arn}\n\n"
        "To confirm this subscription, click or visit the link below (If this was in error no action is necessary):\n"
        f"{envelope.subscribe_url(token)}\n\n"
        "Please do not reply directly to this email.\n"
    )


def welcome_sms(topic_name: str, display_name: str) -> str:
    """A phone number needs no confirmation; it receives this message. (U)"""
    return f"You have subscribed to {display_name or topic_name}."


def sms(display_name: str, message: str) -> str:
    """The topic's display name is its prefix."""
    return f"{display_name}> {message}" if display_name else message


def sqs_attributes(attributes: Attributes) -> dict[str, dict[str, str]]:
    """As SendMessage's MessageAttributes; binary values are still base64."""
    named = {name: (kind, value) for name, kind, value in attributes}
    return {
        name: {"DataType": kind, ("BinaryValue" if kind.startswith("Binary") else "StringValue"): value}
        for name, (kind, value) in named.items()
    }
