"""CloudFormation's errors to users of the API: code and text as AWS gives them (CFN-1 to CFN-32). One function for each text."""

from collections.abc import Iterable, Sequence

from sandbox.core.errors import ApiError


def invalid(text: str) -> ApiError:
    return ApiError("ValidationError", text)


def not_supported(what: str) -> NotImplementedError:
    """The gateway answers with an AWS-shaped error. What the sandbox cannot do is refused by its name, never passed over."""
    return NotImplementedError(f"{what} is not part of this sandbox")


def too_short(value: str, member: str, least: int) -> ApiError:
    bound = f"Member must have length greater than or equal to {least}"
    return invalid(f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {bound}")


def too_long(value: str, member: str, most: int) -> ApiError:
    shown = value if len(value) <= 256 else value[:256] + "…"
    bound = f"Member must have length less than or equal to {most}"
    return invalid(f"1 validation error detected: Value '{shown}' at '{member}' failed to satisfy constraint: {bound}")


def bad_pattern(value: str, member: str, pattern: str) -> ApiError:
    bound = f"Member must satisfy regular expression pattern: {pattern}"
    return invalid(f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {bound}")


def not_in_enumeration(value: str, member: str, allowed: Iterable[str]) -> ApiError:
    bound = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
    return invalid(f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {bound}")


# ---- templates ---------------------------------------------------------------------------------------------------------------------------


def not_well_formed(language: str, line: int, column: int) -> ApiError:
    return invalid(f"Template format error: {language} not well-formed. (line {line}, column {column})")  # CFN-1


def unsupported_structure() -> ApiError:
    return invalid("Template format error: unsupported structure.")  # CFN-1


def aliases() -> ApiError:
    return invalid("Template error: YAML aliases are not allowed in CloudFormation templates")  # CFN-2


def null_value(path: str) -> ApiError:
    return invalid(f"[{path}] 'null' values are not allowed in templates")  # CFN-2


def format_error(text: str) -> ApiError:
    return invalid(f"Template format error: {text}")


def template_error(text: str) -> ApiError:
    return invalid(f"Template error: {text}")


def unresolved(names: Sequence[str], block: str) -> ApiError:
    return format_error(f"Unresolved resource dependencies [{', '.join(names)}] in the {block} block of the template")  # CFN-4


def circular(names: Sequence[str]) -> ApiError:
    return invalid(f"Circular dependency between resources: [{', '.join(names)}]")  # CFN-5


def one_template_source() -> ApiError:
    return invalid("Either Template URL or Template Body must be specified.")


# ---- parameters --------------------------------------------------------------------------------------------------------------------------


def parameters_without_value(names: Sequence[str]) -> ApiError:
    return invalid(f"Parameters: [{', '.join(names)}] must have values")  # CFN-7


def unknown_parameters(names: Sequence[str]) -> ApiError:
    return invalid(f"Parameters: [{', '.join(names)}] do not exist in the template")  # CFN-7


# ---- stacks ------------------------------------------------------------------------------------------------------------------------------


def no_such_stack(name: str) -> ApiError:
    return invalid(f"Stack with id {name} does not exist")  # CFN-20


def no_stack_named(name: str) -> ApiError:
    return invalid(f"Stack [{name}] does not exist")  # CFN-20


def no_such_resource(logical_id: str, stack: str) -> ApiError:
    return invalid(f"Resource {logical_id} does not exist for stack {stack}")


def stack_exists(name: str) -> ApiError:
    return ApiError("AlreadyExistsException", f"Stack [{name}] already exists")  # CFN-21


def too_many_stacks() -> ApiError:
    return ApiError("LimitExceededException", "Limit for stack has been exceeded")  # CFN-3 (U: the text)


def wrong_state(stack: str, status: str, verb: str) -> ApiError:
    return invalid(f"Stack:{stack} is in {status} state and can not be {verb}.")  # CFN-22


def nothing_to_update() -> ApiError:
    return invalid("No updates are to be performed.")  # CFN-23


def insufficient_capabilities(needed: Sequence[str]) -> ApiError:
    return ApiError("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(needed)}]")  # CFN-24


def protected(name: str) -> ApiError:
    text = f"Stack [{name}] cannot be deleted while TerminationProtection is enabled"  # CFN-25
    return invalid(text)


def type_changed(names: Sequence[str]) -> ApiError:
    text = "Update of resource type is not permitted. The new template modifies resource type of the following resources:"  # CFN-26
    return invalid(f"{text} [{', '.join(names)}]")


def no_such_change_set(name: str) -> ApiError:
    return ApiError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")  # CFN-30


def change_set_exists(name: str) -> ApiError:
    return ApiError("AlreadyExistsException", f"ChangeSet {name} cannot be created due to a mismatch with existing attribute Name")


def bad_change_set_status(arn: str, status: str) -> ApiError:
    text = f"ChangeSet [{arn}] cannot be executed in its current status of [{status}]"  # CFN-30
    return ApiError("InvalidChangeSetStatus", text)


def bad_next_token() -> ApiError:
    return invalid("NextToken is not valid.")
