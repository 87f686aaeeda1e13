"""API calls as events, in CloudTrail's terms: the operation, the caller and the resources. Most chains of causes start with one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sandbox.aws.http.calls import Call
from sandbox.core.events import Event

CALLED = "AWS API Call via CloudTrail"
FAILED = "AWS API Call Failed"
FAULT = "Sandbox Fault"

SERVICES = {
    "autoscaling": "Auto Scaling",
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "ec2": "EC2",
    "elbv2": "Elastic Load Balancing",
    "fis": "Fault Injection Service",
    "arc-zonal-shift": "ARC zonal shift",
    "sns": "SNS",
}

ID = re.compile(r"[a-z]+(-[a-z]+)?-[0-9a-f]{8,17}")
NAMED_IN_ARN = re.compile(
    r":(?:targetgroup|loadbalancer/\w+|alarm|autoScalingGroupName|autoScalingGroup:[^:]*:autoScalingGroupName)[/:]([^/:]+)"
)
NAMES = re.compile(
    r"(AutoScalingGroup|LoadBalancer|LaunchConfiguration|LaunchTemplate|Alarm|Policy|LifecycleHook|ScheduledAction|Group|Queue|Dashboard|Stack)Names?"
)
SECRET = re.compile(r"password|secret|privatekey|authorization|credential", re.IGNORECASE)
LONGEST, MOST = 200, 20
"""The characters of a string and the members of a list that the journal keeps."""


def called(call: Call) -> Event:
    about = resources(call.parameters)
    short = [each for each in about if not each.startswith("arn:")] or about  # the name in an ARN is listed too, and is easier to read
    shown = ", ".join(short[:3]) + (" …" if len(short) > 3 else "")
    return Event(
        source=f"aws.{call.source}",
        detail_type=CALLED,
        summary=f"{_who(call)} called {call.operation}" + (f" on {shown}" if shown else ""),
        resources=about,
        detail={
            "eventSource": f"{call.source}.amazonaws.com",
            "eventName": call.operation,
            "awsRegion": call.region,
            "sourceIPAddress": f"{call.caller}.amazonaws.com" if call.caller else call.address,
            "userAgent": f"{call.caller}.amazonaws.com" if call.caller else call.user_agent[:LONGEST],
            "requestParameters": shortened(call.parameters),
        },
    )


def failed(call: Call, code: str, message: str, cause: str | None = None) -> Event:
    return Event(
        source=f"aws.{call.source}",
        detail_type=FAILED,
        summary=f"{call.operation} failed: {code}" + (f": {message}" if message else ""),
        resources=resources(call.parameters),
        detail={"eventName": call.operation, "errorCode": code, "errorMessage": message},
        cause=cause,
    )


def fault(call: Call, error: Exception, traceback: str, cause: str | None) -> Event:
    """A bug in the sandbox or in moto, found while the call was processed."""
    return Event(
        source="sandbox.gateway",
        detail_type=FAULT,
        summary=f"{call.operation} of {call.service} failed because of a bug in the sandbox: {type(error).__name__}: {error}",
        resources=resources(call.parameters),
        detail={"eventName": call.operation, "traceback": traceback},
        cause=cause,
    )


def resources(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids, ARNs (and the names in them) and names of resources, in the order of the request, without duplicates."""
    found: dict[str, None] = {}
    for key, value in _strings("", parameters):
        if value.startswith("arn:"):
            found[value] = None
            if named := NAMED_IN_ARN.search(value):
                found[named[1]] = None
        elif ID.fullmatch(value) or NAMES.fullmatch(key):
            found[value] = None
    if not found and isinstance(name := parameters.get("Name"), str):  # CreateTargetGroup, CreateLoadBalancer, CreateTopic
        found[name] = None
    return tuple(found)


def _strings(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _strings(str(name), member)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for member in value:
            yield from _strings(key, member)


def shortened(value: Any, key: str = "") -> Any:
    """The value as JSON for the journal: secrets are masked, long values are shortened."""
    if SECRET.search(key):
        return "***"
    if key == "UserData" or isinstance(value, bytes):
        return f"({len(value)} characters)"
    if isinstance(value, Mapping):
        return {str(name): shortened(member, str(name)) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        kept = [shortened(member, key) for member in value[:MOST]]
        return kept if len(value) <= MOST else [*kept, f"… {len(value) - MOST} more"]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + "…"
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def _who(call: Call) -> str:
    return SERVICES.get(call.caller, call.caller) if call.caller else "a user"
