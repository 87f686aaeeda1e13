"""A template's JSON as a `Template`: its sections and their structure, checked as AWS does before anything starts. Pure.

What the sandbox does not have (macros, nested stacks, an attribute of a resource) is refused by its name. The resource types and their
properties are checked in decide/template/schemas.py, references in decide/template/references.py.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide import update_policies
from sandbox.services.cloudformation.decide.template import documents
from sandbox.services.cloudformation.template_model import (
    CreationPolicy,
    Declaration,
    DeletionPolicy,
    Json,
    OutputDeclaration,
    Parameter,
    ResourceSignal,
    Template,
)

SECTIONS = ("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs")
REFUSED_SECTIONS = ("Transform", "Hooks")
VERSION = "2010-09-09"
ATTRIBUTES = (
    *("Type", "Properties", "DependsOn", "Condition", "Metadata", "CreationPolicy"),
    *("UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy", "Description"),
)
"""Description has no effect and is undocumented; AWS's own tools write it."""
LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
LONGEST_DESCRIPTION = 1024
MOST_RESOURCES, MOST_PARAMETERS, MOST_OUTPUTS, MOST_MAPPINGS = 500, 200, 200, 200  # CFN-3
PARAMETER_TYPES = ("String", "Number", "List<Number>", "CommaDelimitedList")
AWS_TYPES = (
    *("AWS::EC2::AvailabilityZone::Name", "AWS::EC2::Image::Id", "AWS::EC2::Instance::Id", "AWS::EC2::KeyPair::KeyName"),
    *("AWS::EC2::SecurityGroup::GroupName", "AWS::EC2::SecurityGroup::Id", "AWS::EC2::Subnet::Id", "AWS::EC2::Volume::Id"),
    *("AWS::EC2::VPC::Id", "AWS::Route53::HostedZone::Id"),
)
"""Types of parameters whose values must exist in the account."""
PARAMETER_MEMBERS = frozenset(
    (
        *("Type", "Default", "NoEcho", "Description", "ConstraintDescription", "AllowedValues", "AllowedPattern"),
        *("MinLength", "MaxLength", "MinValue", "MaxValue"),
    )
)


@lru_cache(maxsize=64)
def parse(text: str) -> Template:
    """Raises ApiError with AWS's text. The same text always gives the same template."""
    return of(documents.read(text))


def of(document: Mapping[str, Json]) -> Template:
    _check_sections(document)
    return Template(
        document=document,
        description=document.get("Description"),
        parameters=_section(document, "Parameters", _parameter, MOST_PARAMETERS),
        mappings=_mappings(document),
        conditions=_section(document, "Conditions", lambda name, value: value),
        rules=_section(document, "Rules", lambda name, value: value),
        resources=_section(document, "Resources", _declaration, MOST_RESOURCES),
        outputs=_section(document, "Outputs", _output, MOST_OUTPUTS),
        metadata=document.get("Metadata"),
    )


def _check_sections(document: Mapping[str, Json]) -> None:
    for name in REFUSED_SECTIONS:
        if name in document:
            raise errors.not_supported(f"the section {name} of a template")
    unknown = [name for name in document if name not in SECTIONS]
    if unknown:
        raise errors.invalid(f"Invalid template property or properties [{', '.join(unknown)}]")
    if document.get("AWSTemplateFormatVersion", VERSION) != VERSION:
        raise errors.format_error(f"unsupported value for AWSTemplateFormatVersion. Valid values are [{VERSION}]")
    description = document.get("Description", "")
    if not isinstance(description, str):
        raise errors.format_error("Description must be a string.")
    if len(description.encode()) > LONGEST_DESCRIPTION:
        raise errors.format_error(f"'Description' length is greater than {LONGEST_DESCRIPTION}.")
    if not document.get("Resources"):
        raise errors.format_error("At least one Resources member must be defined.")


def _section(document: Mapping[str, Json], name: str, make: Any, most: int | None = None) -> dict[str, Any]:
    members = document.get(name, {})
    if not isinstance(members, dict):
        raise errors.format_error(f"{name} must be an object" if name != "Resources" else "[/Resources] resource definition is malformed")
    if most is not None and len(members) > most:
        raise errors.format_error(f"Number of {name.lower()}, {len(members)}, is greater than maximum allowed, {most}")  # CFN-3
    for key in members:
        if not LOGICAL_ID.fullmatch(key):
            raise errors.format_error(f"{name.removesuffix('s')} name {key} is non alphanumeric.")
    return {key: make(key, value) for key, value in members.items()}


def _mappings(document: Mapping[str, Json]) -> dict[str, Any]:
    return _section(document, "Mappings", _mapping, MOST_MAPPINGS)


def _mapping(name: str, value: Json) -> Mapping[str, Mapping[str, Json]]:
    if not isinstance(value, dict) or not all(isinstance(member, dict) for member in value.values()):
        raise errors.format_error(f"Every Mappings member {name} must be a map")
    if any(isinstance(attribute, dict) for member in value.values() for attribute in member.values()):
        raise errors.format_error("Every Mappings attribute must be a String or a List.")
    return value


# ---- parameters --------------------------------------------------------------------------------------------------------------------------


def _parameter(name: str, value: Json) -> Parameter:
    if not isinstance(value, dict) or "Type" not in value:
        raise errors.format_error("Every Parameters object must contain a Type member.")
    unknown = sorted(set(value) - PARAMETER_MEMBERS)
    if unknown:
        raise errors.invalid(f"Invalid template parameter property '{unknown[0]}'")
    made = Parameter(
        name=name,
        type=str(value["Type"]),
        default=_default(name, value.get("Default")),
        no_echo=_boolean(value.get("NoEcho", False)),
        description=_optional_text(value.get("Description")),
        constraint_description=_optional_text(value.get("ConstraintDescription")),
        allowed_values=tuple(text_of(v) for v in _list(name, value.get("AllowedValues", []))),
        allowed_pattern=_optional_text(value.get("AllowedPattern")),
        min_length=_integer(name, value.get("MinLength")),
        max_length=_integer(name, value.get("MaxLength")),
        min_value=_number(name, value.get("MinValue")),
        max_value=_number(name, value.get("MaxValue")),
    )
    _check_parameter_type(made)
    return made


