"""What a new version changes of a stack: the Changes of a change set, and whether an update has anything to do (CFN-23, CFN-30). Pure.

A value that depends on a resource which is new or replaced is not known before: such a change is Dynamic, and a replacement that it may
require is Conditional.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide import differences
from sandbox.services.cloudformation.decide.template import environments, functions, parameters, references, templates
from sandbox.services.cloudformation.decide.template.schemas import Find
from sandbox.services.cloudformation.model import Resource, Stack, Version
from sandbox.services.cloudformation.resources.base import Requires, ResourceType
from sandbox.services.cloudformation.template_model import NO_VALUE, Declaration, DeletionPolicy, Environment, Json, Template

RECREATION = {Requires.NO_INTERRUPTION: "Never", Requires.SOME_INTERRUPTION: "Conditionally", Requires.REPLACEMENT: "Always"}
OWN_TAGS = "aws:cloudformation:"
KNOWN_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
VALUES = frozenset({"BeforeContext", "AfterContext", "Path", "BeforeValue", "AfterValue", "AttributeChangeType"})
"""What DescribeChangeSet returns with IncludePropertyValues only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`changes`: as DescribeChangeSet returns them. `other`: outputs, tags or topics of the stack change."""

    changes: tuple[Mapping[str, Any], ...] = ()
    other: bool = False

    def __bool__(self) -> bool:
        return bool(self.changes) or self.other


@dataclass(frozen=True, slots=True, kw_only=True)
class _Versions:
    """The stack, and the template that it is to have. `changed_parameters`: those with another value than now."""

    stack: Stack
    old: Template | None
    new: Template
    version: Version
    find: Find
    changed_parameters: frozenset[str]
    secrets: tuple[str, ...]


def plan(stack: Stack, version: Version, names: environments.Names, exports: Mapping[str, str], find: Find) -> Plan:
    """Raises ApiError if a resource would change its type (CFN-26)."""
    template = templates.parse(version.template_body)
    versions = _versions(stack, template, version, find)
    env = environments.base(template, version, names, exports)
    here = environments.present(template, env)
    _check_types(stack, template, here)
    unknown: set[str] = set()
    found: dict[str, Mapping[str, Any]] = {}
    known = {name: r for name, r in stack.resources.items() if r.physical_id is not None}
    for logical_id in references.ordered(references.dependencies(template, here)):
        readable = {name: r for name, r in known.items() if name in here and name not in unknown}
        change = _change(versions, template.resources[logical_id], environments.with_resources(env, readable, find))
        if change is not None:
            found[logical_id] = change
        if (change is not None and change["Action"] == "Add") or (change is not None and change.get("Replacement") != "False"):
            unknown.add(logical_id)
    changes = [found[name] for name in template.resources if name in found]
    changes += [_removal(versions, r) for name, r in stack.resources.items() if name not in here and not r.status.is_gone]
    wrapped = tuple({"Type": "Resource", "ResourceChange": change} for change in changes)
    return Plan(changes=wrapped, other=_other(versions, environments.with_resources(env, known, find), unknown))


def _versions(stack: Stack, template: Template, version: Version, find: Find) -> _Versions:
    is_new = not stack.resources
    before = {} if is_new else stack.version.values
    changed = frozenset(name for name, value in version.values.items() if before.get(name) != value)
    old = None if is_new else templates.parse(stack.version.template_body)
    secrets = parameters.secrets(template, version.values) + (parameters.secrets(old, before) if old else ())
    return _Versions(stack=stack, old=old, new=template, version=version, find=find, changed_parameters=changed, secrets=secrets)


def _check_types(stack: Stack, template: Template, here: list[str]) -> None:
    changed = [name for name in here if name in stack.resources and stack.resources[name].type != template.resources[name].type]
    if changed:
        raise errors.type_changed(changed)


def _change(versions: _Versions, declared: Declaration, env: Environment) -> Mapping[str, Any] | None:
    existing = versions.stack.resources.get(declared.logical_id)
    kind = versions.find(declared.type)
    base = {"LogicalResourceId": declared.logical_id, "ResourceType": declared.type}
    after = {"AfterContext": _context(versions, _values(declared, env))}
    if existing is None or existing.physical_id is None or kind is None:
        return {"Action": "Add", **base, "Scope": [], "Details": [], **after}
    details = [d for name in _names(existing, declared) for d in _details(versions, kind, existing, declared, name, env)]
    tags = {n: v for n, v in existing.tags.items() if not n.startswith(OWN_TAGS)}
    if differences.takes_tags(kind) and tags != dict(versions.version.tags):
        details.append(_detail({"Attribute": "Tags", "RequiresRecreation": "Never"}, "Static", "DirectModification"))
    if declared.metadata != existing.metadata:
        details.append(_detail({"Attribute": "Metadata", "RequiresRecreation": "Never"}, "Static", "DirectModification"))
    if not details and not existing.status.is_failed:
        return None
    return {
        "Action": "Modify",
        **base,
        "PhysicalResourceId": existing.physical_id,
        "Replacement": _replacement(details),
        "Scope": sorted({detail["Target"]["Attribute"] for detail in details}),
        "Details": details,
        **_replacement_policy(declared, _replacement(details)),
        "BeforeContext": _context(versions, existing.properties),
        **after,
    }


def _replacement_policy(declared: Declaration, replacement: str) -> dict[str, str]:
    if replacement != "True":
        return {}
    retains = declared.update_replace_policy is DeletionPolicy.RETAIN
    return {"PolicyAction": "ReplaceAndRetain" if retains else "ReplaceAndDelete"}


def _values(declared: Declaration, env: Environment) -> dict[str, Json]:
    """The properties as far as they are known before."""
    found = {name: _value(expression, env) for name, expression in declared.properties.items()}
    return {name: value for name, value in found.items() if value is not NO_VALUE}


def _value(expression: Json, env: Environment) -> Json:
    try:
        return functions.evaluate(expression, env)
    except (functions.Unknown, ApiError):
        return KNOWN_LATER


def _context(versions: _Versions, properties: Mapping[str, Json]) -> str:
    return json.dumps({"Properties": _shown(versions, properties)}, separators=(",", ":"))


def _shown(versions: _Versions, value: Json) -> Json:
    """Scalars as texts, secrets masked."""
    if isinstance(value, Mapping):
        return {name: _shown(versions, member) for name, member in value.items()}
    if isinstance(value, list):
        return [_shown(versions, member) for member in value]
    return parameters.masked(functions.scalar(value), versions.secrets)


def _names(existing: Resource, declared: Declaration) -> list[str]:
    return [*declared.properties, *(name for name in existing.properties if name not in declared.properties)]


def _details(
    versions: _Versions, kind: ResourceType, existing: Resource, declared: Declaration, name: str, env: Environment
) -> list[dict[str, Any]]:
    """None for a property that does not change."""
    found = _bare_details(versions, kind, existing, declared, name, env)
    before, after = existing.properties.get(name), _value(declared.properties[name], env) if name in declared.properties else None
    after = None if after is NO_VALUE else after
    shown = {"Path": f"/Properties/{name}", "AttributeChangeType": "Add" if before is None else "Remove" if after is None else "Modify"}
    for key, value in (("BeforeValue", before), ("AfterValue", after)):
        if value is not None:
            text = _shown(versions, value)
            shown[key] = text if isinstance(text, str) else json.dumps(text, separators=(",", ":"))
    return [{**detail, "Target": {**detail["Target"], **shown}} for detail in found]


def _bare_details(
    versions: _Versions, kind: ResourceType, existing: Resource, declared: Declaration, name: str, env: Environment
) -> list[dict[str, Any]]:
    """Without the values."""
    requires = kind.properties.get(name, Requires.NO_INTERRUPTION)
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": RECREATION[requires]}
    expression = declared.properties.get(name)
    try:
        value = functions.evaluate(expression, env)
    except functions.Unknown as unknown:
        entity = unknown.logical_id if unknown.attribute is None else f"{unknown.logical_id}.{unknown.attribute}"
        source = "ResourceReference" if unknown.attribute is None else "ResourceAttribute"
        return [{**_detail(target, "Dynamic", source), "CausingEntity": entity}]
    except ApiError:
        return [_detail(target, "Dynamic", "DirectModification")]
    value = None if value is NO_VALUE else value
    if differences.same(existing.properties.get(name), value):
        return []
    changed = [r.name for r in references.references(expression) if r.name in versions.changed_parameters]
    if changed and not _is_edited(versions, declared.logical_id, name, expression):
        by_parameter = {**_detail(target, "Static", "ParameterReference"), "CausingEntity": changed[0]}
        return [by_parameter, _detail(target, "Dynamic", "DirectModification")]
    return [_detail(target, "Static", "DirectModification")]


def _is_edited(versions: _Versions, logical_id: str, name: str, expression: Json) -> bool:
    """Whether the template itself says something else of the property than before."""
    before = versions.old.resources.get(logical_id) if versions.old else None
    return before is None or before.properties.get(name) != expression


def _detail(target: dict[str, Any], evaluation: str, source: str) -> dict[str, Any]:
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": source}


def _replacement(details: list[dict[str, Any]]) -> str:
    replacing = [d for d in details if d["Target"]["RequiresRecreation"] == "Always"]
    if any(d["Evaluation"] == "Static" for d in replacing):
        return "True"
    return "Conditional" if replacing else "False"


def _removal(versions: _Versions, resource: Resource) -> Mapping[str, Any]:
    change: dict[str, Any] = {
        "Action": "Remove",
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "Scope": [],
        "Details": [],
        "BeforeContext": _context(versions, resource.properties),
    }
    retains = resource.deletion_policy in (DeletionPolicy.RETAIN, DeletionPolicy.RETAIN_EXCEPT_ON_CREATE)
    change["PolicyAction"] = "Retain" if retains else "Delete"
    return change


def _other(versions: _Versions, env: Environment, unknown: set[str]) -> bool:
    stack, version = versions.stack, versions.version
    if stack.version.tags != version.tags or stack.version.notification_arns != version.notification_arns:
        return True
    if unknown:
        return True
    before = {(o.key, o.value, o.description, o.export_name) for o in stack.outputs}
    return before != _outputs(versions.new, env)


def _outputs(template: Template, env: Environment) -> set[tuple[Any, ...]]:
    found = set()
    for declared in environments.outputs(template, env):
        try:
            value = functions.scalar(functions.evaluate(declared.value, env))
            export = None if declared.export_name is None else functions.scalar(functions.evaluate(declared.export_name, env))
        except (functions.Unknown, ApiError):
            value, export = "", None  # what cannot be evaluated is not what it was
        found.add((declared.key, value, declared.description, export))
    return found


def without_values(change: Json) -> Json:
    """The change as it is returned without IncludePropertyValues."""
    if isinstance(change, Mapping):
        return {name: without_values(member) for name, member in change.items() if name not in VALUES}
    return [without_values(member) for member in change] if isinstance(change, list) else change
