"""How much load there is: requests that burn processor time, so many that they need a given share of three instances. Pure arithmetic.

CPU is demand divided by instances: 78 % of three is 58 % of four, under the target of 70 %. Besides the burning each request costs a
little more (a tenth in a container), and what is near 100 % is not slow but broken: health checks time out, and the group replaces
instances that are only busy.
"""

from dataclasses import dataclass
from datetime import timedelta

PEAK = 0.78  # of the capacity of three instances
GROWTH = {"step": 2.0, "ramp": 2.0, "flash": 5.0}  # from the usual load to the peak
RAMP = timedelta(minutes=5)
TARGET_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    shape: str  # of GROWTH
    instances: int
    cores: float  # that one instance may use
    seconds: float  # of processor time that one request takes

    @property
    def usual(self) -> float:
        """Requests per real second."""
        return self.peak / GROWTH[self.shape]

    @property
    def peak(self) -> float:
        return PEAK * self.instances * self.cores / self.seconds

    @property
    def ramp(self) -> timedelta:
        """How long it takes from the usual load to the peak."""
        return RAMP if self.shape == "ramp" else timedelta(0)

    @property
    def passes_target(self) -> timedelta:
        """After the growth began: from then on the three are busier than the target."""
        usual = PEAK / GROWTH[self.shape]
        return self.ramp * ((TARGET_SHARE - usual) / (PEAK - usual))

    @property
    def path(self) -> str:
        return f"burn?seconds={self.seconds:g}"
