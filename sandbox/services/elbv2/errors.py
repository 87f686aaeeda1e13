"""The errors of the ELBv2 API: code and text as AWS returns them (ALB-10), all with HTTP status 400. A text that we wrote ourselves,
because no source has AWS's, is marked (U): unverified.

The modules under api/ raise them; the texts stand in one file so that they can be compared.
"""

from collections.abc import Iterable

from sandbox.core.errors import ApiError


def api_error(code: str, text: str) -> ApiError:
    return ApiError(code, text)


def validation(text: str) -> ApiError:
    return api_error("ValidationError", text)


def configuration(text: str) -> ApiError:
    return api_error("InvalidConfigurationRequest", text)


def not_supported(what: str) -> NotImplementedError:
    """For what AWS supports and the sandbox does not: the gateway returns a NotImplementedError in AWS's format."""
    return NotImplementedError(f"{what} is not supported by the sandbox yet.")


def constraint(value: object, member: str, text: str) -> ApiError:
    """The text of AWS's API framework. `text`: "Member must not be null"."""
    shown = "null" if value is None else f"'{value}'"
    return validation(f"1 validation error detected: Value {shown} at '{member}' failed to satisfy constraint: {text}")


def out_of_range(value: object, member: str, bound: str, limit: int) -> ApiError:
    """`bound`: "greater than or equal to"."""
    return constraint(value, member, f"Member must have value {bound} {limit}")


def not_one_of(value: object, member: str, allowed: Iterable[str]) -> ApiError:
    return constraint(value, member, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def load_balancer_not_found() -> ApiError:
    return api_error("LoadBalancerNotFound", "One or more load balancers not found")


def target_group_not_found() -> ApiError:
    return api_error("TargetGroupNotFound", "One or more target groups not found")


def listener_not_found() -> ApiError:
    return api_error("ListenerNotFound", "One or more listeners not found")


def rule_not_found() -> ApiError:
    return api_error("RuleNotFound", "One or more rules not found")


def subnet_not_found(subnet_id: str) -> ApiError:
    return api_error("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist")


def no_space(subnet_id: str, least: int) -> ApiError:
    """ALB-60."""
    text = f"Not enough IP space available in {subnet_id}. ELB requires at least {least} free IP addresses in each subnet."
    return api_error("InvalidSubnet", text)


def same_name(code: str, what: str, name: str) -> ApiError:
    """ALB-6."""
    return api_error(code, f"A {what} with the same name '{name}' exists, but with different settings")


def listener_exists(load_balancer_arn: str) -> ApiError:
    """ALB-20."""
    return api_error("DuplicateListener", f"A listener already exists on this port for this load balancer '{load_balancer_arn}'")


def in_use_by_listener(target_group_arn: str) -> ApiError:
    """ALB-11."""
    return api_error("ResourceInUse", f"Target group '{target_group_arn}' is currently in use by a listener or a rule")


def used_by_another(target_group_arns: Iterable[str]) -> ApiError:
    """ALB-9: one load balancer per target group."""
    text = "The following target groups cannot be associated with more than one load balancer"
    return api_error("TargetGroupAssociationLimit", f"{text}: {', '.join(target_group_arns)}")


def deletion_protected(load_balancer_arn: str) -> ApiError:
    """ALB-8 (U)."""
    text = f"Load balancer '{load_balancer_arn}' cannot be deleted because deletion protection is enabled"
    return api_error("OperationNotPermitted", text)


def bucket_denied(bucket: str) -> ApiError:
    """LBM-7."""
    return configuration(f"Access Denied for bucket: {bucket}. Please check S3bucket permission")


def invalid_targets(sentence: str, ids: Iterable[str]) -> ApiError:
    """TG-4."""
    return api_error("InvalidTarget", f"The following targets are {sentence}: {', '.join(repr(each) for each in ids)}")


def own_ports(found: Iterable[str]) -> ApiError:
    """TG-4 (U). `found`: "'127.0.0.1:4566' is the sandbox's API (SANDBOX_PORT)"."""
    return api_error("InvalidTarget", f"The following targets are not valid: {', '.join(found)}")


def invalid_action(text: str) -> ApiError:
    return api_error("InvalidLoadBalancerAction", text)


def wrong_marker(marker: str) -> ApiError:
    return validation(f"The marker '{marker}' is not valid")  # (U)


def redirect_loop() -> ApiError:
    """ALB-25."""
    return invalid_action("The redirect configuration is not valid because it creates a loop.")


def too_many(code: str, what: str, limit: int) -> ApiError:
    """ALB-9 (U: the texts)."""
    return api_error(code, f"The maximum number of {what} is {limit}")
