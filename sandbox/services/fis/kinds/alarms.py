"""The states of CloudWatch alarms, read through the CloudWatch API as a user would."""

from collections.abc import Iterable, Mapping

from sandbox.core.control import Scope
from sandbox.services.fis.kinds.base import Call

MOST_NAMES = 100


def states(call: Call, arns: Iterable[str]) -> Mapping[str, str | None]:
    """ARN → state; None: there is no such alarm. An ARN names its Region and account. Raises ApiError."""
    return {arn: _state(call, arn) for arn in arns}


def _state(call: Call, arn: str) -> str | None:
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[2] != "cloudwatch" or parts[5] != "alarm":
        return None
    there = Call(call.clients, Scope(parts[4], parts[3]))
    found = there("cloudwatch", "describe_alarms", AlarmNames=[parts[6]], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    alarms = [*found.get("MetricAlarms", []), *found.get("CompositeAlarms", [])]
    return str(alarms[0]["StateValue"]) if alarms else None
