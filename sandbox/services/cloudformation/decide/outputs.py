"""A stack's outputs and exports, evaluated when its resources are ready. Pure."""

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide.observed import Observed
from sandbox.services.cloudformation.decide.template import environments, functions
from sandbox.services.cloudformation.model import Output
from sandbox.services.cloudformation.template_model import NO_VALUE, Environment, OutputDeclaration


def evaluate(observed: Observed) -> tuple[Output, ...]:
    """Raises ApiError if an output is not a string."""
    ready = {name: r for name, r in observed.stack.resources.items() if r.physical_id is not None}
    env = observed.environment(ready)
    return tuple(_output(declared, env) for declared in environments.outputs(observed.template, env))


def _output(declared: OutputDeclaration, env: Environment) -> Output:
    return Output(
        key=declared.key,
        value=_text(declared.value, env, declared.key),
        description=declared.description,
        export_name=None if declared.export_name is None else _text(declared.export_name, env, declared.key),
    )


def _text(value: object, env: Environment, key: str) -> str:
    try:
        found = functions.evaluate(value, env)
    except functions.Unknown as unknown:
        raise errors.unresolved([unknown.logical_id], "Outputs") from unknown
    if isinstance(found, (dict, list)) or found is NO_VALUE:
        raise ApiError("ValidationError", f"Template format error: Output {key} is malformed. The value of an output must be a string")
    return functions.scalar(found)


def check_exports(observed: Observed, found: tuple[Output, ...]) -> None:
    """CFN-18: a name belongs to one stack, and what others import neither changes nor goes."""
    new = {output.export_name: output.value for output in found if output.export_name is not None}
    for name in new:
        owner = observed.exported_by.get(name, observed.stack.name)
        if owner != observed.stack.name:
            raise ApiError("ValidationError", f"Export with name {name} is already exported by stack {owner}")
    for old in observed.stack.outputs:
        users = observed.importers.get(old.export_name or "", ())
        if not users:
            continue
        if old.export_name not in new:
            raise ApiError("ValidationError", in_use(old.export_name or "", users))
        if new[old.export_name] != old.value:
            raise ApiError("ValidationError", in_use(old.export_name or "", users, "updated"))


def in_use(name: str, users: tuple[str, ...], verb: str = "deleted") -> str:
    return f"Export {name} cannot be {verb} as it is in use by {_listed(users)}"


def _listed(users: tuple[str, ...]) -> str:
    return users[0] if len(users) == 1 else f"{', '.join(users[:-1])} and {users[-1]}"
