"""Refuses the calls that would have to act and cannot. The gateway asks before moto sees a call."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.aws.catalogue.table import Kind, Refused, entry
from sandbox.aws.http.calls import Call, refused
from sandbox.core.errors import ApiError


def pretends(call: Call) -> ApiError | None:
    """The error for a call that moto would only pretend to carry out; None: it is not one."""
    service = entry(call.service)
    if service.kind is Kind.REFUSED:
        return refused(call.operation, call.service, service.note)
    for row in service.refused:
        if call.operation in row.operations and _applies(row, call.parameters):
            return refused(call.operation, call.service, row.why)
    return None


def _applies(row: Refused, parameters: Mapping[str, Any]) -> bool:
    if row.when:
        return bool(parameters.get(row.when))
    if row.with_target:
        return any(target.startswith(f"{row.with_target}:") for target in _targets(parameters))
    if row.unless_targets:
        return any(not f"{target}:".startswith(tuple(f"{each}:" for each in row.unless_targets)) for target in _targets(parameters))
    return True


def _targets(value: Any) -> Iterator[str]:
    """ "service:resource type" of each ARN in the parameters, at any depth, but for those of roles."""
    if isinstance(value, str) and value.startswith("arn:"):
        _, _, service, _, _, resource = (value + ":::::").split(":", 5)
        if service != "iam":
            yield f"{service}:{resource.replace('/', ':').split(':')[0]}"
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _targets(member)
    elif isinstance(value, list):
        for member in value:
            yield from _targets(member)
