"""SNS's errors to users of the API: code and text as AWS gives them (SNS-5). The HTTP status comes from the service's model.

Kept apart so that the texts can be read next to each other. (U): the text is ours.
"""

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.sns.exceptions import SNSException, SNSInvalidParameter, SNSNotFoundError, TopicNotFound


def _error(code: str, text: str) -> Exception:
    error: Exception = SNSException(text)
    error.code = code  # type: ignore[attr-defined]
    return error


def invalid(what: str) -> Exception:
    """`what` follows `Invalid parameter: `."""
    error: Exception = SNSInvalidParameter(f"Invalid parameter: {what}")
    return error


def invalid_value(text: str) -> Exception:
    return _error("ParameterValueInvalid", text)


def no_topic() -> Exception:
    error: Exception = TopicNotFound()
    return error


def no_subscription() -> Exception:
    error: Exception = SNSNotFoundError("Subscription does not exist")
    return error


def bad_arn(parameter: str, arn: str) -> Exception:
    return invalid(f"{parameter} Reason: An ARN must have at least 6 elements, not {len(arn.split(':'))}")


def wrong_next_token() -> Exception:
    return invalid("NextToken")


def unknown_protocol(protocol: str) -> Exception:
    return invalid(f"Amazon SNS does not support this protocol string: {protocol}")


def other_attributes() -> Exception:
    return invalid("Attributes Reason: Topic already exists with different attributes")


def other_tags() -> Exception:
    return invalid("Tags Reason: Topic already exists with different tags")


def other_subscription() -> Exception:
    return invalid("Attributes Reason: Subscription already exists with different attributes")


def unknown_token() -> Exception:
    return invalid("Token")


def malformed_token() -> Exception:
    error: Exception = SNSInvalidParameter("Invalid token")
    return error


def still_pending() -> Exception:
    return invalid("SubscriptionArn Reason: the subscription is pending confirmation, so it cannot be deleted")  # SNS-3; (U)


def authentication_needed() -> Exception:
    return _error(
        "AuthorizationError", "User is not authorized to perform: SNS:Unsubscribe: the subscription wants a signed request"
    )  # (U)


def no_endpoint() -> Exception:
    return invalid("TargetArn Reason: No endpoint found for the target arn specified")


def no_target() -> Exception:
    return invalid("TopicArn or TargetArn Reason: no value for required parameter")


def bad_phone(number: str) -> Exception:
    return invalid(f"PhoneNumber Reason: {number} is not valid to publish to")


def empty_batch() -> Exception:
    return _error("EmptyBatchRequest", "The batch request doesn't contain any entries.")


def batch_too_long() -> Exception:
    return _error("BatchRequestTooLong", "The length of all the messages put together is more than the limit.")


def bad_batch_id() -> Exception:
    return _error("InvalidBatchEntryId", "The Id of a batch entry in the request doesn't abide by the specification.")
