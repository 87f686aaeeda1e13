"""What SNS sends, stored on moto's backend: deliveries that have not ended, tokens, mails, and certificates of signatures.

The API's operations add deliveries (`_enqueue`), controller.py updates and removes them. All of it survives a restart, and a reset removes
it.
"""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random
from moto.sns.models import SNSBackend

from sandbox.aws.context import context
from sandbox.aws.deduplication import DeduplicationLog
from sandbox.core.events import Event
from sandbox.services.sns.decide.messages import SENDER, Envelope
from sandbox.services.sns.model import Delivery, Protocol
from sandbox.services.sns.state import attributes, mailbox
from sandbox.services.sns.state.mailbox import Mail
from sandbox.services.sns.state.signing import signer
from sandbox.services.sns.state.subscriptions import Token


class Outbox(SNSBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        self.sandbox_deliveries: dict[str, Delivery] = {}  # by id, oldest first; those that have not ended
        self.sandbox_tokens: dict[str, Token] = {}
        self.sandbox_unsubscribed: dict[str, Any] = {}  # moto's subscriptions by ARN, while they can be restored
        self.sandbox_mails = mailbox.empty()
        self.sandbox_certificates: dict[str, bytes] = {}  # file name → PEM
        self.sandbox_fifo: dict[str, DeduplicationLog] = {}  # by topic ARN
        super().__init__(region_name, account_id)

    def save_delivery(self, delivery: Delivery) -> None:
        """Stores its new state, unless it has ended and was removed."""
        if delivery.id in self.sandbox_deliveries:
            self.sandbox_deliveries[delivery.id] = delivery

    def remove_delivery(self, delivery: Delivery) -> None:
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
        signing = signer()
        self.sandbox_certificates[signing.file_name] = signing.certificate
        return Envelope(
            topic_arn=subscription.topic.arn,
            subscription_arn=subscription.arn,
            at=context().clock.now(),
            endpoint=context().settings.endpoint,
            signer=signing,
            signature_version=attributes.signature_version(subscription.topic),
        )

    def _record(self, subscription: Any, detail_type: str, summary: str) -> None:
        resources = (subscription.arn, subscription.topic.arn, subscription.topic.name)
        context().journal.record(Event(source="aws.sns", detail_type=detail_type, summary=summary, resources=resources))

    def _uuid(self) -> str:
        return str(mock_random.uuid4())
