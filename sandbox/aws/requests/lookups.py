"""moto looks things up by what a request says, and some of its operations fail where nothing is found: with a KeyError of the caller's own
value, or of a member that the caller left out. That is an error in the request, and this module makes AWS's error of it.

A net: the checks before an operation (form.py, services/<svc>/api/validation/) have the exact texts. Only failures within moto's own code
are read in this way; one of ours is a bug.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.utils import get_service_model

from sandbox.aws.requests import words
from sandbox.aws.requests.problems import Kind, Path, Problem, Step
from sandbox.core.errors import ApiError

NOT_IN_LIST = re.compile(r"(.*) is not in list", re.DOTALL)
NO_NUMBER = re.compile(r"(?:invalid literal for int\(\) with base 10|could not convert string to float): (.*)", re.DOTALL)
"""Numbers that the model has as strings. Both show the value as `repr` does: its quotes depend on those in the value."""
TOKENS = frozenset({"NextToken", "Marker", "nextToken"})
DEEPEST = 10
SHOWN = 190
"""Characters that Python's errors show of a long value, at least."""


def refusal(error: Exception, service: str, operation: str, protocol: str, parameters: Mapping[str, Any]) -> ApiError | None:
    """The error of a request that names what is not there; None: this is no such failure."""
    culprit = _culprit(error)
    if culprit is None or not _in_moto(error):
        return None
    step, value = next(((step, value) for step, value in _strings(parameters, None) if _same(value, culprit)), (None, ""))
    if step is not None:
        return _no_number(service, protocol, step, value) if NO_NUMBER.fullmatch(str(error)) else _unknown(service, step, value)
    shape = get_service_model(service).operation_model(operation).input_shape
    missing = next((step for step in _absent(shape, parameters, None) if repr(step.name) == culprit), None) if shape is not None else None
    return None if missing is None else words.error([Problem(Kind.MISSING, missing)], service, protocol)


def _culprit(error: Exception) -> str | None:
    """The value that was looked up, or was to be a number, as `repr` shows it."""
    if isinstance(error, KeyError):
        return repr(error.args[0]) if error.args and isinstance(error.args[0], str) else None
    if not isinstance(error, ValueError):
        return None
    found = NOT_IN_LIST.fullmatch(str(error)) or NO_NUMBER.fullmatch(str(error))
    return found[1] if found else None


def _same(value: str, culprit: str) -> bool:
    shown = repr(value)
    return shown == culprit or (len(culprit) > SHOWN and shown.startswith(culprit[:SHOWN]))


def _in_moto(error: Exception) -> bool:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and str(traceback.tb_frame.f_globals.get("__name__", "")).startswith("moto.")


def _strings(value: Any, at: Path) -> Iterator[tuple[Step, str]]:
    """Each string of a request, with its place."""
    if isinstance(value, str) and at is not None:
        yield at, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _strings(member, Step(at, str(name), str(name)))
    elif isinstance(value, list):
        for index, member in enumerate(value, start=1):
            yield from _strings(member, Step(at, str(index), f"{index}.member"))


def _absent(shape: Any, value: Any, at: Path, depth: int = 0) -> Iterator[Step]:
    """Each member that the model has and the request does not: of the structures that are there, then of absent ones."""
    if depth > DEEPEST:
        return
    if shape.type_name == "structure":
        given = value if isinstance(value, Mapping) else {}
        yield from (Step(at, name, name) for name in shape.members if name not in given)
        for name in sorted(shape.members, key=lambda name: name not in given):
            yield from _absent(shape.members[name], given.get(name), Step(at, name, name), depth + 1)
    elif shape.type_name == "list":
        for index, item in enumerate(value if isinstance(value, list) and value else [None], start=1):
            yield from _absent(shape.member, item, Step(at, str(index), f"{index}.member"), depth + 1)


def _unknown(service: str, step: Step, value: str) -> ApiError:
    """(U) where an operation's own text is not known: the codes are formed as the service forms its codes."""
    steps = step.chain()
    member = next(each.name for each in reversed(steps) if not each.wire.isdigit())
    shown = value if len(value) <= words.LONGEST else value[: words.LONGEST] + "…"
    if member in TOKENS:
        return _wrong_token(service, member, shown)
    if service == "ec2":
        if steps[0].name == "Filters":
            return ApiError("InvalidParameterValue", f"The filter '{shown}' is invalid")
        noun = re.sub(r"Ids?$", "", member)
        return ApiError(f"Invalid{noun}ID.NotFound", f"The {noun} ID '{shown}' does not exist")
    code, text = _NOT_FOUND.get(service, ("ResourceNotFoundException", "{member} '{value}' does not exist"))
    return ApiError(code, text.format(member=member, value=shown))


_NOT_FOUND = {
    "autoscaling": ("ValidationError", "{member} not found - {value}"),
    "cloudwatch": ("ResourceNotFound", "{member} {value} does not exist"),
    "elbv2": ("ValidationError", "{member} '{value}' is not valid"),
    "sns": ("NotFound", "{member} does not exist"),
    "sqs": ("InvalidParameterValue", "Value {value} for parameter {member} is invalid."),
}


def _no_number(service: str, protocol: str, step: Step, value: str) -> ApiError:
    if service == "sqs":
        return ApiError("InvalidAttributeValue", f"Invalid value for the parameter {step.name}.")
    return words.error([Problem(Kind.TYPE, step, value, "integer")], service, protocol)


def _wrong_token(service: str, member: str, value: str) -> ApiError:
    match service:
        case "elbv2":
            return ApiError("ValidationError", f"The marker '{value}' is not valid")
        case "sns":
            return ApiError("InvalidParameter", f"Invalid parameter: {member}")
        case "autoscaling":
            return ApiError("InvalidNextToken", f"The token '{value}' is invalid.")
    return ApiError("InvalidNextToken", "The specified NextToken is not valid.")
