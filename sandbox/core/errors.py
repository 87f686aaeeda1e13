"""Errors, typed by what happens next.

SandboxError              says what was tried, on what, and the next command
├── Retry                 the loop looks again after `after`
├── Misconfigured         the loop waits for a change; trying again alone cannot help
├── DriverUnavailable     the world behind a driver does not answer (Docker stopped, Envoy gone): retried with backoff
├── IllegalTransition     a state machine was asked for a move that is not in its table: a bug
├── UserError             shown to the person at the terminal as it is
└── ApiError              returned to the caller of the AWS API, in the caller's protocol; services/<svc>/errors.py makes them
"""

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
    """`message` is one sentence; `next_command` is what to type now."""

    def __init__(self, message: str, next_command: str | None = None) -> None:
        super().__init__(message if next_command is None else f"{message}\n  next: {next_command}")
        self.message, self.next_command = message, next_command


class ApiError(SandboxError):
    """An error of the AWS API: `code` and `message` as the client sees them. moto raises ServiceExceptions for the same purpose.

    `status`: the HTTP status; None: the one that the service's model gives the code, or 400. 501 is what the sandbox does not support."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status
