"""SQS's operations where moto's texts differ from AWS's."""

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


@swap_response("sqs")
class SandboxSQSResponse(SQSResponse):
    @replaces(why="SQS-1: the texts of numbers out of range")
    def receive_message(self) -> ActionResult:
        for name, (low, high, reason) in LIMITS.items():
            value: Any = self._get_param(name)
            if value is not None and not low <= int(value) <= high:
                raise errors.invalid_value(value, name, reason)
        return super().receive_message()
