"""The nouns of a template: what decide/template/ makes of its text. All values are JSON; intrinsic functions are still in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from sandbox.core.persisted import persisted

Json = Any
"""A value of JSON: a mapping with strings as keys, a list, a string, a number or a boolean."""


@persisted("cloudformation.DeletionPolicy")
class DeletionPolicy(Enum):
    DELETE = "Delete"
    RETAIN = "Retain"
    RETAIN_EXCEPT_ON_CREATE = "RetainExceptOnCreate"
    SNAPSHOT = "Snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    name: str
    type: str
    default: str | None = None  # None: a value must be given
    no_echo: bool = False
    description: str | None = None
    constraint_description: str | None = None
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None

    @property
    def is_list(self) -> bool:
        return self.value_type == "CommaDelimitedList" or self.value_type.startswith("List<")

    @property
    def is_ssm(self) -> bool:
        """Its value is the name of an SSM parameter, whose value the template gets."""
        return self.type.startswith("AWS::SSM::Parameter::Value<")

    @property
    def value_type(self) -> str:
        """The type of the value that Ref returns."""
        return self.type[len("AWS::SSM::Parameter::Value<") : -1] if self.is_ssm else self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSignal:
    count: Json = 1  # may be a function
    timeout: Json = "PT5M"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationPolicy:
    signal: ResourceSignal
    minimum_percent: Json = 100  # MinSuccessfulInstancesPercent of an Auto Scaling group


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One member of Resources."""

    logical_id: str
    type: str
    properties: Mapping[str, Json] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    metadata: Json = None
    creation_policy: CreationPolicy | None = None
    update_policy: Mapping[str, Json] = field(default_factory=dict)
    deletion_policy: DeletionPolicy = DeletionPolicy.DELETE
    update_replace_policy: DeletionPolicy = DeletionPolicy.DELETE


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDeclaration:
    key: str
    value: Json
    description: str | None = None
    export_name: Json = None
    condition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`document` is the whole template as JSON."""

    document: Mapping[str, Json]
    description: str | None
    parameters: Mapping[str, Parameter]
    mappings: Mapping[str, Mapping[str, Mapping[str, Json]]]
    conditions: Mapping[str, Json]
    rules: Mapping[str, Json]
    resources: Mapping[str, Declaration]
    outputs: Mapping[str, OutputDeclaration]
    metadata: Json = None

    @property
    def types(self) -> tuple[str, ...]:
        """The resource types, without duplicates, in the template's order."""
        return tuple(dict.fromkeys(d.type for d in self.resources.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the functions of a template read: its parameters' values, its mappings, and what exists now.

    references  logical id → what Ref returns, of the resources that are ready
    attributes  logical id → what Fn::GetAtt can read
    exports     name → value, of the account and Region
    zones       Region → its zones, for Fn::GetAZs
    """

    parameters: Mapping[str, Json]
    pseudo: Mapping[str, Json]
    mappings: Mapping[str, Mapping[str, Mapping[str, Json]]] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, Sequence[str]] = field(default_factory=dict)


@persisted("cloudformation.SignalsWanted")
@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsWanted:
    """A CreationPolicy whose functions are evaluated."""

    count: int
    timeout: timedelta
    minimum_percent: int = 100


NO_VALUE: Final = object()
"""What Ref of AWS::NoValue is: the property that holds it is absent."""
