"""How a cooling failure goes through a zone, as a function of the time since it began: pure. thermal.py makes it happen.

The order is that of 7 May 2026: the hall gets warmer and the first hosts switch off, then racks in batches; when the cooling works again,
racks return in batches, and a few hosts never do. AWS published no temperatures: the ones here are invented, and each event says so.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

WARM_STEPS = 4  # of the ramp, each with its temperature and its CPU limit
NORMAL, LIMIT = 24.0, 35.0  # degrees Celsius, invented


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalPlan:
    """All durations count from the beginning of the fault or from the end of the phase before."""

    ramp: timedelta  # from the beginning until the first rack switches off; the first hosts switch off before
    first_hosts_percent: float
    shutdown: timedelta  # from the first batch of racks to the last one
    batches: int
    return_after: timedelta  # from the beginning until the first batch returns
    return_over: timedelta  # from the first batch that returns to the last one
    return_batches: int
    residual_percent: float  # of the hosts: they never return
    cpu_percent: float  # of its CPU that a host still has at the end of the ramp


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    instance_id: str
    off_at: timedelta
    back_at: timedelta | None  # None: never

    def is_off(self, elapsed: timedelta) -> bool:
        return self.off_at <= elapsed and (self.back_at is None or elapsed < self.back_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    at: timedelta
    summary: str
    hosts: tuple[str, ...] = ()


def hosts(plan: ThermalPlan, instance_ids: Sequence[str], chance: random.Random) -> tuple[Host, ...]:
    """When each instance's host switches off and returns. The same seed gives the same hosts."""
    order = sorted(instance_ids)
    chance.shuffle(order)
    first = _share(plan.first_hosts_percent, len(order), least=1 if len(order) > 1 else 0)
    never = set(order[len(order) - _share(plan.residual_percent, len(order), least=0) :])
    off = [plan.ramp * chance.uniform(0.25, 1.0) for _ in range(first)]
    off += [plan.ramp + _at(n, len(order) - first, plan.batches, plan.shutdown) for n in range(len(order) - first)]
    order_back = list(order)
    chance.shuffle(order_back)
    rank = {instance_id: n for n, instance_id in enumerate(order_back)}
    back = {i: plan.return_after + _at(rank[i], len(order), plan.return_batches, plan.return_over) for i in order}
    return tuple(_host(i, off_at, None if i in never else back[i]) for i, off_at in zip(order, off, strict=True))


def _host(instance_id: str, off_at: timedelta, back_at: timedelta | None) -> Host:
    return Host(instance_id=instance_id, off_at=off_at, back_at=None if back_at is None else max(back_at, off_at))


def cpu_percent(plan: ThermalPlan, elapsed: timedelta) -> float:
    """What hosts that are on have of their CPU: less with each step of the ramp, all of it when the cooling works again."""
    if elapsed >= plan.return_after:
        return 100.0
    return 100.0 - (100.0 - plan.cpu_percent) * _warmth(plan, elapsed)


def cooling_failed(plan: ThermalPlan, elapsed: timedelta) -> bool:
    return elapsed < plan.return_after


def steps(plan: ThermalPlan, found: Sequence[Host]) -> tuple[Step, ...]:
    """What is told of it, in order."""
    return tuple(sorted((*_warmer(plan), *_off(found), *_back(plan, found)), key=lambda step: step.at))


def next_change(plan: ThermalPlan, found: Sequence[Host], elapsed: timedelta) -> timedelta | None:
    """How long until something changes; None: nothing does any more."""
    later = [step.at - elapsed for step in steps(plan, found) if step.at > elapsed]
    return min(later) if later else None


def _share(percent: float, of: int, *, least: int) -> int:
    return max(least, min(of, round(of * percent / 100)))


def _at(rank: int, of: int, batches: int, over: timedelta) -> timedelta:
    """The time of the batch of a rank, from the first batch on."""
    batch = rank * min(batches, of) // of
    return over * batch / max(min(batches, of) - 1, 1)


def _warmth(plan: ThermalPlan, elapsed: timedelta) -> float:
    """0 at the beginning, 1 from the end of the ramp on; in steps."""
    if elapsed >= plan.ramp:
        return 1.0
    return int(WARM_STEPS * (elapsed / plan.ramp)) / WARM_STEPS


def _warmer(plan: ThermalPlan) -> Iterator[Step]:
    for n in range(1, WARM_STEPS + 1):
        degrees = NORMAL + (LIMIT - NORMAL) * n / WARM_STEPS
        left = 100.0 - (100.0 - plan.cpu_percent) * n / WARM_STEPS
        told = f"the hall is at {degrees:.0f} °C (an invented value): hosts that are on have {left:.0f} % of their CPU"
        yield Step(at=plan.ramp * n / WARM_STEPS, summary=told)


def _off(found: Sequence[Host]) -> Iterator[Step]:
    for at in sorted({host.off_at for host in found}):
        ids = tuple(host.instance_id for host in found if host.off_at == at)
        yield Step(at=at, summary=f"{_hosts(ids)} switched off to protect the hardware", hosts=ids)


def _back(plan: ThermalPlan, found: Sequence[Host]) -> Iterator[Step]:
    yield Step(at=plan.return_after, summary="the cooling works again: racks return in batches")
    for at in sorted({host.back_at for host in found if host.back_at is not None}):
        ids = tuple(host.instance_id for host in found if host.back_at == at)
        yield Step(at=at, summary=f"{_hosts(ids)} returned", hosts=ids)
    if ids := tuple(host.instance_id for host in found if host.back_at is None):
        yield Step(at=plan.return_after + plan.return_over, summary=f"{_hosts(ids)} will not return: damaged hardware", hosts=ids)


def _hosts(ids: Sequence[str]) -> str:
    named = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
    return f"the host{'s' if len(ids) > 1 else ''} of {named}"
