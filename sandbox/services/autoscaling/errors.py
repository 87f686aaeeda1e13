"""Auto Scaling's errors to users of the API: code and text as AWS gives them (ASG-2 to ASG-9). One function for each text."""

from sandbox.core.errors import ApiError


def _error(code: str, text: str) -> ApiError:
    return ApiError(code, text)


def invalid(text: str) -> ApiError:
    return _error("ValidationError", text)


def unknown_group(name: str) -> ApiError:
    return invalid(f"AutoScalingGroup name not found - AutoScalingGroup {name} not found")  # ASG-5


def unknown_group_to_resize() -> ApiError:
    """SetDesiredCapacity and UpdateAutoScalingGroup do not name the group."""
    return invalid("AutoScalingGroup name not found - null")  # ASG-5


def unknown_instance(instance_id: str) -> ApiError:
    return invalid(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")  # ASG-5


def group_exists(name: str) -> ApiError:
    text = f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"  # ASG-5
    return _error("AlreadyExists", text)


def configuration_exists(name: str) -> ApiError:
    text = f"Launch Configuration by this name already exists - A launch configuration already exists with the name {name}"
    return _error("AlreadyExists", text)


def configurations_refused() -> ApiError:
    text = (
        "The Launch Configuration creation operation is not available in your account."
        " Use launch templates to create configuration templates for your Auto Scaling groups."  # ASG-16
    )
    return _error("UnsupportedOperation", text)


def unknown_configuration(name: str) -> ApiError:
    return invalid(f"Launch configuration name not found - Launch configuration {name} not found")


def configuration_in_use(name: str, group: str) -> ApiError:
    text = f"Cannot delete launch configuration {name} because it is attached to AutoScalingGroup {group}"
    return _error("ResourceInUse", text)


def unusable_template(reason: str) -> ApiError:
    return invalid(f"You must use a valid fully-formed launch template. {reason}")  # ASG-19


def template_not_named_once() -> ApiError:
    return invalid("Valid requests must contain either launchTemplateId or LaunchTemplateName")  # ASG-18


def not_an_instance(instance_id: str) -> ApiError:
    """Of the InstanceId to copy."""
    return invalid(f"Instance [{instance_id}] is invalid.")


def pending_delete(refused: str = "The AutoScaling group may not be modified while it") -> ApiError:
    return invalid(f"{refused} is pending delete")  # ASG-9


def constraint(value: object, member: str, bound: str) -> ApiError:
    """The API framework's own text. `bound`: "Member must not be null"."""
    shown = "null" if value is None else f"'{value}'"
    return invalid(f"1 validation error detected: Value {shown} at '{member}' failed to satisfy constraint: {bound}")


def too_small(value: int, member: str) -> ApiError:
    return constraint(value, member, "Member must have value greater than or equal to 0")


def wrong_length(value: str, member: str, most: int) -> ApiError:
    bound = f"Member must have length less than or equal to {most}" if value else "Member must have length greater than or equal to 1"
    return constraint(value, member, bound)


def desired_out_of_bounds(desired: int, low: int, high: int) -> ApiError:
    return invalid(f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}")  # ASG-2


def bounds_crossed(low: int, high: int) -> ApiError:
    return invalid(f"Max bound, {high}, must be greater than or equal to min bound, {low}")  # ASG-2


def new_desired_out_of_bounds(desired: int, low: int, high: int) -> ApiError:
    side = f"above max value {high}" if desired > high else f"below min value {low}"
    return invalid(f"New SetDesiredCapacity value {desired} is {side} for the AutoScalingGroup.")  # ASG-3


def would_fall_below_min(low: int) -> ApiError:
    text = (
        f"Currently, desiredSize equals minSize ({low}). Terminating instance without replacement will violate group's min size constraint."
        " Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."  # ASG-69
    )
    return invalid(text)


def detaching_below_min(low: int, wanted: int) -> ApiError:
    """(U)"""
    text = f"New desired capacity {wanted} would be below min value {low} for the AutoScalingGroup. Lower the group's min size first."
    return invalid(text)


def attaching_above_max(high: int, wanted: int) -> ApiError:
    """(U)"""
    text = f"New desired capacity {wanted} would be above max value {high} for the AutoScalingGroup. Raise the group's max size first."
    return invalid(text)


def blocked(activity_id: str) -> ApiError:
    return _error("ScalingActivityInProgress", f"Scaling activity {activity_id} is in progress and blocks this action")


def instances_left() -> ApiError:
    # ASG-9
    text = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group."
    return _error("ResourceInUse", text)


def activities_left() -> ApiError:
    text = "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group."  # ASG-9
    return _error("ScalingActivityInProgress", text)


def invalid_target_groups() -> ApiError:
    return invalid("Provided Target Groups may not be valid. Please ensure they exist and try again.")


def target_group_not_attached(arns: list[str]) -> ApiError:
    """(U)"""
    return invalid(f"Trying to remove Target Groups that are not part of the group: {', '.join(arns)}")


def load_balancer_not_attached(group: str, names: list[str]) -> ApiError:
    """(U)"""
    return invalid(f"Trying to remove Load Balancers that are not part of the group {group}: {', '.join(names)}")


def unknown_hook(name: str, group: str) -> ApiError:
    return invalid(f"No Lifecycle Hook found with name: {name} for group: {group}")  # (U: the exact words)


def no_lifecycle_action(token: str | None, instance_id: str | None) -> ApiError:
    """ASG-89"""
    named = f"token {token}" if token else f"instance ID {instance_id}"
    return invalid(f"No active Lifecycle Action found with {named}")


def target_unreachable(target: str, role: str) -> ApiError:
    text = (
        f"Unable to publish test message to notification target {target} using IAM role {role}."
        " Please check your target and role configuration and try to put lifecycle hook again."  # ASG-92
    )
    return invalid(text)


def refresh_in_progress() -> ApiError:
    text = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."  # ASG-100
    return _error("InstanceRefreshInProgress", text)


def irreversible_refresh(reason: str) -> ApiError:
    return _error("IrreversibleInstanceRefresh", reason)  # ASG-104 (U: the texts)


def refresh_forbids_update() -> ApiError:
    text = (
        "An active instance refresh with a desired configuration exists. All configuration options derived from the desired configuration"
        " are not available for update while the instance refresh is active."  # ASG-102
    )
    return invalid(text)


def no_active_refresh(group: str) -> ApiError:
    return _error("ActiveInstanceRefreshNotFound", f"No in progress or pending Instance Refresh found for Auto Scaling group {group}")


def no_warm_pool(group: str) -> ApiError:
    return invalid(f"No warm pool found for Auto Scaling group {group}")  # (U)


def zones_differ() -> ApiError:
    return invalid("The availability zones of the specified subnets and the Auto Scaling group do not match")


def no_zones() -> ApiError:
    return invalid("At least one Availability Zone or VPC Subnet is required.")


def wrong_lifecycle(instance_id: str, wanted: str) -> ApiError:
    return invalid(f"The instance {instance_id} is not in {wanted}.")


def too_many_named(what: str, most: int) -> ApiError:
    return invalid(f"The number of {what} must not exceed {most}.")  # ASG-10 (U)


def limit_exceeded(what: str, most: int, where: str) -> ApiError:
    """ASG-8, ASG-10 (U: the text)"""
    return _error("LimitExceeded", f"You have reached the quota of {most} {what} for {where}.")


def not_a_member(instance_id: str, group: str) -> ApiError:
    return invalid(f"The instance {instance_id} is not part of Auto Scaling group {group}.")


def invalid_instance(instance_id: str) -> ApiError:
    return invalid(f"Invalid Instance ID(s): [{instance_id}]")


def wrong_state(instance_id: str, wanted: str) -> ApiError:
    return invalid(f"Instance {instance_id} is not in correct state. Instance(s) must be in '{wanted}' state.")  # ASG-72 (U)


def in_a_group(instance_id: str, group: str) -> ApiError:
    return invalid(f"Instance {instance_id} is already part of AutoScalingGroup:{group}")  # ASG-72 (U)


def wrong_zone(instance_id: str, zone: str, group: str) -> ApiError:
    return invalid(f"Instance {instance_id} is in {zone}, which AutoScalingGroup {group} does not use")  # ASG-72 (U)


def start_time_taken() -> ApiError:
    return _error("AlreadyExists", "A scheduled action with this scheduled start time already exists")  # ASG-108


def unknown_scheduled_action() -> ApiError:
    return invalid("Scheduled action name not found")  # ASG-108


def topic_unreachable(arn: str, reason: str) -> ApiError:
    """(U)"""
    text = f"Unable to publish test message to notification target {arn}: {reason}. Check the topic and put the configuration again."
    return invalid(text)


def bad_next_token() -> ApiError:
    return _error("InvalidNextToken", "The token provided is not valid.")


def cross_zone_off(target_group_arn: str) -> ApiError:
    """ASG-113. (U)"""
    text = (
        f"Cross-zone load balancing is disabled for the target group {target_group_arn}. With zonal shift enabled, the capacity of the "
        "Availability Zones could become imbalanced. To enable it nevertheless, specify SkipZonalShiftValidation."
    )
    return invalid(text)


def not_supported(what: str) -> NotImplementedError:
    """The gateway answers with an AWS-shaped error. A feature that does not exist here is refused, never accepted without effect."""
    return NotImplementedError(f"{what} is not part of this sandbox")
