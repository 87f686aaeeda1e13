"""What arithmetic says of a layout and of a failure, before anything is run. Measurements are compared with it (`loss_ratio`).

A layout is the number of instances in each zone: (2, 1) is the tutorial's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Seconds from a failure until health checks have found it. The failure is equally likely at any moment between two checks."""

    shortest: float
    longest: float

    @property
    def mean(self) -> float:
        return (self.shortest + self.longest) / 2


def layout(instances: int, zones: int) -> tuple[int, ...]:
    """As Auto Scaling balances them: zones differ by at most one (ASG-20). The largest zones first."""
    whole, more = divmod(instances, zones)
    return tuple(whole + (1 if zone < more else 0) for zone in range(zones))


def safe_utilisation(zones: Sequence[int]) -> float:
    """The highest share of its capacity that a layout may use, so that it can lose its largest zone: (n − largest zone) ÷ n."""
    return (sum(zones) - max(zones)) / sum(zones)


def load_on_survivors(zones: Sequence[int], utilisation: float) -> float:
    """The share of their capacity that is asked of the other instances when the largest zone is lost; infinite when there are none."""
    left = sum(zones) - max(zones)
    return utilisation * sum(zones) / left if left else math.inf


def capacity_for_loss_of_a_zone(zones: int) -> float:
    """Capacity to install, as a share of the peak, so that the other zones can carry it: N ÷ (N − 1). Raises ValueError for one zone."""
    if zones < 2:
        raise ValueError("one zone cannot be lost: expected two zones or more")
    return zones / (zones - 1)


def detection_of_refusal(interval: float, threshold: int) -> Detection:
    """A target that refuses connections: a check fails at once. interval × [threshold − 1 … threshold] (TG-14)."""
    return Detection(shortest=interval * (threshold - 1), longest=interval * threshold)


def detection_of_silence(interval: float, timeout: float, threshold: int) -> Detection:
    """A target that does not answer: the last check fails after its timeout."""
    refusal = detection_of_refusal(interval, threshold)
    return Detection(shortest=refusal.shortest + timeout, longest=refusal.longest + timeout)


def expected_loss(rate: float, dead_share: float, seconds: float, speed: float = 1.0) -> float:
    """Requests to the dead share of the targets until they are found: rate (per real second) × share × seconds (sandbox) ÷ speed."""
    return rate * dead_share * seconds / speed


def loss_ratio(lost: float, expected: float) -> float | None:
    """Lost ÷ the closed form. Up to 1.5: nothing was lost beyond the time that detection takes. None when nothing had to be lost."""
    return lost / expected if expected > 0 else None
