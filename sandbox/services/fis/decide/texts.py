"""Reasons of states (FIS-8). (OBS): observed; the others are ours (U)."""

from collections.abc import Iterable

INITIATING = "Experiment is initiating."  # (OBS)
RUNNING = "Experiment is running."  # (OBS)
COMPLETED = "Experiment completed."  # (OBS)
STOPPING = "Stopping Experiment."  # (OBS)
STOPPED = "Experiment stopped."
HALTED = "Experiment halted by stop condition."  # (OBS)
HALTED_BY_LEVER = "Experiment halted by the safety lever."
ENGAGED = "Experiment cancelled because the safety lever is engaged."
TOO_LONG = "Experiment halted because it ran for the longest time that is allowed, 12 hours."

ACTION_INITIAL = "Initial state"  # (OBS)
ACTION_RUNNING = ""  # (OBS)
ACTION_COMPLETED = "Action was completed."  # (OBS)
ACTION_CANCELLED = "Action was cancelled."
ACTION_STOPPING = "Stopping action."
ACTION_STOPPED = "Action was halted."
ACTION_SKIPPED = "Action was skipped, because actionsMode is skip-all."
ACTION_SKIPPED_EMPTY = "Action was skipped, because its targets resolved to an empty set."

PLAIN = ("", INITIATING, RUNNING, COMPLETED, STOPPED, ACTION_COMPLETED, ACTION_CANCELLED, ACTION_STOPPING, ACTION_STOPPED)
"""What the state says already."""


def no_targets() -> str:
    return "Target resolution returned empty set."  # (OBS)


def targets_missing(arns: Iterable[str]) -> str:
    return f"Target resolution failed: {', '.join(arns)} does not exist."


def too_many_targets(name: str, count: int, most: int) -> str:
    return f"Target {name} resolved to {count} resources. The quota for targets that are identified by tags is {most}."


def alarm_in_alarm(arn: str) -> str:
    return f"Unable to start the experiment: the alarm of a stop condition is in the ALARM state: {arn}"


def alarm_missing(arn: str) -> str:
    return f"Unable to start the experiment: the alarm of a stop condition does not exist: {arn}"
