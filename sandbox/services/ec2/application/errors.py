"""The errors of application status checks. Texts, and the codes that the API reference does not name, are ours (U)."""

from sandbox.core.errors import ApiError


def invalid(text: str) -> ApiError:
    return ApiError("InvalidParameterValue", text)


def unknown_check(check_id: str) -> ApiError:
    return ApiError("InvalidApplicationStatusCheckId.NotFound", f"The application status check ID '{check_id}' does not exist")


def out_of_range(value: int, name: str, least: int, most: int) -> ApiError:
    return invalid(f"Value ({value}) for parameter {name} is invalid. Expecting a value from {least} to {most}.")


def too_small(value: int, name: str, least: int) -> ApiError:
    return invalid(f"Value ({value}) for parameter {name} is invalid. The value must be greater than or equal to {least}.")


def too_many_checks(most: int) -> ApiError:
    return ApiError("ApplicationStatusCheckLimitExceeded", f"You have reached the maximum of {most} application status checks.")


def both_targets() -> ApiError:
    text = "The parameters TargetTagAssociations and InstanceIds cannot be used together"
    return ApiError("InvalidParameterCombination", text)


def no_targets() -> ApiError:
    return ApiError("MissingParameter", "The request must contain the parameter TargetTagAssociations or InstanceIds")


def no_instances() -> ApiError:
    return ApiError("MissingParameter", "The request must contain the parameter InstanceIds")


def too_many_instances(count: int, most: int) -> ApiError:
    return invalid(f"The request has {count} instance IDs; the maximum is {most}.")


def nothing_to_modify() -> ApiError:
    return ApiError("InvalidParameterCombination", "No attributes specified.")


def unsupported(what: str, instead: str) -> ApiError:
    """For what AWS has and the sandbox does not."""
    return ApiError("UnsupportedOperation", f"{what} is not supported by the sandbox: {instead}.")


# ---- reasons of associations and suppressions that failed, in the answer -----------------------------------------------------------------


def unknown_instance(instance_id: str) -> str:
    return f"The instance ID '{instance_id}' does not exist"


ASSOCIATED = "The application status check is already associated."
NOT_ASSOCIATED = "The application status check is not associated."
NOT_SUPPRESSED = "Application status checks of the instance are not suppressed."
TERMINATED = "The instance is terminated."


def no_more_of_check(most: int) -> str:
    return f"The application status check has reached the maximum of {most} associations."


def no_more_of_account(most: int) -> str:
    return f"The account has reached the maximum of {most} associations of application status checks."
