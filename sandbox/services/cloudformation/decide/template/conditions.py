"""The section Conditions: which of them hold, by the parameters alone. Pure."""

from collections.abc import Callable, Mapping

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide.template import functions
from sandbox.services.cloudformation.template_model import NO_VALUE, Environment, Json


def evaluate_all(declared: Mapping[str, Json], env: Environment) -> dict[str, bool]:
    """The values of the Conditions section. `env` has parameters and mappings."""
    found: dict[str, bool] = {}

    def value_of(name: str, above: tuple[str, ...]) -> bool:
        if name in above:
            raise errors.template_error(f"Circular dependencies for conditions: [{', '.join(above)}]")
        if name not in declared:
            raise errors.template_error(f"Unresolved condition dependency {name} in the Conditions block of the template")
        if name not in found:
            found[name] = _condition(declared[name], env, lambda other: value_of(other, (*above, name)))
        return found[name]

    for name in declared:
        value_of(name, ())
    return found


def _condition(value: Json, env: Environment, named: Callable[[str], bool]) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        raise errors.template_error("Every Conditions member must be a function that returns a boolean")
    name, argument = next(iter(value.items()))
    match name:
        case "Condition":
            return named(functions.string_of(argument, "Condition"))
        case "Fn::Equals":
            if not isinstance(argument, list) or len(argument) != 2:
                raise errors.template_error("every Fn::Equals object requires a list of 2 string parameters.")
            left, right = argument
            return bool(_comparable(functions.evaluate(left, env)) == _comparable(functions.evaluate(right, env)))
        case "Fn::Not":
            (only,) = functions.of_length(name, argument, 1)
            return not _condition(only, env, named)
        case "Fn::And" | "Fn::Or":
            if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
                raise errors.template_error(f"every {name} object requires a list of at least 2 and at most 10 boolean parameters.")
            results = [_condition(one, env, named) for one in argument]
            return all(results) if name == "Fn::And" else any(results)
    raise errors.template_error(f"{name} cannot be used as a condition")


def _comparable(value: Json) -> Json:
    return functions.scalar(value) if not isinstance(value, (dict, list)) and value is not NO_VALUE else value
