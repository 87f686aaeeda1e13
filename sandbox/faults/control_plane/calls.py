"""Which API calls a fault concerns, and the codes and texts of AWS's errors for them."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sandbox.aws.active_faults import ApiCall
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError, UserError
from sandbox.faults.context import FaultContext
from sandbox.faults.kind import Injection
from sandbox.faults.parameters import PERCENT, Parameter, Text

NAMES = r"[A-Za-z][A-Za-z0-9]{0,127}(\s*,\s*[A-Za-z][A-Za-z0-9]{0,127}){0,49}"
ARNS = r"[^\s,]{1,400}(\s*,\s*[^\s,]{1,400}){0,49}"
OPERATION = Parameter(name="operation", parser=Text(NAMES, "names of operations, such as RunInstances,StartInstances"), means="only these")
ROLES = Parameter(name="roles", parser=Text(ARNS, "ARNs of IAM roles"), means="only calls by these IAM roles")
PERCENT_OF_CALLS = Parameter(name="percent", parser=PERCENT, unit="%", default=100.0, means="of the calls, each at random")
MODEL_SCOPE = Scope("123456789012", "us-east-1")  # a client is only asked for its model here

_TEXTS = {  # code → status and text, of the references of EC2 (Error codes) and of the other services (Common errors)
    "InternalError": (500, "An internal error has occurred"),
    "InternalFailure": (500, "The request processing has failed because of an unknown error, exception or failure."),
    "RequestLimitExceeded": (503, "Request limit exceeded."),
    "ServiceUnavailable": (503, "The request has failed due to a temporary failure of the server."),
    "Throttling": (400, "Rate exceeded"),
    "ThrottlingException": (400, "Rate exceeded"),
    "Unavailable": (503, "The service is unavailable. Please try again shortly."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """`operations`, `roles` empty: all."""

    service: str  # botocore's name
    operations: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def concerns(self, call: ApiCall) -> bool:
        if call.service != self.service or (self.operations and call.operation not in self.operations):
            return False
        return not self.roles or call.role in self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of the calls, each drawn at random."""

    percent: float = 100.0
    draw: Callable[[], float] = lambda: 0.0  # 0 to 1

    @staticmethod
    def of(injection: Injection, chance: random.Random) -> "Share":
        return Share(percent=injection.values.number("percent"), draw=chance.random)

    def hit(self) -> bool:
        return self.percent >= 100 or self.draw() * 100 < self.percent


ALL = Share()


def calls_of(injection: Injection, context: FaultContext) -> tuple[Calls, ...]:
    """One for each service that is a target. Raises UserError if a service has no such operation."""
    operations = names(injection, "operation")
    roles = names(injection, "roles") if "roles" in injection.values.by_name else frozenset[str]()
    for service in injection.names:
        known = model_of(service, context).operation_names
        if unknown := sorted(operations - set(known)):
            raise UserError(f"{service} has no operation {unknown[0]!r}.", f"sandbox aws {service} help")
    return tuple(Calls(service=service, operations=operations, roles=roles) for service in injection.names)


def names(injection: Injection, parameter: str) -> frozenset[str]:
    given = injection.values.text(parameter) if injection.values.given(parameter) else ""
    return frozenset(name.strip() for name in given.split(",") if name.strip())


class Model(Protocol):
    """What is used of botocore's ServiceModel."""

    operation_names: list[str]
    metadata: dict[str, str]


def model_of(service: str, context: FaultContext) -> Model:
    model: Model = context.clients.client(service, MODEL_SCOPE).meta.service_model
    return model


def internal_error(service: str) -> str:
    """The code of an internal error (EC2: Error codes; the others: Common errors)."""
    return "InternalError" if service == "ec2" else "InternalFailure"


def throttled(service: str, context: FaultContext) -> str:
    """The code of a call above the limit: EC2 has its own, services with the query protocol say Throttling, newer ones say
    ThrottlingException."""
    if service == "ec2":
        return "RequestLimitExceeded"
    query = service == "cloudwatch" or model_of(service, context).metadata.get("protocol") == "query"
    return "Throttling" if query else "ThrottlingException"


def error(code: str, message: str | None) -> ApiError:
    """Raises UserError for a code whose text is not known, if none is given."""
    status, text = _TEXTS.get(code, (None, None))
    if message is None and text is None:
        raise UserError(f"The text of {code} is not known here: add --set message=TEXT.", "sandbox fault kinds")
    return ApiError(code, message or text or "", status)
