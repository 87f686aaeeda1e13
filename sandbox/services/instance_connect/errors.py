"""EC2 Instance Connect's errors: code and text, one function for each. AWS documents no texts: they are ours (U)."""

from sandbox.core.errors import ApiError


def invalid(text: str) -> ApiError:
    return ApiError("InvalidArgsException", text)


def invalid_member(name: str, value: str, constraint: str) -> ApiError:
    """The framework's text (OBS)."""
    return invalid(f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {constraint}")


def invalid_key() -> ApiError:
    return invalid("Invalid input parameter received: the SSH public key is not valid.")


def unknown_instance(instance_id: str) -> ApiError:
    return ApiError("EC2InstanceNotFoundException", f"The instance {instance_id} was not found.")


def wrong_zone(instance_id: str, zone: str) -> ApiError:
    return invalid(f"The instance {instance_id} is not in the Availability Zone {zone}.")


def wrong_user(user: str, users: tuple[str, ...]) -> ApiError:
    return invalid(f"The machines of the sandbox have no user {user} for logins. Use {' or '.join(users)}.")


def not_running(instance_id: str) -> ApiError:
    return ApiError("EC2InstanceStateInvalidException", f"The instance {instance_id} is not running.")


def unavailable(instance_id: str, why: str) -> ApiError:
    return ApiError("EC2InstanceUnavailableException", f"The instance {instance_id} is currently unavailable: {why}")


def no_server(runtime: str, instance_id: str) -> NotImplementedError:
    """EIC-4. The gateway answers with an AWS-shaped error."""
    return NotImplementedError(f"instances of the {runtime} runtime have no SSH server; use `sandbox ssh {instance_id}`")


def no_serial_console() -> NotImplementedError:
    return NotImplementedError("machines of the sandbox have no serial console")
