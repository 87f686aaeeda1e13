"""What scenarios are written with: say, step, fault, wait_until, expect, verdict. Live or in virtual time, by the client they are given.

Every step prints the `aws` command that it equals and runs it by boto3. Times are told in both clocks: the sandbox's, and the seconds since
the scenario began. Nothing waits without a limit, and what was waited for in vain is named.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.client import SandboxClient, UserError
from sandbox.traffic.plan import Plan, Stream
from scenarios.kit.command import aws_command, wrapped

T = TypeVar("T")

EVERY = timedelta(seconds=1)  # of sandbox time: how often a condition is looked at
REAL_PAUSE = 0.2  # seconds between two looks, at least
REAL_PATIENCE = 45.0  # seconds: what this machine's own work (containers, processes) may take however fast the clock runs


class NotReached(UserError):
    """A condition did not come about in its time."""


class StepRefused(UserError):
    """AWS's API refused a step that should have been possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call that was made: what `Stage.steps` remembers."""

    command: str
    answer: dict[str, Any]
    error_code: str | None = None  # None: it succeeded
    error_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    sentence: str
    held: bool
    seen: str


@dataclass
class Stage:
    client: SandboxClient
    out: Callable[[str], None] = print
    options: Mapping[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    findings: dict[str, bool] = field(default_factory=dict)  # rule → whether it showed itself
    _began: float = field(default_factory=time.monotonic)

    # ---- telling ---------------------------------------------------------------------------------------------------------------------

    def chapter(self, title: str) -> None:
        self.out(f"\n== {title}")

    def say(self, text: str) -> None:
        self.out(wrapped(text, indent="   "))

    def stamped(self, text: str, moment: datetime | None = None) -> None:
        """With both clocks: sandbox time, seconds since the scenario began."""
        self.out(f"   [{(moment or self.client.now()):%H:%M:%S} | {time.monotonic() - self._began:6.1f} s]  {text}")

    def table(self, rows: Sequence[Sequence[str]], indent: str = "   ") -> None:
        widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))] if rows else []
        for row in rows:
            self.out((indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip())

    # ---- doing -----------------------------------------------------------------------------------------------------------------------

    def step(self, service: str, operation: str, shown: Mapping[str, str] | None = None, **parameters: Any) -> dict[str, Any]:
        """Prints the command, carries it out, and gives the answer. Raises StepRefused with AWS's own words."""
        step = self.attempt(service, operation, shown, **parameters)
        if step.error_code:
            raise StepRefused(f"{service} {operation} was refused: {step.error_code}: {step.error_message}", "sandbox events")
        return step.answer

    def attempt(self, service: str, operation: str, shown: Mapping[str, str] | None = None, **parameters: Any) -> Step:
        """As `step`, but a refusal is a result too."""
        command = aws_command(service, operation, parameters, shown)
        self.out("\n".join("   " + ("$ " if n == 0 else "  ") + line for n, line in enumerate(command.split("\n"))))
        step = self._call(service, operation, command, parameters)
        if step.error_code:
            called = "".join(part.capitalize() for part in operation.split("_"))
            self.out(f"     An error occurred ({step.error_code}) when calling the {called} operation: {step.error_message}")
        self.steps.append(step)
        return step

    def ask(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """A read that is not part of the story: nothing is printed. Raises StepRefused."""
        step = self._call(service, operation, operation, parameters)
        if step.error_code:
            raise StepRefused(f"{service} {operation} was refused: {step.error_code}: {step.error_message}", "sandbox events")
        return step.answer

    def quietly(self, service: str, operation: str, **parameters: Any) -> Step:
        """For clearing up: nothing is printed, a refusal is a result."""
        return self._call(service, operation, operation, parameters)

    def _call(self, service: str, operation: str, command: str, parameters: Mapping[str, Any]) -> Step:
        try:
            answer = getattr(self.client.aws(service), operation)(**parameters)
        except ClientError as error:
            told = error.response["Error"]
            return Step(command=command, answer={}, error_code=told.get("Code", "?"), error_message=told.get("Message", ""))
        except BotoCoreError as error:
            raise UserError(f"{service} {operation}: {error}", "sandbox status") from error
        return Step(command=command, answer=answer)

    def fault(self, text: str, **parameters: Any) -> datetime:
        """Marks the moment of a failure. → sandbox time."""
        now = self.client.now()
        self.stamped(f"FAULT: {text}", now)
        return now

    def traffic(self, plan: Plan) -> Stream:
        self.stamped(f"client traffic: {plan.rate:g} requests a second to {plan.url}, each waits {_span(plan.patience)} for its answer")
        return self.client.traffic(plan)

    # ---- waiting and judging -----------------------------------------------------------------------------------------------------------

    def wait_until(self, what: str, condition: Callable[[], T | None], at_most: timedelta, every: timedelta = EVERY) -> T:
        """The condition's first true value. NotReached after `at_most` of sandbox time, and some real time for this machine's own work."""
        deadline, real_deadline = self.client.now() + at_most, time.monotonic() + REAL_PATIENCE
        while not (found := condition()):
            late = self.client.now() >= deadline
            if late and (self.client.virtual or time.monotonic() >= real_deadline):
                raise NotReached(f"Waited {_span(at_most)} of sandbox time in vain until {what}.", "sandbox events")
            pause = every if self.client.virtual else max(every, timedelta(seconds=REAL_PAUSE * self.client.speed))
            self.client.wait(pause)
        self.stamped(what)
        return found

    def expect(self, sentence: str, held: bool, seen: str) -> bool:
        """Notes whether it was so; the verdict tells all of them."""
        self.checks.append(Check(sentence=sentence, held=held, seen=seen))
        return held

    def finding(self, rule: str, sentence: str, held: bool, seen: str) -> bool:
        """Tells at once whether a rule shows itself here; the caller decides what it means for the verdict."""
        self.out(wrapped(f"{'!' if held else '?'} {rule}{'' if held else ' (not so here)'}: {sentence} Seen: {seen}", indent="   "))
        self.findings[rule] = held
        return held

    def verdict(self, well: str, ill: str) -> bool:
        """Prints what was expected and seen, and the sentence. True when all of it held."""
        held = all(check.held for check in self.checks)
        self.out("")
        self.table([("ok" if c.held else "NOT", c.sentence, c.seen) for c in self.checks])
        self.out(f"\n   VERDICT: {well if held else ill}")
        return held


def _span(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"
