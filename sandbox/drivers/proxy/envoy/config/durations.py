"""Durations of sandbox time in Envoy's configuration."""

from collections.abc import Callable
from datetime import timedelta

Real = Callable[[timedelta], float]
"""Turns a duration of sandbox time into real seconds (Clock.real)."""


def seconds(value: float) -> str:
    return f"{value:.3f}s"
