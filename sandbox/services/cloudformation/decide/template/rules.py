"""The section Rules: assertions about the parameters, checked before anything starts (CFN-33). Pure."""

from collections.abc import Mapping
from typing import Any

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide.template import conditions, functions
from sandbox.services.cloudformation.template_model import Environment, Json, Template

REFUSED = ("Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll")
"""They read the account's resources of a type."""


def check(template: Template, env: Environment) -> None:
    """Raises ApiError with the description of the first assertion that fails."""
    for name, rule in template.rules.items():
        if not isinstance(rule, dict) or not isinstance(rule.get("Assertions"), list):
            raise errors.format_error(f"Every Rules member must contain Assertions. Rule {name}")
        if "RuleCondition" in rule and not _holds(rule["RuleCondition"], env):
            continue
        for assertion in rule["Assertions"]:
            _check(name, assertion, env)


def _check(name: str, assertion: Any, env: Environment) -> None:
    if not isinstance(assertion, dict) or "Assert" not in assertion:
        raise errors.format_error(f"Every assertion of rule {name} must contain an Assert")
    if not _holds(assertion["Assert"], env):
        described = assertion.get("AssertDescription", "an assertion does not hold")
        raise errors.invalid(f"Template validation error: Rule {name} failed: {described}")


def _holds(value: Json, env: Environment) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        raise errors.template_error("Every rule must be a function that returns a boolean")
    name, argument = next(iter(value.items()))
    match name:
        case "Fn::And" | "Fn::Or" if isinstance(argument, list):
            results = [_holds(one, env) for one in argument]
            return all(results) if name == "Fn::And" else any(results)
        case "Fn::Not" if isinstance(argument, list) and len(argument) == 1:
            return not _holds(argument[0], env)
        case "Fn::Contains":
            members, wanted = _pair(name, argument, env)
            return functions.scalar(wanted) in [functions.scalar(one) for one in _listed(members)]
        case "Fn::EachMemberEquals":
            members, wanted = _pair(name, argument, env)
            return all(functions.scalar(one) == functions.scalar(wanted) for one in _listed(members))
        case "Fn::EachMemberIn":
            members, allowed = _pair(name, argument, env)
            return all(one in _listed(allowed) for one in _listed(members))
    found: Mapping[str, bool] = conditions.evaluate_all({name: value}, env)
    return found[name]


def _pair(name: str, argument: Json, env: Environment) -> tuple[Json, Json]:
    if not isinstance(argument, list) or len(argument) != 2:
        raise errors.template_error(f"every {name} object requires a list of 2 parameters.")
    for refused in REFUSED:
        if any(isinstance(one, dict) and refused in one for one in argument):
            raise errors.not_supported(f"the function {refused}")
    return functions.evaluate(argument[0], env), functions.evaluate(argument[1], env)


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]
