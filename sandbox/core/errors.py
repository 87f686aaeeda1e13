"""Errors, one type for each way to handle them.

SandboxError              the message says what was tried, on what, and the next command
├── Retry                 the controller tries again after `after`
├── Misconfigured         the controller waits for a change, because a retry alone cannot succeed
├── DriverUnavailable     the system behind a driver does not respond (Docker stopped, Envoy exited): retried with backoff
├── IllegalTransition     a transition that is not in the state machine's table was attempted: a bug
├── UserError             shown unchanged in the terminal
└── ApiError              returned to the caller of the AWS API, in the caller's protocol; created by services/<svc>/errors.py
"""

from collections.abc import Mapping
from datetime import timedelta


class SandboxError(Exception):
    """Base of all errors that the sandbox raises on purpose."""


class Retry(SandboxError):
    def __init__(self, message: str, after: timedelta) -> None:
        super().__init__(message)
        self.after = after


class Misconfigured(SandboxError):
    pass


class DriverUnavailable(SandboxError):
    pass


class IllegalTransition(SandboxError):
    def __init__(self, subject: str, state: object, event: object) -> None:
        super().__init__(f"{subject}: no transition from {state} by {event}")


class UserError(SandboxError):
    """`message` is one sentence; `next_command` is the command to type next."""

    def __init__(self, message: str, next_command: str | None = None) -> None:
        super().__init__(message if next_command is None else f"{message}\n  next: {next_command}")
        self.message, self.next_command = message, next_command


class ApiError(SandboxError):
    """An error of the AWS API, with the `code` and `message` that the client sees. moto raises ServiceExceptions for the same purpose.

    `status`: the HTTP status; None: the one of the code in the service's model, or 400. 501 means that the sandbox does not support it.
    `members`: what the error's shape has besides its message, in the REST JSON protocol (`reason` of ARC's)."""

    def __init__(self, code: str, message: str, status: int | None = None, members: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.members = code, message, status, dict(members or {})