def _check_parameter_type(parameter: Parameter) -> None:
    wanted = parameter.value_type
    if parameter.is_ssm and wanted == "Number":
        wanted = ""
    inner = wanted[len("List<") : -1] if wanted.startswith("List<") and wanted.endswith(">") else wanted
    if wanted in PARAMETER_TYPES or inner in AWS_TYPES or parameter.type == "AWS::SSM::Parameter::Name":
        return
    if parameter.is_ssm and inner == "String":
        return
    raise errors.format_error(f"Unrecognized parameter type: {parameter.type}")


def _default(name: str, value: Json) -> str | None:
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        raise errors.format_error(f"Every Default member must be a string. Parameter {name}")
    return text_of(value)


def _list(name: str, value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise errors.format_error(f"AllowedValues of parameter {name} must be a list")
    return value


def _integer(name: str, value: Json) -> int | None:
    found = _number(name, value)
    return None if found is None else int(found)


def _number(name: str, value: Json) -> float | None:
    if value is None:
        return None
    try:
        return float(text_of(value))
    except ValueError as error:
        raise errors.format_error(f"A constraint of parameter {name} must be a number") from error


def _boolean(value: Json) -> bool:
    return text_of(value).lower() == "true"


def _optional_text(value: Json) -> str | None:
    return None if value is None else text_of(value)


def text_of(value: Json) -> str:
    """A scalar as CloudFormation writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


# ---- resources ---------------------------------------------------------------------------------------------------------------------------


def _declaration(logical_id: str, value: Json) -> Declaration:
    if not isinstance(value, dict):
        raise errors.format_error("Any Resources member must be an object.")
    if not isinstance(value.get("Type"), str):
        raise errors.format_error(f"[/Resources/{logical_id}] Every Resources object must contain a Type member.")
    unknown = [name for name in value if name not in ATTRIBUTES]
    if unknown:
        raise errors.invalid(f"Invalid template resource property '{unknown[0]}'")
    properties = value.get("Properties", {})
    if not isinstance(properties, dict):
        raise errors.format_error(f"[/Resources/{logical_id}/Properties] 'Properties' must be an object")
    return Declaration(
        logical_id=logical_id,
        type=value["Type"],
        properties=properties,
        depends_on=_depends_on(logical_id, value.get("DependsOn", [])),
        condition=_condition(logical_id, value.get("Condition")),
        metadata=value.get("Metadata"),
        creation_policy=_creation_policy(logical_id, value.get("CreationPolicy")),
        update_policy=update_policies.check(logical_id, value["Type"], value.get("UpdatePolicy")),
        deletion_policy=_policy(logical_id, "DeletionPolicy", value.get("DeletionPolicy")),
        update_replace_policy=_policy(logical_id, "UpdateReplacePolicy", value.get("UpdateReplacePolicy")),
    )


def _depends_on(logical_id: str, value: Json) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise errors.format_error(f"[/Resources/{logical_id}/DependsOn] Every DependsOn value must be a string.")
    return tuple(dict.fromkeys(names))


def _condition(logical_id: str, value: Json) -> str | None:
    if value is not None and not isinstance(value, str):
        raise errors.format_error(f"[/Resources/{logical_id}/Condition] Every Condition member must be a string.")
    return value


def _creation_policy(logical_id: str, value: Json) -> CreationPolicy | None:
    if not value:
        return None
    if not isinstance(value, dict):
        raise errors.format_error(f"CreationPolicy of {logical_id} must be an object")
    unknown = sorted(set(value) - {"ResourceSignal", "AutoScalingCreationPolicy"})
    if unknown:
        raise errors.not_supported(f"{unknown[0]} of a CreationPolicy (of {logical_id})")
    signal, group = value.get("ResourceSignal", {}), value.get("AutoScalingCreationPolicy", {})
    if not isinstance(signal, dict) or not isinstance(group, dict):
        raise errors.format_error(f"CreationPolicy of {logical_id} must be an object")
    wanted = ResourceSignal(count=signal.get("Count", 1), timeout=signal.get("Timeout", "PT5M"))
    return CreationPolicy(signal=wanted, minimum_percent=group.get("MinSuccessfulInstancesPercent", 100))


def _policy(logical_id: str, name: str, value: Json) -> DeletionPolicy:
    if value is None:
        return DeletionPolicy.DELETE
    allowed = [p.value for p in DeletionPolicy if name == "DeletionPolicy" or p is not DeletionPolicy.RETAIN_EXCEPT_ON_CREATE]
    if value not in allowed:
        raise errors.format_error(f"Unrecognized {name} {value} for resource {logical_id}")
    return DeletionPolicy(value)


# ---- outputs -----------------------------------------------------------------------------------------------------------------------------


def _output(key: str, value: Json) -> OutputDeclaration:
    if not isinstance(value, dict) or "Value" not in value:
        raise errors.format_error("Every Outputs member must contain a Value object")
    export = value.get("Export")
    if export is not None and (not isinstance(export, dict) or "Name" not in export):
        raise errors.format_error(f"Export of output {key} must contain a Name")
    return OutputDeclaration(
        key=key,
        value=value["Value"],
        description=_optional_text(value.get("Description")),
        export_name=export["Name"] if export else None,
        condition=_condition(key, value.get("Condition")),
    )
