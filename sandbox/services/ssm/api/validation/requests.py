"""Validation of Run Command's requests (SSM-2, SSM-3, SSM-7): each function returns the checked value, or raises AWS's error.

The model of the API is checked before (sandbox/aws/requests/).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.core.control import Scope
from sandbox.services.ssm import errors
from sandbox.services.ssm.decide.status import CommandStatus
from sandbox.services.ssm.model import InvocationStatus, Node, ScriptStep, Step
from sandbox.services.ssm.state import nodes

Given = Mapping[str, Any]
Targets = tuple[tuple[str, tuple[str, ...]], ...]

CONCURRENCY = "([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)"
ERRORS = "([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)"
LONGEST_SCRIPT = 65_536
"""Bytes."""
ABSENT = {
    "OutputS3BucketName": "command output in S3",
    "CloudWatchOutputConfig": "command output in CloudWatch Logs",
    "NotificationConfig": "notifications about commands",
    "AlarmConfiguration": "alarms that stop commands",
}
"""Parameters of SendCommand that would have no effect here."""


def refuse_absent(given: Given) -> None:
    for name, what in ABSENT.items():
        value = given.get(name)
        if value and value != {"CloudWatchOutputEnabled": False}:
            raise errors.not_supported(f"{what} ({name})")


def parameters(given: Given) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values or ()) for name, values in (given.get("Parameters") or {}).items()}


def targets(given: Given) -> Targets:
    """As given. Raises ApiError for a key that the sandbox does not have."""
    found = tuple((str(each.get("Key", "")), tuple(each.get("Values") or ())) for each in given.get("Targets") or ())
    for key, _ in found:
        if key.lower() not in ("instanceids", "tag-key") and not key.startswith("tag:"):
            raise errors.unknown_target_key(key)
    return found


def chosen(given: Given, scope: Scope) -> list[Node]:
    """The nodes that the command goes to (SSM-3)."""
    ids, by = list(given.get("InstanceIds") or ()), targets(given)
    if bool(ids) == bool(by):
        raise errors.instances_or_targets()
    if len(set(ids)) < len(ids):
        raise errors.duplicate_instances()
    known = {each.instance_id: each for each in nodes.nodes(scope)}
    named = [*ids, *(value for key, values in by if key.lower() == "instanceids" for value in values)]
    if unknown := [each for each in named if each not in known]:
        raise errors.not_valid_instances(unknown, scope.account)
    return [known[each] for each in ids] if ids else [each for each in known.values() if all(_matches(each, *target) for target in by)]


def _matches(node: Node, key: str, values: tuple[str, ...]) -> bool:
    if key.lower() == "instanceids":
        return node.instance_id in values
    if key == "tag-key":
        return any(value in node.tags for value in values)
    return node.tags.get(key.removeprefix("tag:")) in values


def limits(given: Given) -> tuple[str, str]:
    """MaxConcurrency and MaxErrors (SSM-7)."""
    concurrency, errors_ = given.get("MaxConcurrency") or "50", given.get("MaxErrors") or "0"
    for name, value, pattern in (("maxConcurrency", concurrency, CONCURRENCY), ("maxErrors", errors_, ERRORS)):
        if not re.fullmatch(pattern, value):
            raise errors.bad_limit(name, value, pattern)
    return concurrency, errors_


def check_size(steps: Iterable[Step]) -> None:
    if any(isinstance(each, ScriptStep) and len(each.script.encode()) > LONGEST_SCRIPT for each in steps):
        raise errors.too_long()


# ---- lists -------------------------------------------------------------------------------------------------------------------------------


def page(given: Given, count: int, most: int) -> tuple[int, int]:
    """First and end of the page. `most`: how many results a page has if the caller does not say."""
    token, size = given.get("NextToken"), int(given.get("MaxResults") or most)
    if token and not (token.isascii() and token.isdigit() and int(token) < count):
        raise errors.invalid_token(token)
    first = int(token or 0)
    return first, min(count, first + size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Of ListCommands and ListCommandInvocations."""

    after: datetime | None = None
    before: datetime | None = None
    statuses: frozenset[str] = field(default_factory=frozenset)  # of Status or StatusDetails; none: all
    document: str | None = None

    def fits(self, requested: datetime, document: str, words: Sequence[str]) -> bool:
        in_time = (self.after is None or requested >= self.after) and (self.before is None or requested < self.before)
        return in_time and self.document in (None, document) and (not self.statuses or not self.statuses.isdisjoint(words))


STAGES = {
    "Executing": ("Pending", "InProgress", "Cancelling"),
    "Complete": ("Success", "Failed", "Cancelled", "TimedOut"),
}
DETAILS = (
    "DeliveryTimedOut",
    "ExecutionTimedOut",
    "Incomplete",
    "NoInstancesInTag",
    "LimitExceeded",
    "AccessDenied",
    "Terminated",
    "Undeliverable",
)


def filters(given: Given, *, of_commands: bool) -> Filters:
    found = {str(each["key"]): str(each["value"]) for each in given.get("Filters") or ()}
    statuses: tuple[str, ...] = ()
    if stage := found.get("ExecutionStage"):
        if not of_commands:
            raise errors.invalid_filter_key("ExecutionStage")
        if stage not in STAGES:
            raise errors.invalid_filter_key(f"ExecutionStage={stage}")
        statuses = STAGES[stage]
    if status := found.get("Status"):
        known = {each.value for each in (CommandStatus if of_commands else InvocationStatus)}
        if status not in {*known, *DETAILS}:
            raise errors.invalid_filter_key(f"Status={status}")
        statuses = (status,)
    return Filters(
        after=_time(found, "InvokedAfter"),
        before=_time(found, "InvokedBefore"),
        statuses=frozenset(statuses),
        document=found.get("DocumentName"),
    )


def _time(found: Mapping[str, str], key: str) -> datetime | None:
    return moment(key, found[key]) if key in found else None


def moment(key: str, value: str) -> datetime:
    """Of a filter."""
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise errors.invalid_filter_key(f"{key}={value}") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
