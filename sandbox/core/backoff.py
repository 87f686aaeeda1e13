"""Exponential backoff for the sandbox's own retries.

Used by the engine (a controller's key), the drivers' workers, Docker's event stream and Envoy's restarts. The retry policy of SNS
(services/sns) and the launch delays of Auto Scaling are AWS's behaviour and are implemented there.
"""

from datetime import timedelta
from typing import TypeVar

Duration = TypeVar("Duration", float, timedelta)

_MOST_DOUBLINGS = 16  # limits the power, however many failures there are


def backoff(failures: int, *, first: Duration, longest: Duration) -> Duration:
    """Doubles with each failure in a row: `first` after one, never more than `longest`. `failures` is at least 1."""
    factor: int = 2 ** min(failures - 1, _MOST_DOUBLINGS)
    return min(first * factor, longest)
