"""The environment in which a stack's template is evaluated: pseudo parameters, conditions, and the resources that are ready. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide.template import conditions, functions, parameters
from sandbox.services.cloudformation.decide.template.references import arguments
from sandbox.services.cloudformation.decide.template.schemas import Find
from sandbox.services.cloudformation.model import Resource, Version
from sandbox.services.cloudformation.template_model import NO_VALUE, Declaration, Environment, Json, OutputDeclaration, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the pseudo parameters say."""

    scope: Scope
    stack_id: str
    stack_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anything(Mapping[str, object]):
    """The attributes of a resource that is not made yet: each has a value."""

    logical_id: str
    names: Sequence[str] = field(default=())

    def __getitem__(self, name: str) -> object:
        return f"{self.logical_id}.{name}"

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def base(template: Template, version: Version, names: Names, exports: Mapping[str, str]) -> Environment:
    """Without resources."""
    pseudo = {
        "AWS::AccountId": names.scope.account,
        "AWS::NotificationARNs": list(version.notification_arns),
        "AWS::Partition": "aws",
        "AWS::Region": names.scope.region,
        "AWS::StackId": names.stack_id,
        "AWS::StackName": names.stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }
    known = Environment(
        parameters=parameters.typed(template, version.values),
        pseudo=pseudo,
        mappings=template.mappings,
        exports=exports,
        zones=version.zones,
    )
    return replace(known, conditions=conditions.evaluate_all(template.conditions, known))


def with_resources(env: Environment, resources: Mapping[str, Resource], find: Find) -> Environment:
    """`resources`: those that are ready."""
    references: dict[str, str] = {}
    for logical_id, resource in resources.items():
        kind = find(resource.type)
        if resource.physical_id is not None:
            references[logical_id] = kind.reference(resource.physical_id) if kind else resource.physical_id
    return replace(env, references=references, attributes={name: r.attributes for name, r in resources.items()})


def present(template: Template, env: Environment) -> list[str]:
    """The resources whose condition holds."""
    return [name for name, declared in template.resources.items() if declared.condition is None or env.conditions[declared.condition]]


def properties(declaration: Declaration, env: Environment) -> dict[str, Json]:
    found = functions.evaluate(declaration.properties, env)
    return dict(found) if isinstance(found, dict) else {}


def check(template: Template, env: Environment) -> None:
    """Evaluates everything as if its resources existed. Raises ApiError where that cannot succeed: a reference to a resource whose
    condition does not hold, or a key that a mapping does not have."""
    here = present(template, env)
    pretended = replace(env, references={name: name for name in here}, attributes={name: _Anything(logical_id=name) for name in here})
    blocks = [("Resources", template.resources[name].properties) for name in here]
    blocks += [("Outputs", output.value) for output in outputs(template, env)]
    for block, value in blocks:
        try:
            functions.evaluate(value, pretended)
        except functions.Unknown as unknown:
            if block == "Outputs":  # its condition does not hold
                text = f"Unresolved resource dependencies [{unknown.logical_id}] in the Outputs block of the template"
                raise errors.invalid(text) from unknown
            raise errors.unresolved([unknown.logical_id], block) from unknown
        except ApiError as error:
            if "Unable to get mapping" in error.message:
                raise


def outputs(template: Template, env: Environment) -> list[OutputDeclaration]:
    """Those whose condition holds."""
    return [o for o in template.outputs.values() if o.condition is None or env.conditions[o.condition]]


def imports(template: Template, env: Environment) -> tuple[str, ...]:
    """The names of the exports that the template uses, as far as they can be evaluated."""
    found: dict[str, None] = {}
    here = [template.resources[name].properties for name in present(template, env)]
    here += [output.value for output in outputs(template, env)]
    for value in here:
        for argument in arguments(value, "Fn::ImportValue"):
            try:
                name = functions.evaluate(argument, env)
            except (functions.Unknown, ApiError):
                continue
            if isinstance(name, str) and name is not NO_VALUE:
                found[name] = None
    return tuple(found)
