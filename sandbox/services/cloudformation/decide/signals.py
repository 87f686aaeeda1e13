"""CreationPolicy: how many signals a resource waits for, and what those that came mean. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide.template.functions import evaluate, scalar
from sandbox.services.cloudformation.model import Resource
from sandbox.services.cloudformation.template_model import CreationPolicy, Environment, Json, SignalsWanted

DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
LONGEST = timedelta(hours=12)
SUCCESS, FAILURE = "SUCCESS", "FAILURE"
GROUP = "AWS::AutoScaling::AutoScalingGroup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`failure`: why the resource fails; None and not `enough`: it waits until `until`."""

    enough: bool = False
    failure: str | None = None
    until: datetime | None = None


def wanted(policy: CreationPolicy | None, env: Environment) -> SignalsWanted | None:
    if policy is None:
        return None
    count = _number(evaluate(policy.signal.count, env), "Count")
    percent = _number(evaluate(policy.minimum_percent, env), "MinSuccessfulInstancesPercent")
    return SignalsWanted(count=count, timeout=duration(evaluate(policy.signal.timeout, env)), minimum_percent=percent)


def _number(value: Json, name: str) -> int:
    text = scalar(value)
    if not text.isdigit():
        raise errors.template_error(f"{name} of a CreationPolicy must be a number: {text}")
    return int(text)


def duration(value: Json) -> timedelta:
    """ISO 8601: PT1H30M."""
    text = scalar(value)
    found = DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise errors.template_error(f"Timeout of a CreationPolicy is not an ISO 8601 duration: {text}")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return min(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds), LONGEST)


def verdict(resource: Resource, now: datetime) -> Verdict:
    """CFN-14, CFN-15"""
    asked = resource.signals_wanted
    if asked is None or asked.count == 0:
        return Verdict(enough=True)
    succeeded = sum(status == SUCCESS for status in resource.signals.values())
    failed = len(resource.signals) - succeeded
    needed = -(-asked.count * asked.minimum_percent // 100)
    if succeeded >= needed and (succeeded + failed >= asked.count or asked.minimum_percent < 100):
        return Verdict(enough=True)
    if failed and asked.count - failed < needed:
        return Verdict(failure=_failed(resource, failed, asked))
    until = (resource.began or now) + asked.timeout
    if now < until:
        return Verdict(until=until)
    missing = asked.count - len(resource.signals)
    if resource.type == GROUP:
        text = f"Received {succeeded} SUCCESS signal(s) out of {asked.count}. {_unsatisfied(asked)}"
        return Verdict(failure=text if resource.signals else f"{text}")
    return Verdict(failure=f"Failed to receive {missing} resource signal(s) within the specified duration")


def _failed(resource: Resource, failed: int, asked: SignalsWanted) -> str:
    if resource.type == GROUP:
        return f"Received {failed} FAILURE signal(s) out of {asked.count}. {_unsatisfied(asked)}"
    first = next(unique for unique, status in resource.signals.items() if status == FAILURE)
    return f"Received FAILURE signal with UniqueId {first}"


def _unsatisfied(asked: SignalsWanted) -> str:
    return f"Unable to satisfy {asked.minimum_percent}% MinSuccessfulInstancesPercent requirement"
