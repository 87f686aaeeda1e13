"""EC2's errors to users of the API: code and text as AWS gives them, all HTTP 400 (EC2-14).

Raised by this folder's backend, responses and addresses; kept apart so that the texts can be read next to each other.
"""

from sandbox.core.errors import ApiError


def _error(code: str, text: str) -> ApiError:
    return ApiError(code, text)


def unknown_filter(name: str) -> ApiError:
    return _error("InvalidParameterValue", f"The filter '{name}' is invalid")


def malformed_id(instance_id: str) -> ApiError:
    return _error("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')  # EC2-14


def cannot_be_started(instance_id: str) -> ApiError:
    text = f"The instance '{instance_id}' is not in a state from which it can be started."  # EC2-14
    return _error("IncorrectInstanceState", text)


def cannot_be_stopped(instance_id: str) -> ApiError:
    text = f"This instance '{instance_id}' is not in a state from which it can be stopped."  # EC2-14
    return _error("IncorrectInstanceState", text)


def cannot_be_rebooted(instance_id: str) -> ApiError:
    """The rules know no text for this one; formed like the other two (U)."""
    text = f"The instance '{instance_id}' is not in a state from which it can be rebooted."
    return _error("IncorrectInstanceState", text)


def not_stopped(instance_id: str) -> ApiError:
    return _error("IncorrectInstanceState", f"The instance '{instance_id}' is not in the 'stopped' state.")  # UD-11


def protected(instance_id: str) -> ApiError:
    text = (
        f"The instance '{instance_id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."  # EC2-8
    )
    return _error("OperationNotPermitted", text)


def stop_protected(instance_id: str) -> ApiError:
    text = f"The instance '{instance_id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
    return _error("OperationNotPermitted", text)


def user_data_too_long(code: str = "InvalidParameterValue") -> ApiError:
    return _error(code, "User data is limited to 16384 bytes")  # UD-1


def no_capacity(sentence: str) -> ApiError:
    return _error("InsufficientInstanceCapacity", sentence)  # EC2-15


def no_memory_left(instance_type: str, memory_mib: int, together: int | None) -> ApiError:
    """The code is EC2-15's, the second sentence is ours: here the capacity is that of this machine."""
    text = f"We currently do not have sufficient {instance_type} capacity. One has a memory limit of {memory_mib} MiB, and all instances"
    return no_capacity(f"{text} of this sandbox have at most {together} MiB (SANDBOX_MACHINE_MEMORY_MIB, SANDBOX_MEMORY_SCALE).")


def vcpu_limit_exceeded(limit: int) -> ApiError:
    text = (  # EC2-15
        f"You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the instance bucket that the specified"
        " instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
    )
    return _error("VcpuLimitExceeded", text)


def no_free_address(subnet_id: str) -> ApiError:
    text = f"There are not enough free addresses in subnet '{subnet_id}' to satisfy the requested number of instances."
    return _error("InsufficientFreeAddressesInSubnet", text)


def overlaps_another_vpc(block: str, subnet_id: str, vpc_id: str) -> ApiError:
    """NET-3. The code is that of a conflict within a VPC; the text is ours."""
    text = f"The CIDR '{block}' conflicts with subnet {subnet_id} of {vpc_id}: instances of all VPCs share one network in this sandbox."
    return _error("InvalidSubnet.Conflict", text)


def overlaps_another_account(block: str) -> ApiError:
    """NET-3. On AWS, each account has networks of its own."""
    text = f"The CIDR '{block}' conflicts with a subnet of another account: instances of all accounts share one network in this sandbox."
    return _error("InvalidSubnet.Conflict", f"{text} Choose another block.")


def address_in_use(address: str) -> ApiError:
    return _error("InvalidIPAddress.InUse", f"Address {address} is in use.")


def address_outside(address: str) -> ApiError:
    return _error("InvalidParameterValue", f"Address {address} does not fall within the subnet's address range")


def malformed_address(address: str) -> ApiError:
    return _error("InvalidParameterValue", f"Value ({address}) for parameter privateIpAddress is invalid. Invalid IPv4 address.")


def address_reserved(address: str) -> ApiError:
    return _error("InvalidParameterValue", f"Address {address} is in subnet's reserved address range")


def token_reused() -> ApiError:
    text = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
    return _error("IdempotentParameterMismatch", text)


def token_of_terminated() -> ApiError:
    text = "The client token you have provided is associated with a terminated instance. Please use a different client token."
    return _error("IdempotentInstanceTerminated", text)


def wrong_counts(minimum: int, maximum: int) -> ApiError:
    if minimum < 1:
        return _error("InvalidParameterValue", f"Value ({minimum}) for parameter minCount is invalid. Minimum count must be at least 1.")
    text = f"Invalid value '{maximum}' for maxCount. Must be greater than or equal to minCount '{minimum}'."
    return _error("InvalidParameterValue", text)


def parameter_missing(name: str) -> ApiError:
    return _error("MissingParameter", f"The request must contain the parameter {name}")


def malformed_image_id(image_id: str) -> ApiError:
    return _error("InvalidAMIID.Malformed", f'Invalid id: "{image_id}" (expecting "ami-...")')


def unknown_group_name(name: str, vpc_id: str) -> ApiError:
    return _error("InvalidGroup.NotFound", f"The security group '{name}' does not exist in default VPC '{vpc_id}'")


def unknown_template_id(template_id: str) -> ApiError:
    text = f"The specified launch template, with template ID {template_id}, does not exist."
    return _error("InvalidLaunchTemplateId.NotFound", text)


def unknown_template_name(name: str) -> ApiError:
    text = f"The specified launch template, with template name {name}, does not exist."
    return _error("InvalidLaunchTemplateName.NotFoundException", text)


def number_of_versions(most: int) -> ApiError:
    return _error("InvalidParameterValue", f"Between 1 and {most} launch template versions can be deleted with one request.")  # (U)


def one_template() -> ApiError:
    return _error("MissingParameter", "You must specify either a launch template ID or a launch template name, but not both.")


def wrong_token() -> ApiError:
    return _error("InvalidNextToken", "The specified NextToken is not valid.")


def wrong_page_size(given: int, least: int, most: int) -> ApiError:
    bound = f"greater than {least}" if given < least else f"less than {most}"
    return _error("InvalidParameterValue", f"Value ( {given} ) for parameter maxResults is invalid. Expecting a value {bound}.")


def dry_run() -> ApiError:
    return ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", status=412)  # EC2-51


def no_pages_of_ids(ids: str) -> ApiError:
    return _error("InvalidParameterCombination", f"The parameter {ids} cannot be used with the parameter maxResults")


def has_dependencies(subnet_id: str) -> ApiError:
    return _error("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")


def unknown_key_pair(name: str) -> ApiError:
    return _error("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


def wrong_value(value: str, parameter: str) -> ApiError:
    return _error("InvalidParameterValue", f"Invalid value '{value}' for {parameter}.")


def wrong_hop_limit(given: int, least: int, most: int) -> ApiError:
    text = f"Value ({given}) for parameter httpPutResponseHopLimit is invalid. Expecting a value from {least} to {most}."  # (U)
    return _error("InvalidParameterValue", text)


def options_of_terminated(instance_id: str) -> ApiError:
    text = f"The instance '{instance_id}' is not in a state from which its metadata options can be modified."  # (U)
    return _error("IncorrectInstanceState", text)


def nothing_to_modify() -> ApiError:
    return _error("InvalidParameterCombination", "No attributes specified.")


def unavailable(sentence: str) -> ApiError:
    return _error("Unavailable", sentence)


def unavailable_image(image_id: str) -> ApiError:
    return _error("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is no longer available")


def foreign_image(image_id: str) -> ApiError:
    return _error("AuthFailure", f"Not authorized for image:{image_id}")


def unknown_images(image_ids: list[str]) -> ApiError:
    listed = ", ".join(image_ids)
    text = f"The image id '[{listed}]' does not exist" if len(image_ids) == 1 else f"The image ids '[{listed}]' do not exist"
    return _error("InvalidAMIID.NotFound", text)


def unknown_alias(parameter: str) -> ApiError:
    return _error("SsmInvalidParameter", f"The following aliases are invalid: {parameter}")  # EC2-61


def alias_of_another_type() -> ApiError:
    text = "Unsupported data type. The following parameter data types are supported: aws:ec2:image"  # EC2-61
    return _error("SsmInvalidParameter", text)


def no_such_instance_event(event_id: str) -> ApiError:
    return _error("InvalidInstanceEventIDNotFound", f"The instance event ID '{event_id}' does not exist")


def wrong_event_start(sentence: str) -> ApiError:
    return _error("InvalidInstanceEventStartTime", sentence)  # EC2-34; the texts are ours (U)
