"""What every action of an experiment can do: begin, look, undo. The files of this folder have one class for each family of actions.

The methods call the AWS API as the experiment's role would, inject faults, or start zonal shifts. None of them waits: `look` says when
there is nothing left to wait for. They run under the sandbox's lock together with what records their result, so a saved state has both or
neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import ClientError, ParamValidationError

from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.core.ports import Clients, ExperimentShifts, InjectFaults
from sandbox.services.fis.decide.observed import Look
from sandbox.services.fis.model import DEPENDENT_SERVICE_FAILURE, INVALID_TARGET, Run

CALLER = "fis"
"""The name under which the journal shows the calls."""


class Refusal(Exception):
    """The action cannot do what it promises, and changed nothing, or undid it. `code`: of the experiment's error (FIS-8)."""

    def __init__(self, reason: str, code: str = DEPENDENT_SERVICE_FAILURE) -> None:
        super().__init__(reason)
        self.reason, self.code = reason, code


@dataclass(frozen=True, slots=True)
class Call:
    """The API operations of one account and Region."""

    clients: Clients
    scope: Scope

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Raises ApiError with the API's code and text."""
        client = self.clients.client(service, self.scope, CALLER)
        try:
            answer: dict[str, Any] = getattr(client, operation)(**parameters)
        except ClientError as error:
            told = error.response["Error"]
            raise ApiError(told.get("Code", "InternalFailure"), told.get("Message", "")) from error
        except ParamValidationError as error:
            raise ApiError("ValidationException", str(error)) from error
        return answer

    def pages(self, service: str, operation: str, member: str, **parameters: Any) -> list[dict[str, Any]]:
        """All members of a list operation that has pages."""
        client = self.clients.client(service, self.scope, CALLER)
        try:
            return [each for page in client.get_paginator(operation).paginate(**parameters) for each in page[member]]
        except ClientError as error:
            told = error.response["Error"]
            raise ApiError(told.get("Code", "InternalFailure"), told.get("Message", "")) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What an action can reach: the API, faults, zonal shifts."""

    call: Call
    faults: InjectFaults
    shifts: ExperimentShifts
    experiment_id: str
    now: datetime


class NothingToDo(Refusal):
    """None of the targets is one that the action acts on: as if they were empty (FIS-6)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, INVALID_TARGET)


class Kind(Protocol):
    def begin(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Run:
        """Acts on the targets (ARNs). → the run with what it did. Raises Refusal, or ApiError of an API call."""
        ...

    def look(self, reach: Reach, run: Run) -> Look:
        """What it looks like now. Changes nothing. Raises ApiError if the API does not answer."""
        ...

    def undo(self, reach: Reach, run: Run) -> Run:
        """Ends what it began. Raises Retry if something else must pass first, ApiError if it cannot be undone. May be repeated."""
        ...


def names(arns: tuple[str, ...]) -> tuple[str, ...]:
    """The ids or names at the end of ARNs: "arn:aws:ec2:…:instance/i-1" → "i-1", "…:autoScalingGroupName/web" → "web"."""
    return tuple(arn.rpartition("/")[2] for arn in arns)


def lasting(run: Run, reach: Reach, length: timedelta | None) -> Run:
    """The run that is over after `length`."""
    return replace(run, until=None if length is None else reach.now + length)


def undone(run: Run) -> Run:
    return replace(run, undone=True)


def parameters(run: Run) -> Mapping[str, str]:
    return run.action.parameters
