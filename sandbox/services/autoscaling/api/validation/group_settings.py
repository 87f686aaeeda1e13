"""Validation of the names of processes (ASG-95) and metrics (ASG-118)."""

from collections.abc import Sequence

from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.decide.metrics import METRICS
from sandbox.services.autoscaling.model import Process


def metrics(names: Sequence[str]) -> Sequence[str]:
    """All of them when none is named."""
    if unknown := [name for name in names if name not in METRICS]:
        raise errors.invalid(f"Invalid metric: {unknown[0]}. Valid metrics are: {', '.join(METRICS)}.")  # (U)
    return names or METRICS


def processes(names: list[str]) -> list[Process]:
    """All of them when none is named (ASG-95)."""
    known = {process.value: process for process in Process}
    if unknown := [name for name in names if name not in known]:
        raise errors.invalid(f"Invalid process type: {unknown[0]}. Valid types are: {', '.join(known)}.")
    return [known[name] for name in names or known]
