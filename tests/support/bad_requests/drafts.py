"""A request that could be right: the required parameters of an operation and some of the others, naming things that exist."""

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel
from botocore.serialize import create_serializer

from tests.support.bad_requests.account import Account

PROTOCOLS: dict[str, tuple[str, ...]] = {
    "ec2": ("ec2",),
    "autoscaling": ("query",),
    "elbv2": ("query",),
    "cloudwatch": ("query", "json", "cbor"),
    "sns": ("query",),
    "sqs": ("json", "query"),
    "cloudformation": ("query",),
    "fis": ("rest-json",),
}
FILTERS = (
    *("tag:Name", "tag-key", "tag-value", "vpc-id", "state", "status", "owner-id", "instance-id", "image-id", "subnet-id", "group-id"),
    *("cidr", "cidr-block", "availability-zone", "instance-state-name", "attachment.instance-id", "resource-id", "resource-type", "key"),
    *(
        "launch-template-name",
        "association.main",
        "is-default",
        "name",
        "auto-scaling-group",
        "value",
        "propagate-at-launch",
        "description",
    ),
)
"""Names of filters that some Describe operations have."""
DEEPEST = 5
TOP, BELOW = (0.0, 0.05, 0.1, 0.3), 0.4
"""How many of the optional parameters a draft has, at the top and further down."""


@dataclass(slots=True)
class Draft:
    """`form` is what the protocols query and ec2 send, `document` the others."""

    service: str
    operation: str
    protocol: str
    form: dict[str, str]
    document: Any = None
    kind: str = "as drafted"  # how it was made wrong


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


class Drafter:
    def __init__(self, account: Account, rng: random.Random) -> None:
        self._account, self._rng = account, rng
        self._share = 0.0

    def draft(self, service: str, operation: str) -> Draft:
        self._share = self._rng.choice(TOP)
        protocol = self._rng.choice(PROTOCOLS[service])
        described: OperationModel = model(service).operation_model(operation)
        parameters = {} if described.input_shape is None else self._structure(described.input_shape, 0)
        if protocol in ("json", "cbor", "rest-json"):
            return Draft(service, operation, protocol, {}, parameters)
        body = create_serializer(protocol, include_validation=False).serialize_to_request(parameters, described)["body"]
        return Draft(service, operation, protocol, {name: _text(value) for name, value in body.items()})

    def _structure(self, shape: Any, depth: int) -> dict[str, Any]:
        if shape.name == "Filter" and {"Name", "Values"} <= set(shape.members):
            wanted = self._account.choose(self._rng.choice(("VpcId", "InstanceId", "SubnetId", "Value")), self._rng) or "x"
            return {"Name": self._rng.choice(FILTERS), "Values": [wanted, *self._rng.choices(("*", "a?c", "[", "\\"), k=1)]}
        share = self._share if depth == 0 else BELOW
        chosen = [name for name in shape.members if name in shape.required_members or (depth < DEEPEST and self._rng.random() < share)]
        return {name: self._value(shape.members[name], name, depth + 1) for name in chosen if name != "DryRun"}

    def _value(self, shape: Any, name: str, depth: int) -> Any:
        match shape.type_name:
            case "structure":
                return self._structure(shape, depth)
            case "list":
                return [self._value(shape.member, name, depth + 1) for _ in range(self._rng.choice((1, 1, 2)))]
            case "map":
                return {self._value(shape.key, "Key", depth + 1): self._value(shape.value, "Value", depth + 1)}
            case "string":
                return self._string(shape, name)
            case "boolean":
                return self._rng.random() < 0.5
            case "timestamp":
                return f"2026-0{self._rng.randint(1, 9)}-01T00:00:00Z"
            case "blob":
                return b"x"
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 100)
        return self._rng.randint(int(least), int(min(most, least + 100)))

    def _string(self, shape: Any, name: str) -> str:
        if shape.enum:
            return str(self._rng.choice(shape.enum))
        found = self._account.choose(name, self._rng)
        return found or self._rng.choice(("x", "1", "true", "name-1"))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode() if isinstance(value, bytes) else str(value)
