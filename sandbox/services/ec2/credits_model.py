"""CPU credits of burstable instances (TYPE-2 to TYPE-6): what a type earns, and what an instance has. One credit is one vCPU at 100 % for a
minute of sandbox time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.persisted import persisted

DAY = 24  # hours of earning that an instance can keep (TYPE-3)
KEPT_STOPPED = timedelta(days=7)  # of a stopped T3; a stopped T2 loses its credits at once (TYPE-5)
LAUNCH_CREDITS = 30  # for each vCPU of a T2 in standard mode (TYPE-4)

_T3 = {"nano": (6, 2), "micro": (12, 2), "small": (24, 2), "medium": (24, 2), "large": (36, 2), "xlarge": (96, 4), "2xlarge": (192, 8)}
_T2 = {"nano": (3, 1), "micro": (6, 1), "small": (12, 1), "medium": (24, 2), "large": (36, 2), "xlarge": (54, 4), "2xlarge": (81.6, 8)}
RATES: dict[str, tuple[float, int]] = {
    f"{family}.{size}": rate for family, sizes in (("t2", _T2), ("t3", _T3), ("t3a", _T3), ("t4g", _T3)) for size, rate in sizes.items()
}
"""Type → credits earned in an hour, and vCPUs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burstable:
    """What a burstable type earns."""

    family: str
    per_hour: float
    vcpus: int

    @property
    def most(self) -> float:
        """Credits that an instance can keep."""
        return self.per_hour * DAY

    @property
    def baseline_percent(self) -> float:
        """Of all its vCPUs: what it can use for ever without spending more than it earns."""
        return 100 * self.per_hour / 60 / self.vcpus

    @property
    def launch_credits(self) -> float:
        return LAUNCH_CREDITS * self.vcpus if self.family == "t2" else 0.0


def burstable(instance_type: str) -> Burstable | None:
    """None: a type without credits."""
    found = RATES.get(instance_type)
    return None if found is None else Burstable(family=instance_type.partition(".")[0], per_hour=found[0], vcpus=found[1])


@persisted("ec2.Credits")
@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """Of one instance, as accounted up to `at`."""

    at: datetime
    balance: float = 0.0  # earned, and not spent
    launch: float = 0.0  # of the launch credits, those that are left: spent first, and beyond what can be kept
    surplus: float = 0.0  # spent without having been earned (unlimited)
    throttled: bool = False  # to the baseline: a standard instance has none left
    used: float = 0.0  # in the period of CloudWatch that goes on
    charged: float = 0.0  # likewise: surplus that earning can no longer pay
