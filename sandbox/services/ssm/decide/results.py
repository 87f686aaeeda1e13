"""What the report of a script, or the state of a fault, makes of a step. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.services.ssm.model import EXECUTION_TIMED_OUT, NOT_RUN, STOPPED, InvocationStatus, StepRun

LONGEST_STDOUT, LONGEST_STDERR, LONGEST_OUTPUT = 24_000, 8_000, 2_500
"""Characters (SSM-6): of GetCommandInvocation, and of a plugin in ListCommandInvocations."""
TRUNCATED_STDOUT, TRUNCATED_STDERR = "---Output truncated---", "---Error truncated----"
ERROR_MARK = "\n----------ERROR-------\n"

LOST = "The sandbox was started again while the command ran: its result is not known."


@dataclass(frozen=True, slots=True)
class _How:
    status: InvocationStatus
    details: str
    code: int


def exited(run: StepRun, code: int, stdout: str, stderr: str, now: datetime) -> StepRun:
    """SSM-6: a status other than 0 is told at the end of the error output, too."""
    if code == 0:
        return _ended(run, _How(InvocationStatus.SUCCESS, "Success", 0), now, stdout, stderr)
    told = f"{stderr}failed to run commands: exit status {code}"
    return _ended(run, _How(InvocationStatus.FAILED, "Failed", code), now, stdout, told)


def failed(run: StepRun, why: str, now: datetime, stdout: str = "") -> StepRun:
    return _ended(run, _How(InvocationStatus.FAILED, "Failed", NOT_RUN), now, stdout, why)


def timed_out(run: StepRun, stdout: str, stderr: str, now: datetime) -> StepRun:
    return _ended(run, _How(InvocationStatus.TIMED_OUT, EXECUTION_TIMED_OUT, STOPPED), now, stdout, stderr)


def canceled(run: StepRun, stdout: str, stderr: str, now: datetime) -> StepRun:
    return _ended(run, _How(InvocationStatus.CANCELLED, "Cancelled", STOPPED), now, stdout, stderr)


def of_fault(run: StepRun, length: timedelta, *, active: bool, now: datetime) -> StepRun | None:
    """None: it lasts."""
    assert run.started is not None
    if now >= run.started + length:
        return exited(run, 0, "", "", now)
    return None if active else failed(run, f"{run.fault} ended before its duration was over.", now)


def output(run: StepRun) -> str:
    """Both streams, as a plugin shows them in ListCommandInvocations."""
    text = run.stdout + (ERROR_MARK + run.stderr if run.stderr else "")
    return _cut(text, LONGEST_OUTPUT, TRUNCATED_STDOUT)


def _ended(run: StepRun, how: _How, now: datetime, stdout: str, stderr: str) -> StepRun:
    return replace(
        run,
        status=how.status,
        details=how.details,
        code=how.code,
        ended=now,
        stdout=_cut(stdout, LONGEST_STDOUT, TRUNCATED_STDOUT),
        stderr=_cut(stderr, LONGEST_STDERR, TRUNCATED_STDERR),
    )


def _cut(text: str, longest: int, mark: str) -> str:
    return text if len(text) <= longest else text[: longest - len(mark)] + mark
