"""What the members of a template refer to, and the order that follows from it. Pure.

Static: both branches of an Fn::If count. A reference to nothing, and a circle, are refused before anything starts (CFN-4, CFN-5).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide.template import functions
from sandbox.services.cloudformation.template_model import Declaration, Json, Template

PSEUDO_PARAMETERS = (
    *("AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition", "AWS::Region"),
    *("AWS::StackId", "AWS::StackName", "AWS::URLSuffix"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`name`: of a resource or a parameter. `attribute`: of Fn::GetAtt; None: Ref. A function as its name counts as "*"."""

    name: str
    attribute: str | None = None


def references(value: Json, variables: frozenset[str] = frozenset()) -> Iterator[Reference]:
    """All references in the value. `variables`: those that an enclosing Fn::Sub defines itself."""
    if isinstance(value, list):
        for member in value:
            yield from references(member)
    if not isinstance(value, dict):
        return
    name, argument = next(iter(value.items())) if len(value) == 1 else ("", None)
    if name == "Ref" and isinstance(argument, str):
        yield Reference(name=argument)
    elif name == "Fn::GetAtt":
        logical_id, attribute = functions.attribute_parts(argument)
        yield Reference(name=logical_id, attribute=attribute if isinstance(attribute, str) else "*")
        yield from references(attribute)
    elif name == "Fn::Sub":
        text, given = functions.sub_parts(argument)
        yield from (_in_sub(one) for one in functions.names_in_sub(text) if one not in given)
        yield from references(list(given.values()))
    else:
        for member in value.values():
            yield from references(member)


def _in_sub(name: str) -> Reference:
    logical_id, dot, attribute = name.partition(".")
    return Reference(name=logical_id, attribute=attribute) if dot else Reference(name=name)


def arguments(value: Json, wanted: str) -> Iterator[Json]:
    """The arguments of every call of a function (`Fn::ImportValue`) in the value."""
    if isinstance(value, list):
        for member in value:
            yield from arguments(member, wanted)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name == wanted and len(value) == 1:
                yield member
            yield from arguments(member, wanted)


def of_resource(declaration: Declaration) -> Iterator[Reference]:
    yield from references(declaration.properties)
    if declaration.creation_policy is not None:
        yield from references(declaration.creation_policy.signal.count)
        yield from references(declaration.creation_policy.signal.timeout)


def dependencies(template: Template, present: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Logical id → those that must be ready first, of the resources that are present (whose condition holds)."""
    here = frozenset(present)
    found: dict[str, tuple[str, ...]] = {}
    for logical_id in template.resources:
        if logical_id in here:
            declaration = template.resources[logical_id]
            names = [*declaration.depends_on, *(reference.name for reference in of_resource(declaration))]
            found[logical_id] = tuple(dict.fromkeys(name for name in names if name in here and name != logical_id))
    return found


def ordered(depends_on: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Each after those that it depends on. Raises ApiError for a circle (CFN-5)."""
    left, done = dict(depends_on), []
    while left:
        ready = [name for name, needs in left.items() if not any(need in left for need in needs)]
        if not ready:
            raise errors.circular(_circle(left))
        done += ready
        for name in ready:
            del left[name]
    return done


def _circle(left: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Without those that only depend on the circle."""
    kept = dict(left)
    while True:
        needed = {need for needs in kept.values() for need in needs}
        outside = [name for name in kept if name not in needed]
        if not outside:
            return sorted(kept)
        for name in outside:
            del kept[name]


# ---- checks ------------------------------------------------------------------------------------------------------------------------------


def check(template: Template) -> None:
    """Raises ApiError for references to nothing, functions that do not exist here, and circles."""
    parameters = frozenset(template.parameters) | frozenset(PSEUDO_PARAMETERS)
    clash = sorted(set(template.parameters) & set(template.resources))
    if clash:
        raise errors.format_error(f"Duplicate names in the Parameters and Resources blocks of the template: [{', '.join(clash)}]")
    _check_functions(template.document)
    resources = frozenset(template.resources)
    for name in template.conditions:
        _check_names(references(template.conditions[name]), parameters, "Conditions")
    in_resources = [r for d in template.resources.values() for r in of_resource(d)]
    depended = [Reference(name=name) for d in template.resources.values() for name in d.depends_on]
    _check_names(depended, resources, "Resources")
    _check_names(in_resources, parameters | resources, "Resources")
    in_outputs = [r for o in template.outputs.values() for r in references([o.value, o.export_name])]
    _check_names(in_outputs, parameters | resources, "Outputs")
    _check_conditions(template)
    for declaration in template.resources.values():
        if any(reference.name == declaration.logical_id for reference in of_resource(declaration)):
            raise errors.circular([declaration.logical_id])
        if declaration.logical_id in declaration.depends_on:
            raise errors.circular([declaration.logical_id])
    ordered(dependencies(template, template.resources))


def _check_names(found: Iterable[Reference], known: frozenset[str], block: str) -> None:
    unknown = [reference for reference in found if reference.name not in known]
    attributes = [reference for reference in unknown if reference.attribute is not None]
    names = list(dict.fromkeys(reference.name for reference in unknown if reference.attribute is None))
    if names:
        raise errors.unresolved(names, block)
    if attributes:
        raise errors.template_error(f"instance of Fn::GetAtt references undefined resource {attributes[0].name}")


def _check_conditions(template: Template) -> None:
    for block in ("Resources", "Outputs"):
        for argument in arguments(template.document.get(block, {}), "Fn::If"):
            name = argument[0] if isinstance(argument, list) and argument else None
            if isinstance(name, str) and name not in template.conditions:
                raise errors.template_error(f"unresolved condition dependency {name} in Fn::If")
    owned = [("Resources", resource.condition) for resource in template.resources.values()]
    owned += [("Outputs", output.condition) for output in template.outputs.values()]
    for block, name in owned:
        if isinstance(name, str) and name not in template.conditions:
            raise errors.format_error(f"Unresolved condition dependency {name} in the {block} block of the template")


def _check_functions(document: Mapping[str, Json]) -> None:
    for name in functions.REFUSED:
        if next(arguments(dict(document), name), None) is not None:
            raise errors.not_supported(f"the function {name}")
