"""The errors of the SQS API: code and text as AWS returns them (SQS-1). A text that we wrote ourselves is marked (U): unverified."""

from sandbox.core.errors import ApiError


def unknown_attribute(name: str) -> ApiError:
    return ApiError("InvalidAttributeName", f"Unknown Attribute {name}.")


def only_of_fifo(name: str) -> ApiError:
    return ApiError("InvalidAttributeName", f"You can specify the {name} only when FifoQueue is set to true.")


def invalid_attribute(name: str, reason: str = "") -> ApiError:
    return ApiError("InvalidAttributeValue", f"Invalid value for the parameter {name}." + (f" Reason: {reason}" if reason else ""))


def invalid_value(value: object, name: str, reason: str) -> ApiError:
    return ApiError("InvalidParameterValue", f"Value {value} for parameter {name} is invalid. Reason: {reason}")


def already_exists(attribute: str) -> ApiError:
    return ApiError("QueueAlreadyExists", f"A queue already exists with the same name and a different value for attribute {attribute}")


def no_content_based_deduplication() -> ApiError:
    text = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    return ApiError("InvalidParameterValue", text)


def too_many_entries(count: int) -> ApiError:
    text = f"Maximum number of entries per request are 10. You have sent {count}."
    return ApiError("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", text)


def bad_entry_id() -> ApiError:
    text = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    return ApiError("AWS.SimpleQueueService.InvalidBatchEntryId", text)


def repeated_entry_id(entry_id: str) -> ApiError:
    return ApiError("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", f"Id {entry_id} repeated.")


def empty_message_attribute(name: str, kind: str) -> ApiError:
    return ApiError("InvalidParameterValue", f"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'.")
