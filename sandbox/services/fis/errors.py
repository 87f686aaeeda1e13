"""The errors of the FIS API: code and text (FIS-11). (U): no source has AWS's text, it is ours."""

from sandbox.core.errors import ApiError


def invalid(text: str) -> ApiError:
    return ApiError("ValidationException", text)


def not_found(text: str) -> ApiError:
    return ApiError("ResourceNotFoundException", text)


def conflict(text: str) -> ApiError:
    return ApiError("ConflictException", text)


def quota(text: str) -> ApiError:
    return ApiError("ServiceQuotaExceededException", text)


def not_supported(what: str) -> NotImplementedError:
    """The gateway answers with an AWS-shaped error. What the sandbox cannot do is refused by its name, never passed over."""
    return NotImplementedError(f"{what} is not part of this sandbox")


# ---- what does not exist -----------------------------------------------------------------------------------------------------------------


def no_template(template_id: str) -> ApiError:
    return not_found(f"Experiment template {template_id} does not exist")  # (U)


def no_experiment(experiment_id: str) -> ApiError:
    return not_found(f"Experiment {experiment_id} does not exist")  # (U)


def no_action_type(action_id: str) -> ApiError:
    return not_found(f"The action {action_id} does not exist. Specify a valid action identifier and try again.")  # (U)


def no_resource_type(resource_type: str) -> ApiError:
    return not_found(f"The target resource type {resource_type} does not exist. Specify a valid resource type and try again.")  # (U)


def no_lever(lever_id: str) -> ApiError:
    return not_found(f"Safety lever {lever_id} does not exist")  # (U)


def no_tagged_resource(arn: str) -> ApiError:
    return not_found(f"Resource {arn} does not exist")  # (U)


# ---- templates ---------------------------------------------------------------------------------------------------------------------------


def unexpected_target(key: str, action: str) -> ApiError:
    return invalid(f'Unexpected target "{key}" found in action "{action}".')  # (OBS)


def missing_target(key: str, action: str) -> ApiError:
    return invalid(f'Missing required target "{key}" in action "{action}".')  # (U)


def unknown_target(name: str, action: str) -> ApiError:
    return invalid(f'Action "{action}" refers to target "{name}", which is not in the template.')  # (U)


def wrong_target_type(name: str, action: str, wanted: str) -> ApiError:
    return invalid(f'Target "{name}" of action "{action}" must have the resource type {wanted}.')  # (U)


def unexpected_parameter(name: str, action: str) -> ApiError:
    return invalid(f'Unexpected parameter "{name}" found in action "{action}".')  # (U)


def missing_parameter(name: str, action: str) -> ApiError:
    return invalid(f'Missing required parameter "{name}" in action "{action}".')  # (U)


def bad_parameter(name: str, action: str, wanted: str) -> ApiError:
    return invalid(f'The parameter "{name}" of action "{action}" is not valid. Specify {wanted} and try again.')  # (U)


def unsupported_service() -> ApiError:
    return invalid("The service parameter value is not supported for the action. Specify a valid service and try again.")  # (OBS)


def unknown_start_after(name: str, action: str) -> ApiError:
    return invalid(f'Action "{action}" starts after "{name}", which is not an action of the template.')  # (U)


def circular_start_after(action: str) -> ApiError:
    return invalid(f'Action "{action}" starts after itself, directly or through other actions.')  # (U)


def bad_target(name: str, problem: str) -> ApiError:
    return invalid(f'Target "{name}" is not valid: {problem}.')  # (U)


def bad_stop_condition(problem: str) -> ApiError:
    return invalid(f"The stop condition is not valid: {problem}.")  # (U)


def bad_role(arn: str) -> ApiError:
    return invalid(f"The role ARN {arn} is not valid. Specify the ARN of an IAM role of this account and try again.")  # (U)


# ---- experiments -------------------------------------------------------------------------------------------------------------------------


def token_in_use(token: str) -> ApiError:
    return conflict(f"The client token {token} was used with other parameters before.")  # (U)


def bad_next_token() -> ApiError:
    return invalid("The value of nextToken is not valid.")  # (U)


def bad_max_results(size: int, most: int) -> ApiError:
    bound = "greater than or equal to 1" if size < 1 else f"less than or equal to {most}"
    demand = f"failed to satisfy constraint: Member must have value {bound}"
    return invalid(f"1 validation error detected: Value '{size}' at 'maxResults' {demand}")


def lever_engaging() -> ApiError:
    return conflict("The safety lever is engaging. Try again when all experiments have stopped.")  # (U)
