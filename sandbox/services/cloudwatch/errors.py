"""What CloudWatch refuses, as our own exceptions with AWS's code and text. Raised by pure modules, made moto's in api/assembly.py."""

from sandbox.core.errors import SandboxError


class Refused(SandboxError):
    """The request is wrong. `code` is AWS's error code, `message` AWS's text (where it is known)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


def invalid_value(message: str) -> Refused:
    return Refused("InvalidParameterValue", message)


def invalid_combination(message: str) -> Refused:
    return Refused("InvalidParameterCombination", message)


def missing(parameter: str) -> Refused:
    return Refused("MissingParameter", f"The parameter {parameter} is required.")


def validation(message: str) -> Refused:
    return Refused("ValidationError", message)


def not_in_enum(value: object, member: str, allowed: tuple[str, ...]) -> Refused:
    """AWS's sentence for a value outside a list of words."""
    return validation(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{', '.join(allowed)}]"
    )
