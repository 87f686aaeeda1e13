"""ELBv2's errors to users of the API: code and text as AWS gives them (ALB-10), all HTTP 400. Where no source has AWS's text it is ours,
formed like its neighbours, and marked (U).

Raised by this folder's API modules; kept apart so that the texts can be read next to each other.
"""

from collections.abc import Iterable

from sandbox.core.errors import ApiError


def refusal(code: str, text: str) -> ApiError:
    return ApiError(code, text)


def validation(text: str) -> ApiError:
    return refusal("ValidationError", text)


def configuration(text: str) -> ApiError:
    return refusal("InvalidConfigurationRequest", text)


def not_supported(what: str) -> NotImplementedError:
    """What AWS can do and the sandbox cannot yet: the gateway answers NotImplementedError in AWS's shape."""
    return NotImplementedError(f"{what} is not supported by the sandbox yet.")


def out_of_range(value: object, member: str, bound: str, limit: int) -> ApiError:
    """The API framework's own text. `bound`: "greater than or equal to"."""
    text = f"Value '{value}' at '{member}' failed to satisfy constraint: Member must have value {bound} {limit}"
    return validation(f"1 validation error detected: {text}")


def not_one_of(value: object, member: str, allowed: Iterable[str]) -> ApiError:
    text = f"Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy enum value set: [{', '.join(allowed)}]"
    return validation(f"1 validation error detected: {text}")


def load_balancer_not_found() -> ApiError:
    return refusal("LoadBalancerNotFound", "One or more load balancers not found")


def target_group_not_found() -> ApiError:
    return refusal("TargetGroupNotFound", "One or more target groups not found")


def listener_not_found() -> ApiError:
    return refusal("ListenerNotFound", "One or more listeners not found")


def rule_not_found() -> ApiError:
    return refusal("RuleNotFound", "One or more rules not found")


def subnet_not_found(subnet_id: str) -> ApiError:
    return refusal("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist")


def same_name(code: str, what: str, name: str) -> ApiError:
    """ALB-6."""
    return refusal(code, f"A {what} with the same name '{name}' exists, but with different settings")


def listener_exists(load_balancer_arn: str) -> ApiError:
    """ALB-20."""
    return refusal("DuplicateListener", f"A listener already exists on this port for this load balancer '{load_balancer_arn}'")


def in_use_by_listener(target_group_arn: str) -> ApiError:
    """ALB-11."""
    return refusal("ResourceInUse", f"Target group '{target_group_arn}' is currently in use by a listener or a rule")


def used_by_another(target_group_arns: Iterable[str]) -> ApiError:
    """ALB-9: one load balancer per target group."""
    text = "The following target groups cannot be associated with more than one load balancer"
    return refusal("TargetGroupAssociationLimit", f"{text}: {', '.join(target_group_arns)}")


def deletion_protected(load_balancer_arn: str) -> ApiError:
    """ALB-8 (U)."""
    text = f"Load balancer '{load_balancer_arn}' cannot be deleted because deletion protection is enabled"
    return refusal("OperationNotPermitted", text)


def invalid_targets(sentence: str, ids: Iterable[str]) -> ApiError:
    """TG-4."""
    return refusal("InvalidTarget", f"The following targets are {sentence}: {', '.join(repr(each) for each in ids)}")


def own_ports(found: Iterable[str]) -> ApiError:
    """TG-4 (U). `found`: "'127.0.0.1:4566' is the sandbox's API (SANDBOX_PORT)"."""
    return refusal("InvalidTarget", f"The following targets are not valid: {', '.join(found)}")


def invalid_action(text: str) -> ApiError:
    return refusal("InvalidLoadBalancerAction", text)


def wrong_marker(marker: str) -> ApiError:
    return validation(f"The marker '{marker}' is not valid")  # (U)


def redirect_loop() -> ApiError:
    """ALB-25."""
    return invalid_action("The redirect configuration is not valid because it creates a loop.")


def too_many(code: str, what: str, limit: int) -> ApiError:
    """ALB-9 (U: the texts)."""
    return refusal(code, f"The maximum number of {what} is {limit}")
