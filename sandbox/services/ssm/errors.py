"""Systems Manager's errors: code and text, one function for each. Texts are observed (OBS), or ours (U) where AWS's is not known."""

from collections.abc import Iterable

from sandbox.core.errors import ApiError


def not_valid_instances(instance_ids: Iterable[str], account: str) -> ApiError:
    """SSM-2. (OBS)"""
    return ApiError("InvalidInstanceId", f"Instances [[{', '.join(instance_ids)}]] not in a valid state for account {account}")


def duplicate_instances() -> ApiError:
    return ApiError("DuplicateInstanceId", "You can't specify an instance ID in more than one place.")  # (U)


def instances_or_targets() -> ApiError:
    return ApiError("InvalidInstanceId", "Specify either InstanceIds or Targets, and not both.")  # (U)


def unknown_target_key(key: str) -> ApiError:
    return ApiError("ValidationException", f"The target key {key} is not supported here. Use InstanceIds, tag-key or tag:<key>.")  # (U)


def invalid_document(name: str) -> ApiError:
    return ApiError("InvalidDocument", f"Document with name {name} does not exist.")


def absent_document(name: str, offered: Iterable[str]) -> ApiError:
    text = f"The sandbox does not have AWS's document {name}. It has {', '.join(offered)}, and the documents that you create."
    return ApiError("InvalidDocument", text)


def unsupported_document(name: str, why: str) -> ApiError:
    return ApiError("InvalidDocument", f"The sandbox cannot run the document {name}: {why}")


def invalid_version(name: str, version: str) -> ApiError:
    return ApiError("InvalidDocumentVersion", f"Document {name} does not have the version {version}.")  # (U)


def invalid_parameters(text: str) -> ApiError:
    return ApiError("InvalidParameters", text)  # (U)


def invalid_command(command_id: str) -> ApiError:
    return ApiError("InvalidCommandId", f"There is no command with the id {command_id} in this account and Region.")  # (U)


def no_invocation() -> ApiError:
    """SSM-6."""
    return ApiError("InvocationDoesNotExist", "")


def invalid_plugin(name: str) -> ApiError:
    return ApiError("InvalidPluginName", f"The command has no step with the name {name}.")  # (U)


def several_plugins(names: Iterable[str]) -> ApiError:
    return ApiError("InvalidPluginName", f"The document has several steps. Give one as PluginName: {', '.join(names)}.")  # (U)


def invalid_filter_key(key: str) -> ApiError:
    return ApiError("InvalidFilterKey", f"The filter key {key} is not valid for this operation.")  # (U)


def invalid_filter_value(key: str, value: str) -> ApiError:
    return ApiError("InvalidInstanceInformationFilterValue", f"The value {value} of the filter {key} is not valid.")  # (U)


def invalid_token(token: str) -> ApiError:
    return ApiError("InvalidNextToken", f"The specified token is not valid: {token}")  # (U)


def not_supported(what: str) -> NotImplementedError:
    """The gateway answers with an AWS-shaped error. What the sandbox cannot do is refused by its name, never passed over."""
    return NotImplementedError(f"{what} is not part of this sandbox")


def no_sessions(instance_id: str, why: str) -> NotImplementedError:
    """SSM-10."""
    run = f"`aws ssm send-command --instance-ids {instance_id} --document-name AWS-RunShellScript`"
    return NotImplementedError(f"Session Manager is not part of this sandbox: {why}. {run} runs a command")


def no_session_document(name: str, instance_id: str, offered: Iterable[str]) -> ApiError:
    """SSM-11."""
    instead = (
        f"`sandbox ssh {instance_id} -- <command>` runs a command in a terminal" if "Command" in name else f"`sandbox ssh {instance_id}`"
    )
    return ApiError("InvalidDocument", f"The sandbox has no session document {name}. It has {', '.join(offered)}. See also: {instead}.")


def too_many_sessions(most: int) -> ApiError:
    """Ours: AWS publishes no such quota."""
    text = f"The sandbox has {most} active sessions and starts no more. End one: aws ssm terminate-session --session-id <id>"
    return ApiError("ServiceQuotaExceededException", text)


def unknown_session(session_id: str) -> ApiError:
    return ApiError("DoesNotExistException", f"There is no session with the id {session_id} in this account and Region.")  # (U)


def not_connected(instance_id: str) -> ApiError:
    return ApiError("TargetNotConnected", f"{instance_id} is not connected.")  # (OBS)


def too_long() -> ApiError:
    return ApiError("MaxDocumentSizeExceeded", "The size limit of a document is 64 KB.")


def bad_limit(name: str, value: str, pattern: str) -> ApiError:
    """The framework's text."""
    text = f"Value '{value}' at '{name}' failed to satisfy constraint: Member must satisfy regular expression pattern: ^{pattern}$"
    return ApiError("ValidationException", f"1 validation error detected: {text}")
