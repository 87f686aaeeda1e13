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
