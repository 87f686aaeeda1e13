"""SQS's operations where moto's texts differ from AWS's."""

import re
from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult
from moto.sqs.responses import SQSResponse

from sandbox.aws.seams import replaces, swap_response
from sandbox.services.sqs import errors

LIMITS = {
    "MaxNumberOfMessages": (1, 10, "Must be between 1 and 10, if provided."),
    "WaitTimeSeconds": (0, 20, "Must be >= 0 and <= 20, if provided."),
    "VisibilityTimeout": (0, 43_200, "Must be between 0 and 43200 seconds, if provided."),  # (U)
}

MOST_ENTRIES = 10
ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


@swap_response("sqs")
class SandboxSQSResponse(SQSResponse):
    @replaces(why="SQS-1: the texts of numbers out of range")
    def receive_message(self) -> ActionResult:
        for name, (low, high, reason) in LIMITS.items():
            value: Any = self._get_param(name)
            if value is not None and not low <= int(value) <= high:
                raise errors.invalid_value(value, name, reason)
        return super().receive_message()

    @replaces(why="SQS-1: AWS's text of an empty message attribute")
    def send_message(self) -> ActionResult:
        _check_message_attributes(self._get_param("MessageAttributes", {}))
        return super().send_message()

    @replaces(why="SQS-1: AWS's text of an empty message attribute")
    def send_message_batch(self) -> ActionResult:
        for entry in self._get_param("Entries", []):
            _check_message_attributes(entry.get("MessageAttributes") or {})
        return super().send_message_batch()

    @replaces(why="SQS-1: the ids and the number of the entries are checked")
    def delete_message_batch(self) -> ActionResult:
        _check_entries(self._get_param("Entries", []))
        return super().delete_message_batch()

    @replaces(why="SQS-1: the ids and the number of the entries are checked")
    def change_message_visibility_batch(self) -> ActionResult:
        _check_entries(self._get_param("Entries", []))
        return super().change_message_visibility_batch()


def _check_entries(entries: list[Mapping[str, Any]]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise errors.too_many_entries(len(entries))
    seen: set[str] = set()
    for entry in entries:
        identity = str(entry.get("Id") or "")
        if not ENTRY_ID.fullmatch(identity):
            raise errors.bad_entry_id()
        if identity in seen:
            raise errors.repeated_entry_id(identity)
        seen.add(identity)


def _check_message_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    for name, value in attributes.items():
        kind = str(value.get("DataType") or "")
        field = "BinaryValue" if kind.startswith("Binary") else "StringValue"
        if kind and value.get(field) is not None and not value[field]:
            raise errors.empty_message_attribute(name, kind)
