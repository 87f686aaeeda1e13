"""Calculates the load: how many CPU-burning requests per second use a given share of three instances. Pure.

CPU utilization is demand divided by capacity: 78 % of three instances is 58 % of four, below the target of 70 %. Each request costs a
little more than the CPU time it burns (a tenth in a container). The peak stays well below 100 %: a saturated instance fails its health
checks, and the group would replace instances that are only busy.
"""

from dataclasses import dataclass
from datetime import timedelta

PEAK = 0.78  # share of the capacity of three instances
GROWTH = {"step": 2.0, "ramp": 2.0, "flash": 5.0}  # from the baseline to the peak
RAMP = timedelta(minutes=5)
TARGET_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    shape: str  # a key of GROWTH
    instances: int
    cores: float  # that one instance can use
    seconds: float  # CPU time of one request

    @property
    def baseline(self) -> float:
        """Requests per real second."""
        return self.peak / GROWTH[self.shape]

    @property
    def peak(self) -> float:
        return PEAK * self.instances * self.cores / self.seconds

    @property
    def ramp(self) -> timedelta:
        """The time from the baseline to the peak."""
        return RAMP if self.shape == "ramp" else timedelta(0)

    @property
    def time_to_target(self) -> timedelta:
        """How long after the load starts to rise three instances exceed the target."""
        baseline = PEAK / GROWTH[self.shape]
        return self.ramp * ((TARGET_SHARE - baseline) / (PEAK - baseline))

    @property
    def path(self) -> str:
        return f"burn?seconds={self.seconds:g}"
