"""What SNS sends and has not finished sending, kept on moto's backend: pending deliveries, tokens, mails, certificates of signatures.

The API's operations put in (`_enqueue`), controller.py takes out (`keep`, `finish`). All of it survives a restart and goes with a reset.
"""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random
from moto.sns.models import SNSBackend

from sandbox.aws.context import context
from sandbox.core.events import Event
from sandbox.services.sns.decide.messages import SENDER, Envelope
from sandbox.services.sns.model import Delivery, Protocol
from sandbox.services.sns.state import mailbox
from sandbox.services.sns.state.mailbox import Mail
from sandbox.services.sns.state.signing import signer
from sandbox.services.sns.state.subscriptions import Token


class Outbox(SNSBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        self.sandbox_deliveries: dict[str, Delivery] = {}  # by id, oldest first; those that are not at their end
        self.sandbox_tokens: dict[str, Token] = {}
        self.sandbox_unsubscribed: dict[str, Any] = {}  # moto's subscriptions by ARN, as long as an Unsubscribe can be taken back
        self.sandbox_mails = mailbox.empty()
        self.sandbox_certificates: dict[str, bytes] = {}  # of what is signed: file name → PEM
        super().__init__(region_name, account_id)

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
