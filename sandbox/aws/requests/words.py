"""What each service answers to a problem: code and text as AWS gives them. (U): no source has AWS's, the text is ours.

EC2 names one problem at a time. The framework behind the other services lists all limits that are not kept in one ValidationError.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.aws.requests.problems import UNREADABLE, Kind, Problem
from sandbox.core.errors import ApiError

LONGEST = 1_000
"""Characters of a value that an error repeats."""


RESOURCES_MISSING = "The request must contain the parameter resourceIdSet"
OF_INSTANCES = ("RebootInstances", "StartInstances", "StopInstances", "TerminateInstances")
OF_OPERATIONS: Mapping[tuple[str, str], tuple[str, str]] = {
    **{(operation, "ResourceId"): ("MissingParameter", RESOURCES_MISSING) for operation in ("CreateTags", "DeleteTags")},
    **{(operation, "InstanceId"): ("InvalidParameterCombination", "No instances specified") for operation in OF_INSTANCES},
    ("CreateTags", "Tag"): ("MissingParameter", "The request must contain the parameter tagSet"),
}
"""Operation of EC2 and absent parameter → the operation's own error."""


def error(problems: Sequence[Problem], service: str, protocol: str, operation: str = "") -> ApiError:
    """The error for the problems of one request; there is at least one."""
    first = min(problems, key=_order)
    if service == "ec2" and first.kind is Kind.MISSING and (operation, first.at.sent) in OF_OPERATIONS:
        return ApiError(*OF_OPERATIONS[operation, first.at.sent])
    return _ANSWERS.get(service, _framework)(sorted(problems, key=_order), protocol)


def _order(problem: Problem) -> int:
    return 0 if problem.kind in UNREADABLE else 1


# ---- EC2


def _ec2(problems: Sequence[Problem], _: str) -> ApiError:
    first = problems[0]
    return ApiError(*_OF_EC2[first.kind](first))


def _invalid(problem: Problem, why: str = "") -> tuple[str, str]:
    name = problem.at.wire if not problem.at.wire.isdigit() or problem.at.above is None else problem.at.above.wire
    text = f"Value ({_shown(problem.value)}) for parameter {name[:1].lower() + name[1:]} is invalid.{why and ' ' + why}"
    return "InvalidParameterValue", text


def _ec2_range(problem: Problem) -> tuple[str, str]:
    least, most = problem.wanted
    size = problem.value if problem.kind is Kind.RANGE else len(problem.value)
    bound = f"greater than {least}" if least is not None and size < least else f"less than {most}"
    return "InvalidParameterValue", f"Value ( {_shown(problem.value)} ) for parameter {_lower(problem.at.wire)} is invalid. " + (
        f"Expecting a value {bound}." if problem.kind is Kind.RANGE else f"Expecting a length {bound}."  # (U)
    )


def _ec2_cidr(problem: Problem) -> tuple[str, str]:
    if problem.at.wire in ("CidrIp", "CidrIpv6"):  # of a security group's rule
        return "InvalidParameterValue", f"CIDR block {_shown(problem.value)} is malformed"
    return _invalid(problem, "This is not a valid CIDR block.")


_OF_EC2: dict[Kind, Callable[[Problem], tuple[str, str]]] = {
    Kind.MISSING: lambda p: ("MissingParameter", f"The request must contain the parameter {p.at.sent}"),
    Kind.UNKNOWN: lambda p: ("UnknownParameter", f"The parameter {p.at.sent} is not recognized"),
    Kind.TYPE: lambda p: _invalid(p, f"Expected {_article(p.wanted)}."),  # (U)
    Kind.INDEX: lambda p: ("InvalidParameterValue", f"The parameter {p.at.sent} is not the next member of its list: {p.wanted} is."),  # (U)
    Kind.ENUM: _invalid,
    Kind.LENGTH: _ec2_range,
    Kind.RANGE: _ec2_range,
    Kind.PATTERN: _invalid,
    Kind.CIDR: _ec2_cidr,
}


# ---- the framework of the other services


def _framework(problems: Sequence[Problem], protocol: str, code: str = "") -> ApiError:
    if problems[0].kind in UNREADABLE:
        return _unreadable(problems[0], protocol)
    code = code or ("ValidationError" if protocol == "query" else "ValidationException")
    listed = "; ".join(_constraint(problem) for problem in problems[:10])
    plural = "s" if len(problems) > 1 else ""
    return ApiError(code, f"{len(problems)} validation error{plural} detected: {listed}")


def _unreadable(problem: Problem, protocol: str) -> ApiError:
    if protocol == "query":
        return ApiError("MalformedInput", _MALFORMED.get(str(problem.wanted), _malformed)(problem))
    return ApiError("SerializationException", _unconverted(problem.value, str(problem.wanted)))


