"""The SNS loop: one key for each delivery that is not at its end, and one for each subscription that nobody has confirmed.

Over HTTP the deliverer sends and wakes us with the result; queues are reached by the SQS API, mail goes to the mailbox. The gateway wakes
us after each request, so a publication is delivered as soon as its answer is sent.
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
from sandbox.services.sns.actions import Attempt, Finish, Keep, MoveToDeadLetterQueue, RemoveSubscription
from sandbox.services.sns.decide import messages
from sandbox.services.sns.decide.deliveries import NOT_DELIVERED, decide
from sandbox.services.sns.model import MAILED, POSTED, Delivery, Memory, Observed, Result
from sandbox.services.sns.state import snapshot

GONE = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "QueueDeletedRecently")
"""Errors of SQS that no retry mends: the client's side, so the message goes to the dead-letter queue at once."""


class SnsController(Shell[Observed, Memory]):
    name = "sns"

    def __init__(self, journal: Journal, transport: Clients, deliverer: Deliverer) -> None:
        super().__init__(journal)
        self._transport, self._deliverer = transport, deliverer
        deliverer.on_result(self._wake)

    def _wake(self, key: str) -> None:
        """The deliverer calls it, in its own thread, when a delivery has a result."""
        context().wake(self.name, key)

    def keys(self) -> Iterable[str]:
        return snapshot.keys()

    def observe(self, key: str, now: datetime) -> Observed | None:
        scope, name = Scope.split(key)
        seen = snapshot.read(scope, name, _told(self._deliverer.latest(key)))
        if seen is None:
            self._deliverer.forget(key)
        return seen

    def decide(self, observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, _ = Scope.split(key)
        backend = snapshot.find(scope)
        match action:
            case Attempt():
                self._attempt(key, scope, backend, action)
            case Keep():
                backend.keep(action.delivery)
            case Finish():
                self._finish(key, backend, action.delivery)
            case MoveToDeadLetterQueue():
                self._bury(action)
                self._finish(key, backend, action.delivery)
            case RemoveSubscription():
                backend.remove_unconfirmed(action.arn)

    def _finish(self, key: str, backend: Any, delivery: Delivery) -> None:
        backend.finish(delivery)
        self._deliverer.forget(key)

    def _attempt(self, key: str, scope: Scope, backend: Any, action: Attempt) -> None:
        delivery = action.delivery
        if delivery.protocol in POSTED:
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
            backend.keep(delivery)
        elif delivery.protocol in MAILED:
            backend.put_in_mailbox(delivery)
            backend.keep(replace(delivery, result=Result(number=delivery.attempts, accepted=True, detail="it is in the mailbox")))
        else:
            backend.keep(replace(delivery, result=self._send(delivery, delivery.endpoint)))

    def _send(self, delivery: Delivery, queue_arn: str) -> Result:
        """One SendMessage to a queue. Its policy is not looked at, as no permissions are in this sandbox."""
        _, _, _, region, account, queue = queue_arn.split(":")
        sqs = self._transport.client("sqs", Scope(account, region), caller="sns")
        try:
            url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=delivery.body, **_extras(delivery))
        except ClientError as error:
            code, text = error.response["Error"]["Code"], error.response["Error"]["Message"]
            detail = f"{code}: {text}"
            return Result(number=delivery.attempts, accepted=False, detail=detail, final=code in GONE)
        return Result(number=delivery.attempts, accepted=True, detail=f"queue {queue} took it")

    def _bury(self, action: MoveToDeadLetterQueue) -> None:
        """The message's last fate, told either way."""
        result = self._send(action.delivery, action.queue_arn)
        queue = action.queue_arn.rpartition(":")[2]
        detail_type = "SNS Notification Moved To Dead-Letter Queue" if result.accepted else NOT_DELIVERED
        lost = f"is lost: dead-letter queue {queue} did not take it ({result.detail})"
        fate = f"is in the dead-letter queue {queue}" if result.accepted else lost
        self.journal.record(
            Event(
                source="aws.sns",
                detail_type=detail_type,
                summary=f"message {action.delivery.message_id} to {action.delivery.endpoint} {fate}",
                resources=(action.delivery.message_id, action.delivery.topic_arn, action.delivery.subscription_arn, action.queue_arn),
                detail={
                    "messageId": action.delivery.message_id,
                    "deadLetterTargetArn": action.queue_arn,
                    "providerResponse": result.detail,
                },
            )
        )


def _told(result: DeliveryResult | None) -> Result | None:
    """SNS-9: an answer from 200 to 499 is a delivery. An address that may not be spoken to stays so."""
    if result is None:
        return None
    accepted = result.outcome is DeliveryOutcome.ANSWERED and result.status_code is not None and 200 <= result.status_code < 500
    detail = f"HTTP {result.status_code}" if result.outcome is DeliveryOutcome.ANSWERED else result.detail
    return Result(number=result.number, accepted=accepted, detail=detail, final=result.outcome is DeliveryOutcome.REFUSED)


def _extras(delivery: Delivery) -> dict[str, Any]:
    """SendMessage's parameters beside the body."""
    found: dict[str, Any] = {}
    if delivery.attributes:
        given = messages.sqs_attributes(delivery.attributes)
        found["MessageAttributes"] = {name: _decoded(value) for name, value in given.items()}
    if delivery.group_id:
        found["MessageGroupId"] = delivery.group_id
    if delivery.deduplication_id:
        found["MessageDeduplicationId"] = delivery.deduplication_id
    return found


def _decoded(value: dict[str, str]) -> dict[str, Any]:
    return {name: base64.b64decode(text) if name == "BinaryValue" else text for name, text in value.items()}
