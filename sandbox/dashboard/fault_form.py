"""The form that injects a fault: its fields for the chosen kind, and the commands that do the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from sandbox.control import faults
from sandbox.control.surface import ControlSurface
from sandbox.core.errors import UserError
from sandbox.dashboard.shown import commands
from sandbox.dashboard.shown.commands import Asked
from sandbox.faults import targets as fault_targets
from sandbox.faults.catalogue import KINDS
from sandbox.faults.kind import Kind, TargetType

FIRST = "zone-blackhole"
UNSUITABLE = "announced"  # breaks nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A parameter of the kind."""

    name: str
    value: str
    required: bool
    hint: str  # "1 to 99 %: what is left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    kind: str
    does: str
    refused: str  # why this runtime cannot do it; "" if it can
    momentary: bool
    kinds: tuple[str, ...]
    choices: tuple[tuple[str, str], ...]  # (target, what it is)
    targets: tuple[str, ...]
    duration: str
    fields: tuple[Field, ...]
    sandbox_command: str
    aws_command: str | None  # None: AWS has no operation for it


def form(surface: ControlSurface, given: "MultiDict[str, str]") -> Form:
    """`given`: the fields as the page sends them. What is not valid there is left out; injecting it says what is wrong."""
    name = given.get("kind", FIRST)
    kind = KINDS.get(name) or KINDS[FIRST]
    choices = _choices(surface, kind)
    chosen = tuple(each for each in given.getlist("targets") if each in dict(choices))
    parameters = {parameter.name: given.get(f"parameters.{parameter.name}", "") for parameter in kind.parameters}
    duration = "" if kind.momentary else given.get("for", "10m")
    asked = Asked(
        kind=kind.name,
        targets=chosen,
        instances=_instances(surface, kind, chosen),
        duration=duration,
        parameters={key: value for key, value in parameters.items() if value},
        account=surface.settings.account,
        region=surface.settings.region,
    )
    return Form(
        kind=kind.name,
        does=kind.does,
        refused=kind.cannot.get(surface.runtime, ""),
        momentary=kind.momentary,
        kinds=tuple(each for each in KINDS if each != UNSUITABLE),
        choices=choices,
        targets=chosen,
        duration=duration,
        fields=_fields(kind, parameters),
        sandbox_command=commands.inject(asked),
        aws_command=commands.aws(asked),
    )


def _choices(surface: ControlSurface, kind: Kind) -> tuple[tuple[str, str], ...]:
    wanted = {each.value for each in kind.targets}
    found = faults.targets(surface.inventory, surface.settings.region)
    return tuple((each["name"], each["about"]) for each in found if each["type"] in wanted)


def _instances(surface: ControlSurface, kind: Kind, names: Sequence[str]) -> tuple[str, ...]:
    if TargetType.INSTANCE not in kind.targets or not names:
        return ()
    try:
        found = fault_targets.resolve(kind, tuple(names), surface.inventory)
        return fault_targets.instances_now(kind, found, surface.inventory)
    except UserError:  # a group or a zone without instances
        return ()


def _fields(kind: Kind, values: Mapping[str, str]) -> tuple[Field, ...]:
    described = {str(each["name"]): each for each in kind.as_json()["parameters"]}  # type: ignore[attr-defined]
    return tuple(
        Field(
            name=parameter.name,
            value=values[parameter.name],
            required=parameter.required,
            hint=_hint(described[parameter.name]),
        )
        for parameter in kind.parameters
    )


def _hint(parameter: Mapping[str, object]) -> str:
    default = f", default {parameter['default']}" if parameter["default"] is not None else ""
    unit = f" {parameter['unit']}" if parameter["unit"] else ""
    return f"{parameter['range']}{unit}{default}: {parameter['means']}"