def _malformed(problem: Problem) -> str:
    """(U)"""
    if problem.kind is Kind.INDEX:
        return f"{problem.at.sent} is not the next member of its list: {problem.wanted} is"
    return f"{problem.at.sent}: '{_shown(problem.value)}' is not {_article(str(problem.wanted))}"


_MALFORMED: dict[str, Callable[[Problem], str]] = {"boolean": lambda _: "boolean must follow xsd1.1 definition"}


def _unconverted(value: Any, wanted: str) -> str:
    if isinstance(value, dict):
        return "Start of structure or map found where not expected."
    if isinstance(value, list):
        return "Start of list found where not expected"
    names = {bool: f"{str(value).upper()}_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE", str: "STRING_VALUE", type(None): "NULL_VALUE"}
    return f"{names.get(type(value), 'The value')} can not be converted to {_article(wanted.capitalize())}"


def _constraint(problem: Problem) -> str:
    value = "null" if problem.kind is Kind.MISSING else f"'{_shown(problem.value)}'"
    return f"Value {value} at '{problem.at.member}' failed to satisfy constraint: Member must {_demand(problem)}"


def _demand(problem: Problem) -> str:
    match problem.kind:
        case Kind.MISSING:
            return "not be null"
        case Kind.ENUM:
            return f"satisfy enum value set: [{', '.join(problem.wanted)}]"
        case Kind.PATTERN:
            return f"satisfy regular expression pattern: {problem.wanted}"
    least, most = problem.wanted
    size = problem.value if problem.kind is Kind.RANGE else len(problem.value)
    low = least is not None and size < least
    what = "value" if problem.kind is Kind.RANGE else "length"
    return f"have {what} {'greater' if low else 'less'} than or equal to {least if low else most}"


# ---- services that differ from it


def _cloudwatch(problems: Sequence[Problem], protocol: str) -> ApiError:
    first = problems[0]
    if first.kind is Kind.MISSING:
        return ApiError("MissingParameter", f"The parameter {_members(first)} is required.")
    if first.kind is Kind.LENGTH and first.at.chain()[0].wire == "MetricData":  # older than the framework
        return _metric_data_length(first)
    return _framework(problems, protocol, "ValidationError")


def _metric_data_length(problem: Problem) -> ApiError:
    if isinstance(problem.value, list):
        return ApiError("ValidationError", f"The collection {_members(problem)} must not have a size greater than {problem.wanted[1]}.")
    return ApiError("InvalidParameterValue", f"The value {_shown(problem.value)} for parameter {_members(problem)} is invalid.")


def _members(problem: Problem) -> str:
    """MetricData.member.1.MetricName, in each protocol."""
    return ".".join(f"member.{step.wire}" if step.wire.isdigit() else step.wire for step in problem.at.chain())


def _sqs(problems: Sequence[Problem], protocol: str) -> ApiError:
    first = problems[0]
    if first.kind is Kind.MISSING:
        return ApiError("MissingParameter", f"The request must contain the parameter {first.at.sent}.")
    return _framework(problems, protocol)


ARC_REASONS: Mapping[str, str] = {
    "allowedWindows": "InvalidPracticeAllowedWindow",
    "awayFrom": "InvalidAz",
    "blockedDates": "InvalidPracticeBlocker",
    "blockedWindows": "InvalidPracticeBlocker",
    "blockingAlarms": "InvalidAlarmCondition",
    "expiresIn": "InvalidExpiresIn",
    "nextToken": "InvalidToken",
    "outcomeAlarms": "InvalidAlarmCondition",
    "resourceIdentifier": "InvalidResourceIdentifier",
    "status": "InvalidStatus",
    "zonalAutoshiftStatus": "InvalidStatus",
}


def _arc(problems: Sequence[Problem], protocol: str) -> ApiError:
    """ARC-3: the framework's text, with the reason that the shape of the error requires."""
    error, first = _framework(problems, protocol), problems[0]
    if first.kind in UNREADABLE:
        return error
    reason = "MissingValue" if first.kind is Kind.MISSING else ARC_REASONS.get(first.at.chain()[0].name)
    if first.kind is Kind.ENUM and first.at.name == "type":
        reason = "InvalidConditionType"
    return ApiError(error.code, error.message, members={"reason": reason} if reason else {})


_ANSWERS: dict[str, Callable[[Sequence[Problem], str], ApiError]] = {
    "arc-zonal-shift": _arc,
    "cloudwatch": _cloudwatch,
    "ec2": _ec2,
    "sqs": _sqs,
}


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
