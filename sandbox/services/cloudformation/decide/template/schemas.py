"""A template against the resource types that the sandbox makes real: types, properties, policies and capabilities. Pure.

A type or a property that is not among them is refused by its name, before anything starts.
"""

import re
from collections.abc import Callable, Iterable

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide.template.references import Reference, of_resource, references
from sandbox.services.cloudformation.resources.base import ResourceType
from sandbox.services.cloudformation.template_model import Declaration, DeletionPolicy, Json, Template

Find = Callable[[str], ResourceType | None]
TYPE_NAME = re.compile(r"(AWS|Alexa)::[A-Za-z0-9]+::[A-Za-z0-9]+")
CUSTOM = re.compile(r"Custom::[\w@-]{1,60}|[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+(::MODULE)?")
DYNAMIC = re.compile(r"\{\{resolve:([a-z-]+):")
IAM, NAMED_IAM = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"
WITH_SIGNALS = ("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance", "AWS::CloudFormation::WaitCondition")
WITH_SNAPSHOTS = ("AWS::EC2::Volume",)


def check(template: Template, find: Find) -> None:
    """Raises the first refusal. The references of the template are checked before."""
    for declaration in template.resources.values():
        _check_resource(declaration, find)
        _check_dynamic_references(declaration.properties)
    _check_attributes(template, find)


def check_types(template: Template) -> None:
    """CFN-6"""
    unknown = [name for name in template.types if not (TYPE_NAME.fullmatch(name) or CUSTOM.fullmatch(name))]
    if unknown:
        raise errors.format_error(f"Unrecognized resource types: [{', '.join(unknown)}]")


def _check_resource(declaration: Declaration, find: Find) -> None:
    kind = find(declaration.type)
    if kind is None:
        raise errors.not_supported(f"the resource type {declaration.type} (of {declaration.logical_id})")
    for name in declaration.properties:
        if name not in kind.properties:
            raise errors.not_supported(f"the property {name} of {declaration.type} (of {declaration.logical_id})")
    if declaration.creation_policy is not None and declaration.type not in WITH_SIGNALS:
        raise errors.not_supported(f"CreationPolicy of {declaration.type} (of {declaration.logical_id})")
    for policy in (declaration.deletion_policy, declaration.update_replace_policy):
        if policy is DeletionPolicy.SNAPSHOT and declaration.type in WITH_SNAPSHOTS:
            raise errors.not_supported(f"DeletionPolicy Snapshot (of {declaration.logical_id})")
        if policy is DeletionPolicy.SNAPSHOT:
            raise errors.format_error(f"resource type {declaration.type} does not support deletion policy Snapshot")


def _check_dynamic_references(value: Json) -> None:
    """CFN-31"""
    if isinstance(value, str):
        other = next((service for service in DYNAMIC.findall(value) if service != "ssm"), None)
        if other is not None:
            raise errors.not_supported(f"a dynamic reference to {other}")
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_dynamic_references(member)


def _check_attributes(template: Template, find: Find) -> None:
    found = [r for d in template.resources.values() for r in of_resource(d)]
    found += [r for o in template.outputs.values() for r in references(o.value)]
    for reference in found:
        if reference.attribute not in (None, "*"):
            _check_attribute(template, reference, find)


def _check_attribute(template: Template, reference: Reference, find: Find) -> None:
    kind = find(template.resources[reference.name].type)
    family = f"{(reference.attribute or '').partition('.')[0]}.*"  # a nested stack has Outputs.*
    if kind is not None and reference.attribute not in kind.attributes and family not in kind.attributes:
        text = f"resource {reference.name} does not support attribute type {reference.attribute} in Fn::GetAtt"
        raise errors.template_error(text)


def capabilities(template: Template, find: Find) -> tuple[list[str], list[str]]:
    """The capabilities that the template needs, and the types for which."""
    needing = [d for d in template.resources.values() if (kind := find(d.type)) is not None and kind.capability is not None]
    named = any((kind := find(d.type)) is not None and kind.name_property in d.properties for d in needing)
    if not needing:
        return [], []
    return [NAMED_IAM if named else IAM], list(dict.fromkeys(d.type for d in needing))


def check_capabilities(template: Template, find: Find, given: Iterable[str]) -> None:
    """CFN-24"""
    needed, _ = capabilities(template, find)
    allowed = set(given)
    if needed == [IAM] and allowed & {IAM, NAMED_IAM}:
        return
    if missing := [name for name in needed if name not in allowed]:
        raise errors.insufficient_capabilities(missing)
