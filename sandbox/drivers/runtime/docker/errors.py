"""What the Docker engine's refusals and silences are for the sandbox: DockerApiError (it refused, with its reason) and DriverUnavailable
(it does not answer; retry).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3
from docker.errors import APIError, DockerException

from sandbox.core.errors import DriverUnavailable, SandboxError


class DockerApiError(SandboxError):
    """Docker refused a call; `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def translated() -> Iterator[None]:
    """Raises the sandbox's errors instead of the SDK's.

    OSError includes the exceptions of requests. The socket filter answers 502 when the engine behind it does not answer.
    """
    try:
        yield
    except APIError as error:
        status = error.response.status_code if error.response is not None else 500
        text = str(error.explanation or error).strip()
        if status in (502, 503):
            raise DriverUnavailable(f"Docker does not answer: {text}") from error
        raise DockerApiError(text, status) from error
    except (OSError, DockerException, urllib3.exceptions.HTTPError) as error:
        raise DriverUnavailable(f"Docker does not answer: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """The operating system's message: the SDK, requests and urllib3 wrap the exception several times."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    inner = error.__cause__ or next((part for part in error.args if isinstance(part, BaseException)), None)
    return reason(inner) if inner else str(error)
