"""The text of an error, as the history of an alarm shows it."""

from botocore.exceptions import ClientError

from sandbox.core.errors import ApiError


def error_text(error: Exception) -> str:
    """What the AWS API or the service answered; the exception's own text where it is neither."""
    if isinstance(error, ClientError):
        answer = error.response["Error"]
        return str(answer.get("Message") or answer.get("Code"))
    return error.message if isinstance(error, ApiError) else str(error)
