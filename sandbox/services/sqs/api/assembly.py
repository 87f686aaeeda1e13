"""SQS's backend class, which replaces moto's: attributes as AWS stores and returns them, and FIFO queues.

Below it is the long poll (aws/http/long_poll.py). Messages, visibility, dead-letter queues and permissions are moto's.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.sqs.models import Message

from sandbox.aws.context import LOCK, context
from sandbox.aws.deduplication import DeduplicationLog
from sandbox.aws.http.long_poll import LongPoll
from sandbox.aws.seams import replaces, swap_backend
from sandbox.core.persisted import persisted
from sandbox.services.sqs import errors
from sandbox.services.sqs.api import responses
from sandbox.services.sqs.api.validation import attributes as attribute_validation

__all__ = ["SandboxSQS", "responses"]  # responses: imported so that its seam is declared

ID = re.compile(r"[!-~]{1,128}")
BY_GROUP = "messageGroup"  # DeduplicationScope


@persisted("sqs.Backend", sandbox_fifo=dict)
@swap_backend("sqs")
class SandboxSQS(LongPoll):
    def __init__(self, region_name: str, account_id: str) -> None:
        self.sandbox_fifo: dict[str, DeduplicationLog] = {}  # by the name of the queue
        super().__init__(region_name, account_id)

    # ---- attributes -------------------------------------------------------------------------------------------------------------------

    @replaces(why="SQS-1: attributes are validated; the error names the attribute that differs")
    def create_queue(self, name: str, tags: dict[str, str] | None = None, **kwargs: Any) -> Any:
        region = {key: kwargs.pop(key) for key in ("region",) if key in kwargs}
        given = {key: _as_text(value) for key, value in kwargs.items()}
        fifo = given.get("FifoQueue", "").lower() == "true"
        attribute_validation.check(given, fifo)
        self._check_dead_letters(given, fifo)
        existing = self.queues.get(name)
        if existing is not None:
            self._check_same(existing, given)
            return existing
        return super().create_queue(name, tags, **region, **{key: value for key, value in given.items() if value})

    @replaces(why="SQS-1, SQS-2: all are validated before one is set; moto drops the policy when another attribute is set")
    def set_queue_attributes(self, queue_name: str, attributes: dict[str, Any]) -> Any:
        queue = self.get_queue(queue_name)
        given = {key: _as_text(value) for key, value in attributes.items()}
        attribute_validation.check(given, queue.fifo_queue)
        if given.get("FifoQueue", "true").lower() != "true":
            raise errors.invalid_attribute("FifoQueue", "Modifying queue type is not supported.")
        self._check_dead_letters(given, queue.fifo_queue)
        queue._set_attributes({"Policy": queue.policy, **given})
        return queue

    @replaces(why="SQS-2: RedriveAllowPolicy, and documents as they were sent")
    def get_queue_attributes(self, queue_name: str, attribute_names: list[str]) -> dict[str, Any]:
        queue, asked = self.get_queue(queue_name), list(attribute_names)
        allowed = [name for name in asked if name == "RedriveAllowPolicy"]
        found: dict[str, Any] = dict(super().get_queue_attributes(queue_name, [name for name in asked if name not in allowed]))
        if found.get("RedrivePolicy"):
            found["RedrivePolicy"] = _compact(found["RedrivePolicy"])
        if (allowed or "All" in asked) and (policy := vars(queue).get("redrive_allow_policy")):
            found["RedriveAllowPolicy"] = policy
        return found

    @replaces(why="moto fails with an internal error on a policy that is one statement, or whose statements have no Sid")
    def add_permission(self, region_name: str, queue_name: str, *args: Any, **kwargs: Any) -> None:
        policy = self.get_queue(queue_name)._policy_json
        statements = _statements(policy)
        named = [each for each in statements if "Sid" in each]
        policy["Statement"] = list(named)
        try:
            super().add_permission(region_name, queue_name, *args, **kwargs)
        finally:
            policy["Statement"] = [*statements, *policy["Statement"][len(named) :]]

    @replaces(why="SQS-1: AWS's text of an unknown label; see add_permission")
    def remove_permission(self, queue_name: str, label: str) -> None:
        policy = self.get_queue(queue_name)._policy_json
        statements = _statements(policy)
        kept = [each for each in statements if each.get("Sid") != label]
        if len(kept) == len(statements):
            raise errors.invalid_value(label, "Label", "can't find label.")
        policy["Statement"] = kept

    @replaces(why="its numbers and duplicates are forgotten with it")
    def delete_queue(self, queue_name: str) -> None:
        super().delete_queue(queue_name)
        self.sandbox_fifo.pop(queue_name, None)

    def _check_dead_letters(self, given: Mapping[str, str], fifo: bool) -> None:
        policy = given.get("RedrivePolicy")
        if not policy:
            return
        arn = json.loads(policy)["deadLetterTargetArn"]
        found = next((queue for queue in self.queues.values() if queue.queue_arn == arn), None)
        if found is None:
            raise errors.invalid_value(policy, "RedrivePolicy", "Dead letter target does not exist.")
        if found.fifo_queue is not fifo:
            raise errors.invalid_value(policy, "RedrivePolicy", "Dead-letter queue must be same type of queue as the source.")

    def _check_same(self, queue: Any, given: Mapping[str, str]) -> None:
        stored = {name: str(value) for name, value in self.get_queue_attributes(queue.name, ["All"]).items() if value is not None}
        for name, value in given.items():
            if value and not _equal(name, stored.get(name, ""), value):
                raise errors.already_exists(name)

    # ---- FIFO queues ------------------------------------------------------------------------------------------------------------------

    @replaces(why="SQS-3: sequence numbers increase, and a duplicate is one for five minutes, also after the first was deleted")
    def send_message(self, queue_name: str, message_body: str, *args: Any, **kwargs: Any) -> Any:
        _check_ids(kwargs)
        with LOCK:
            queue = self.get_queue(queue_name)
            if not queue.fifo_queue:
                return super().send_message(queue_name, message_body, *args, **kwargs)
            self._validate_message(
                queue,
                message_body,
                int(kwargs.get("delay_seconds") or 0),
                deduplication_id=kwargs.get("deduplication_id"),
                group_id=kwargs.get("group_id"),
            )
            return self._send_in_order(queue, message_body, *args, **kwargs)

    def _send_in_order(self, queue: Any, body: str, *args: Any, **kwargs: Any) -> Any:
        identity = kwargs.get("deduplication_id")
        if not identity:
            if not queue.content_based_deduplication:
                raise errors.no_content_based_deduplication()
            identity = hashlib.sha256(body.encode()).hexdigest()
        key = f"{kwargs.get('group_id')} {identity}" if queue.deduplication_scope == BY_GROUP else str(identity)
        log, now = self.sandbox_fifo.setdefault(queue.name, DeduplicationLog()), context().clock.now()
        first = log.find(key, now)
        if first is not None:
            return _duplicate(first.message_id, first.sequence_number, body, kwargs.get("message_attributes"))
        sent = super().send_message(queue.name, body, *args, **{**kwargs, "deduplication_id": identity})
        sent.sequence_number = log.accept(key, sent.id, now).sequence_number
        if not any(each is sent for each in queue._messages):
            queue._messages.append(sent)  # moto took it for a duplicate of one in another message group
            self._look(queue.name)
        return sent


def _statements(policy: Mapping[str, Any]) -> list[Any]:
    """A policy may have one statement without a list."""
    found = policy.get("Statement", [])
    return list(found) if isinstance(found, list) else [found]


def _check_ids(given: Mapping[str, Any]) -> None:
    for name, parameter in (("group_id", "MessageGroupId"), ("deduplication_id", "MessageDeduplicationId")):
        value = given.get(name)
        if value is not None and not ID.fullmatch(value):
            reason = f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length."
            raise errors.invalid_value(value, parameter, reason)


def _duplicate(message_id: str, number: str, body: str, attributes: Mapping[str, Any] | None) -> Any:
    """What is answered for a duplicate: the id and number of the first message."""
    message = Message(message_id, body)
    message.sequence_number = number
    message.message_attributes = dict(attributes or {})
    return message


def _as_text(value: Any) -> str:
    """moto's other services pass numbers, booleans and objects."""
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compact(document: str) -> str:
    return json.dumps(json.loads(document), separators=(",", ":"))


def _equal(name: str, stored: str, given: str) -> bool:
    if name in attribute_validation.DOCUMENTS and stored:
        return bool(json.loads(stored) == json.loads(given))
    return stored == (given.lower() if name in attribute_validation.BOOLEANS else given)
