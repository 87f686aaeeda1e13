"""The errors of the SNS API: code and text as AWS returns them (SNS-5). The HTTP status comes from the service's model.

The texts stand in one file so that they can be compared. A text that we wrote ourselves is marked (U): unverified.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sandbox.core.errors import ApiError

R = TypeVar("R")


class BadParameter(ValueError):
    """What is wrong with a parameter, in SNS's words after `Invalid parameter: `. `checked` converts it to AWS's error."""


def _error(code: str, text: str) -> ApiError:
    return ApiError(code, text)


def invalid(what: str) -> ApiError:
    """`what` follows `Invalid parameter: `."""
    return _error("InvalidParameter", f"Invalid parameter: {what}")


def invalid_value(text: str) -> ApiError:
    return _error("ParameterValueInvalid", text)


def missing_member(path: str) -> ApiError:
    """`path`: of a required member, as AWS spells it: "tags.1.member.key"."""
    text = f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
    return _error("ValidationError", f"1 validation error detected: {text}")


def no_topic() -> ApiError:
    return _error("NotFound", "Topic does not exist")


def no_subscription() -> ApiError:
    return _error("NotFound", "Subscription does not exist")


def wrong_next_token() -> ApiError:
    return invalid("NextToken")


def unknown_protocol(protocol: str) -> ApiError:
    return invalid(f"Amazon SNS does not support this protocol string: {protocol}")


def other_attributes() -> ApiError:
    return invalid("Attributes Reason: Topic already exists with different attributes")


def other_tags() -> ApiError:
    return invalid("Tags Reason: Topic already exists with different tags")


def duplicate_tags() -> ApiError:
    return invalid("Duplicated keys are not allowed.")


def other_subscription() -> ApiError:
    return invalid("Attributes Reason: Subscription already exists with different attributes")


def unknown_token() -> ApiError:
    return invalid("Token")


def malformed_token() -> ApiError:
    return _error("InvalidParameter", "Invalid token")


def still_pending() -> ApiError:
    """Terraform's provider matches this text: it then leaves the subscription to its topic."""
    return invalid("SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation")


def authentication_needed() -> ApiError:
    return _error(
        "AuthorizationError", "User is not authorized to perform: SNS:Unsubscribe: the subscription requires a signed request"
    )  # (U)


def no_endpoint() -> ApiError:
    return invalid("TargetArn Reason: No endpoint found for the target arn specified")


def endpoint_disabled() -> ApiError:
    return _error("EndpointDisabled", "Endpoint is disabled")


def no_subscribed_endpoint(arn: str) -> ApiError:
    return invalid(f"Endpoint Reason: Endpoint does not exist for endpoint arn{arn}")  # without a space, as AWS answers


def no_target() -> ApiError:
    return invalid("TopicArn or TargetArn Reason: no value for required parameter")


def bad_phone(number: str) -> ApiError:
    return invalid(f"PhoneNumber Reason: {number} is not valid to publish to")


def bad_sms_endpoint(endpoint: str) -> ApiError:
    return _error("InvalidParameter", f"Invalid SMS endpoint: {endpoint}")


def empty_batch() -> ApiError:
    return _error("EmptyBatchRequest", "The batch request doesn't contain any entries.")


def batch_too_long() -> ApiError:
    return _error("BatchRequestTooLong", "The length of all the messages put together is more than the limit.")


def bad_batch_id(entry_id: str) -> ApiError:
    return _error("InvalidBatchEntryId", f"The Id of a batch entry in the batch request contains an impermissible character: {entry_id}")


def long_batch_id(entry_id: str) -> ApiError:
    return _error("InvalidBatchEntryId", f"The Id of a batch entry in the batch request is too long: {entry_id}")


def checked(check: Callable[..., R], *arguments: Any) -> R:
    """Calls a validation function of api/validation/. Raises InvalidParameter when it raises BadParameter."""
    try:
        return check(*arguments)
    except BadParameter as error:
        raise invalid(str(error)) from None
