"""The vocabulary of scenarios: say, step, fault, wait_until, expect, verdict. Runs live or in virtual time, depending on the client.

Each step prints the equivalent `aws` command and runs it with boto3. Log lines show both clocks: sandbox time, and real seconds since the
scenario started. Every wait has a timeout, and a timeout names the condition that was not met.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.client import SandboxApiError, SandboxClient, UserError
from sandbox.traffic.plan import Plan
from sandbox.traffic.records import Stream
from scenarios.kit.command import aws_command, wrapped

T = TypeVar("T")

POLL_INTERVAL = timedelta(seconds=1)  # sandbox time between two checks of a condition
MIN_REAL_INTERVAL = 0.2  # real seconds between two checks, at least
REAL_GRACE = 45.0  # real seconds: this machine's own work (containers, processes) does not get faster with the clock


ENDED = 404  # the status of a fault that is no longer in force


class WaitTimeout(UserError):
    """A condition was not met in time."""


class StepFailed(UserError):
    """The AWS API returned an error for a step that should succeed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One API call. `Stage.steps` records them."""

    command: str
    answer: dict[str, Any]
    error_code: str | None = None  # None: it succeeded
    error_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition of the verdict."""

    sentence: str
    passed: bool
    observed: str


@dataclass
class Stage:
    client: SandboxClient
    out: Callable[[str], None] = print
    options: Mapping[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    findings: dict[str, bool] = field(default_factory=dict)  # rule id → whether the run confirmed it
    faults: list[str] = field(default_factory=list)  # ids of announced faults in force
    _started: float = field(default_factory=time.monotonic)

    # ---- output ----------------------------------------------------------------------------------------------------------------------

    def chapter(self, title: str) -> None:
        self.out(f"\n== {title}")

    def say(self, text: str) -> None:
        self.out(wrapped(text, indent="   "))

    def log(self, text: str, moment: datetime | None = None) -> None:
        """Prints a line with both clocks: sandbox time, and real seconds since the scenario started."""
        self.out(f"   [{(moment or self.client.now()):%H:%M:%S} | {time.monotonic() - self._started:6.1f} s]  {text}")

    def table(self, rows: Sequence[Sequence[str]], indent: str = "   ") -> None:
        widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))] if rows else []
        for row in rows:
            self.out((indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip())

    # ---- actions ---------------------------------------------------------------------------------------------------------------------

    def step(self, service: str, operation: str, shown: Mapping[str, str] | None = None, **parameters: Any) -> dict[str, Any]:
        """Prints the command, makes the call and returns the response. Raises StepFailed with the error message of AWS.

        `shown` replaces parameter values in the printed command.
        """
        step = self.attempt(service, operation, shown, **parameters)
        if step.error_code:
            raise _failed(service, operation, step)
        return step.answer

    def attempt(self, service: str, operation: str, shown: Mapping[str, str] | None = None, **parameters: Any) -> Step:
        """Like `step`, but returns an API error as a result."""
        command = aws_command(service, operation, parameters, shown)
        self.out("\n".join("   " + ("$ " if n == 0 else "  ") + line for n, line in enumerate(command.split("\n"))))
        step = self._call(service, operation, command, parameters)
        if step.error_code:
            called = "".join(part.capitalize() for part in operation.split("_"))
            self.out(f"     An error occurred ({step.error_code}) when calling the {called} operation: {step.error_message}")
        self.steps.append(step)
        return step

    def query(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """A call that is not part of the scenario's steps; prints nothing. Raises StepFailed."""
        step = self._call(service, operation, operation, parameters)
        if step.error_code:
            raise _failed(service, operation, step)
        return step.answer

    def try_silently(self, service: str, operation: str, **parameters: Any) -> Step:
        """For clean-up: prints nothing and returns an API error as a result."""
        return self._call(service, operation, operation, parameters)

    def _call(self, service: str, operation: str, command: str, parameters: Mapping[str, Any]) -> Step:
        try:
            answer = getattr(self.client.aws(service), operation)(**parameters)
        except ClientError as error:
            body = error.response["Error"]
            return Step(command=command, answer={}, error_code=body.get("Code", "?"), error_message=body.get("Message", ""))
        except BotoCoreError as error:
            raise UserError(f"{service} {operation}: {error}", "sandbox status") from error
        return Step(command=command, answer=answer)

    def fault(self, text: str, *targets: str) -> datetime:
        """Announces a failure that the next step causes, logs its start, and returns its sandbox time."""
        now = self.client.now()
        self.faults.append(self.client.post("faults", {"summary": text, "targets": list(targets)})["id"])
        self.log(f"FAULT: {text}", now)
        return now

    def end_faults(self) -> None:
        """Clears the faults that this scenario announced and has not cleared."""
        while self.faults:
            self.end_fault(self.faults[-1])

    def end_fault(self, fault_id: str) -> None:
        """Clears it, if it has not ended by itself: after its duration, or with its target."""
        try:
            self.client.post("faults/clear", {"id": fault_id})
        except SandboxApiError as error:
            if error.status_code != ENDED:
                raise
        self.faults.remove(fault_id)

    def traffic(self, plan: Plan) -> Stream:
        self.log(f"client traffic: {plan.rate:g} requests per second to {plan.url}, request timeout {_span(plan.timeout)}")
        return self.client.traffic(plan)

    # ---- waiting and verdict ---------------------------------------------------------------------------------------------------------

    def wait_until(self, what: str, condition: Callable[[], T | None], timeout: timedelta, every: timedelta = POLL_INTERVAL) -> T:
        """Returns the condition's first true value. Raises WaitTimeout after `timeout` of sandbox time, plus real time for this machine."""
        deadline, real_deadline = self.client.now() + timeout, time.monotonic() + REAL_GRACE
        while not (found := condition()):
            late = self.client.now() >= deadline
            if late and (self.client.virtual or time.monotonic() >= real_deadline):
                raise WaitTimeout(f"Timed out after {_span(timeout)} of sandbox time. Still waiting for: {what}.", "sandbox events")
            pause = every if self.client.virtual else max(every, timedelta(seconds=MIN_REAL_INTERVAL * self.client.speed))
            self.client.wait(pause)
        self.log(what)
        return found

    def expect(self, sentence: str, passed: bool, observed: str) -> bool:
        """Records a check for the verdict."""
        self.checks.append(Check(sentence=sentence, passed=passed, observed=observed))
        return passed

    def finding(self, rule: str, sentence: str, confirmed: bool, observed: str) -> bool:
        """Prints whether this run confirms a rule. It is not part of the verdict unless the caller checks `findings`."""
        mark, note = ("!", "") if confirmed else ("?", " (not confirmed)")
        self.out(wrapped(f"{mark} {rule}{note}: {sentence} Observed: {observed}", indent="   "))
        self.findings[rule] = confirmed
        return confirmed

    def verdict(self, passed: str, failed: str) -> bool:
        """Prints every check and one of the two sentences. Returns True when all checks passed."""
        all_passed = all(check.passed for check in self.checks)
        self.out("")
        self.table([("ok" if c.passed else "FAILED", c.sentence, c.observed) for c in self.checks])
        self.out(f"\n   VERDICT: {f'passed. {passed}' if all_passed else f'failed. {failed}'}")
        return all_passed


def _failed(service: str, operation: str, step: Step) -> StepFailed:
    return StepFailed(f"{service} {operation} failed: {step.error_code}: {step.error_message}", "sandbox events")


def _span(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"
