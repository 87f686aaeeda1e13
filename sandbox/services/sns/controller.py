"""Delivers SNS's messages: one key for each delivery that has not ended, and one for each subscription that is pending confirmation.

The deliverer sends over HTTP and wakes this controller with the result; queues are reached through the SQS API; mail is stored in the
mailbox. The gateway wakes this controller after each request, so a message is delivered as soon as Publish has returned.
"""

import base64
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.ports import Clients
from sandbox.drivers.delivery.base import Deliverer, DeliveryOutcome, DeliveryRequest, DeliveryResult
from sandbox.services.sns.actions import AttemptDelivery, MoveToDeadLetterQueue, RemoveDelivery, RemoveSubscription, SaveDelivery
from sandbox.services.sns.decide import messages
from sandbox.services.sns.decide.deliveries import NOT_DELIVERED, decide
from sandbox.services.sns.model import HTTP_PROTOCOLS, MAILBOX_PROTOCOLS, AttemptResult, Delivery, Memory, ObservedState
from sandbox.services.sns.state import snapshot

QUEUE_MISSING = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "QueueDeletedRecently")
"""SQS errors that a retry cannot solve: the message is moved to the dead-letter queue at once."""


class SnsController(Shell[ObservedState, Memory]):
    name = "sns"

    def __init__(self, journal: Journal, transport: Clients, deliverer: Deliverer) -> None:
        super().__init__(journal)
        self._transport, self._deliverer = transport, deliverer
        deliverer.on_result(self._wake)

    def _wake(self, key: str) -> None:
        """Called by the deliverer, in its own thread, when an attempt has a result."""
        context().wake(self.name, key)

    def keys(self) -> Iterable[str]:
        return snapshot.keys()

    def observe(self, key: str, now: datetime) -> ObservedState | None:
        scope, name = Scope.split(key)
        observed = snapshot.observe(scope, name, _attempt_result(self._deliverer.latest(key)))
        if observed is None:
            self._deliverer.forget(key)
        return observed

    def decide(self, observed: ObservedState, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, _ = Scope.split(key)
        backend = snapshot.find(scope)
        match action:
            case AttemptDelivery():
                self._attempt(key, scope, backend, action)
            case SaveDelivery():
                backend.save_delivery(action.delivery)
            case RemoveDelivery():
                self._remove(key, backend, action.delivery)
            case MoveToDeadLetterQueue():
                self._move_to_dead_letter_queue(action)
                self._remove(key, backend, action.delivery)
            case RemoveSubscription():
                backend.remove_unconfirmed(action.arn)

    def _remove(self, key: str, backend: Any, delivery: Delivery) -> None:
        backend.remove_delivery(delivery)
        self._deliverer.forget(key)
        if delivery.group_id is not None:
            context().wake(self.name)  # for the next delivery of its message group

    def _attempt(self, key: str, scope: Scope, backend: Any, action: AttemptDelivery) -> None:
        delivery = action.delivery
        if delivery.protocol in HTTP_PROTOCOLS:
            self._deliverer.start(
                DeliveryRequest(
                    key=key,
                    number=delivery.attempts,
                    url=delivery.endpoint,
                    headers=delivery.headers,
                    body=delivery.body,
                    timeout=action.timeout,
                )
            )
            backend.save_delivery(delivery)
        elif delivery.protocol in MAILBOX_PROTOCOLS:
            backend.put_in_mailbox(delivery)
            backend.save_delivery(
                replace(delivery, result=AttemptResult(number=delivery.attempts, accepted=True, detail="stored in the mailbox"))
            )
        else:
            backend.save_delivery(replace(delivery, result=self._send(delivery, delivery.endpoint)))

    def _send(self, delivery: Delivery, queue_arn: str) -> AttemptResult:
        """Sends one message to a queue. The queue's policy is not evaluated: the sandbox has no permissions."""
        _, _, _, region, account, queue = queue_arn.split(":")
        sqs = self._transport.client("sqs", Scope(account, region), caller="sns")
        try:
            url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=delivery.body, **_send_message_parameters(delivery))
        except ClientError as error:
            code, text = error.response["Error"]["Code"], error.response["Error"]["Message"]
            detail = f"{code}: {text}"
            return AttemptResult(number=delivery.attempts, accepted=False, detail=detail, final=code in QUEUE_MISSING)
        return AttemptResult(number=delivery.attempts, accepted=True, detail=f"sent to queue {queue}")

    def _move_to_dead_letter_queue(self, action: MoveToDeadLetterQueue) -> None:
        """Records the outcome in either case."""
        result = self._send(action.delivery, action.queue_arn)
        queue = action.queue_arn.rpartition(":")[2]
        detail_type = "SNS Notification Moved To Dead-Letter Queue" if result.accepted else NOT_DELIVERED
        lost = f"lost: sending it to the dead-letter queue {queue} failed ({result.detail})"
        outcome = f"moved to the dead-letter queue {queue}" if result.accepted else lost
        self.journal.record(
            Event(
                source="aws.sns",
                detail_type=detail_type,
                summary=f"message {action.delivery.message_id} to {action.delivery.endpoint} {outcome}",
                resources=(action.delivery.message_id, action.delivery.topic_arn, action.delivery.subscription_arn, action.queue_arn),
                detail={
                    "messageId": action.delivery.message_id,
                    "deadLetterTargetArn": action.queue_arn,
                    "providerResponse": result.detail,
                },
            )
        )


def _attempt_result(result: DeliveryResult | None) -> AttemptResult | None:
    """SNS-9: a status code from 200 to 499 means delivered. An address that is not allowed is not retried."""
    if result is None:
        return None
    accepted = result.outcome is DeliveryOutcome.ANSWERED and result.status_code is not None and 200 <= result.status_code < 500
    detail = f"HTTP {result.status_code}" if result.outcome is DeliveryOutcome.ANSWERED else result.detail
    return AttemptResult(number=result.number, accepted=accepted, detail=detail, final=result.outcome is DeliveryOutcome.REFUSED)


def _send_message_parameters(delivery: Delivery) -> dict[str, Any]:
    """SendMessage's parameters other than the body."""
    parameters: dict[str, Any] = {}
    if delivery.attributes:
        given = messages.sqs_attributes(delivery.attributes)
        parameters["MessageAttributes"] = {name: _decoded(value) for name, value in given.items()}
    if delivery.group_id:
        parameters["MessageGroupId"] = delivery.group_id
    if delivery.deduplication_id:
        parameters["MessageDeduplicationId"] = delivery.deduplication_id
    return parameters


def _decoded(value: dict[str, str]) -> dict[str, Any]:
    return {name: base64.b64decode(text) if name == "BinaryValue" else text for name, text in value.items()}
