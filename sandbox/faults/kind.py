"""A kind of fault, as the catalogue declares it: name, targets, parameters, one sentence, limits, and the factory of its effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sandbox.faults.context import FaultContext
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Parameter, Values


class TargetType(Enum):
    INSTANCE = "instance"
    GROUP = "group"  # an Auto Scaling group, by name
    ZONE = "zone"  # by name or id
    SUBNET = "subnet"
    SERVICE = "service"  # botocore's name: "autoscaling"
    ANY = "any text"


class Reach(Enum):
    """What a zone or an Auto Scaling group stands for as a target."""

    ITSELF = "the target itself"
    INSTANCES_NOW = "the instances that it has now"
    INSTANCES_EVER = "the instances that it has now, and those launched later"
    WHOLE = "all of it: networks and instances"


INSTANCES = (TargetType.INSTANCE, TargetType.GROUP, TargetType.ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    type: TargetType
    name: str  # a zone's name, also if its id was given


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """A checked request, from which a kind makes its effect. After a restart it is made again from what was saved."""

    fault_id: str
    targets: tuple[Target, ...]
    instances: tuple[str, ...]  # Fault.instances
    values: Values
    since: datetime
    until: datetime | None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(target.name for target in self.targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    name: str
    does: str  # one sentence
    targets: tuple[TargetType, ...]
    make: Callable[[Injection, FaultContext], Effect]
    parameters: tuple[Parameter, ...] = ()
    reach: Reach = Reach.ITSELF
    states: frozenset[str] = frozenset({"running"})  # EC2 states in which an instance can be a target
    momentary: bool = False  # it happens at once and cannot be undone: no duration, and nothing to clear
    longest: timedelta = timedelta(days=7)
    distinct_by: tuple[str, ...] = ()  # parameters: two faults of the kind on one target are allowed if one of these differs
    cannot: Mapping[str, str] = field(default_factory=dict)  # runtime → one sentence: why it is refused there
    limits: Mapping[str, str] = field(default_factory=dict)  # runtime → one sentence: what differs from AWS there
    of_all_accounts: str = ""  # one sentence: why it cannot be limited to one AWS account; "": it can

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "targets": [each.value for each in self.targets],
            "reach": self.reach.value,
            "momentary": self.momentary,
            "does": self.does,
            "parameters": [_parameter(each) for each in self.parameters],
            "cannot": dict(self.cannot),
            "limits": dict(self.limits),
        }


def _parameter(parameter: Parameter) -> dict[str, object]:
    from_default = Values({parameter.name: parameter.default}).as_json()[parameter.name]
    return {
        "name": parameter.name,
        "unit": parameter.unit,
        "default": from_default,
        "required": parameter.required,
        "range": parameter.parser.range,
        "means": parameter.means,
    }
