"""CloudWatch's errors to users of the API: code and text as AWS gives them (where AWS's text is known)."""

from sandbox.core.errors import ApiError


def invalid_value(message: str) -> ApiError:
    return ApiError("InvalidParameterValue", message)


def invalid_combination(message: str) -> ApiError:
    return ApiError("InvalidParameterCombination", message)


def exclusive(one: str, other: str) -> ApiError:
    """AWS's sentence for two parameters of which a request may have one."""
    return invalid_combination(f"The parameters {one} and {other} are mutually exclusive and you have specified both.")


def missing(parameter: str) -> ApiError:
    return ApiError("MissingParameter", f"The parameter {parameter} is required.")


def validation(message: str) -> ApiError:
    return ApiError("ValidationError", message)


def not_in_enum(value: object, member: str, allowed: tuple[str, ...]) -> ApiError:
    """AWS's sentence for a value outside a list of words."""
    return validation(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{', '.join(allowed)}]"
    )
