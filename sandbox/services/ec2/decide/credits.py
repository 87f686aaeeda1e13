"""CPU credits of a burstable instance (TYPE-3 to TYPE-6): what it earns and spends, when it is throttled, which datapoints are due. Pure.

A standard instance without credits is throttled to its baseline, and may burst again as soon as it has earned some. An unlimited one spends
surplus credits instead, which later earnings pay; what a day's earnings could not pay is charged.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.core.control import Decision, Scope
from sandbox.core.events import Event
from sandbox.core.metrics import MetricDatum, period_start
from sandbox.services.ec2.actions import PublishCredits
from sandbox.services.ec2.credits_model import KEPT_STOPPED, Burstable, Credits
from sandbox.services.ec2.decide.metrics import BASIC, Series, everywhere

ENOUGH = 0.25  # credits with which a throttled instance may burst again (U): a few seconds of one vCPU
SHORTEST = timedelta(seconds=15)  # between two looks
MEASURED = timedelta(seconds=15)  # after the end of a period there is a reading from after it
UNMEASURED = timedelta(minutes=10)  # after which an instance without readings is taken as idle


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedInstance:
    """A running burstable instance. `utilization` of all its vCPUs up to `measured_at`, in percent; None: not measured."""

    series: Series
    burstable: Burstable
    unlimited: bool
    running_since: datetime
    credits: Credits | None  # None: it was just launched
    utilization: float | None = None
    measured_at: datetime | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedInstances:
    """Of an account and Region."""

    scope: Scope
    instances: tuple[CreditedInstance, ...]


def decide(observed: CreditedInstances, now: datetime) -> Decision[None]:
    actions, events = [], []
    wait = period_start(now, BASIC) + BASIC + MEASURED - now
    for instance in observed.instances:
        credits, data = accounted(observed.scope, instance, now)
        if credits != instance.credits:
            actions.append(PublishCredits(instance_id=instance.series.instance_id, credits=credits, data=data))
        if credits.throttled != (instance.credits is not None and instance.credits.throttled):
            events.append(_event(instance, credits))
        wait = min(wait, look_again(instance, credits))
    return Decision(memory=None, actions=tuple(actions), events=tuple(events), look_again=wait)


def look_again(instance: CreditedInstance, credits: Credits) -> timedelta:
    """A standard instance is looked at before it can have spent all, or have earned enough."""
    if instance.unlimited:
        return BASIC
    if credits.throttled:
        return SHORTEST
    spends = instance.burstable.vcpus - instance.burstable.per_hour / 60  # credits a minute at most
    return max(SHORTEST, timedelta(minutes=(credits.balance + credits.launch) / spends))


def accounted(scope: Scope, instance: CreditedInstance, now: datetime) -> tuple[Credits, tuple[MetricDatum, ...]]:
    """The credits up to the newest reading, and the data of the periods of CloudWatch that have ended."""
    before = _at_start(instance, now)
    until = instance.measured_at if instance.utilization is not None else _idle_until(before, now)
    if until is None or until <= before.at:
        return before, ()
    spent, data = before, list[MetricDatum]()
    while (end := period_start(spent.at, BASIC) + BASIC) <= until:
        spent = _spend_evenly(spent, instance, end)
        data.extend(_data(scope, instance, spent, end - BASIC))
        spent = replace(spent, used=0.0, charged=0.0)
    return _spend_evenly(spent, instance, until), tuple(data)


def _spend_evenly(before: Credits, instance: CreditedInstance, until: datetime) -> Credits:
    vcpu_minutes = instance.burstable.vcpus * (until - before.at).total_seconds() / 60
    return spend(before, instance, used=(instance.utilization or 0.0) / 100 * vcpu_minutes, until=until)


def spend(before: Credits, instance: CreditedInstance, *, used: float, until: datetime) -> Credits:
    """Earns up to `until`, and spends `used` credits."""
    kind = instance.burstable
    earned = kind.per_hour * (until - before.at).total_seconds() / 3600
    from_launch = min(before.launch, used)
    left = before.balance + earned - (used - from_launch)  # below zero: it used more than it had
    surplus, charged = before.surplus, before.charged
    if instance.unlimited:
        paid = min(surplus, max(left - before.balance, 0.0), max(left, 0.0))  # TYPE-6: earnings pay the surplus first
        left, surplus = left - paid, surplus - paid + max(-left, 0.0)
        beyond = max(surplus - kind.most, 0.0)
        surplus, charged = surplus - beyond, charged + beyond
    else:
        surplus, charged = 0.0, charged + surplus  # it was unlimited before: what is not paid is charged
    balance = min(max(left, 0.0), kind.most)
    launch = before.launch - from_launch
    throttled = not instance.unlimited and balance + launch < (ENOUGH if before.throttled else 1e-9)
    return Credits(at=until, balance=balance, launch=launch, surplus=surplus, throttled=throttled, used=before.used + used, charged=charged)


def _at_start(instance: CreditedInstance, now: datetime) -> Credits:
    """Those that it has, or has since it was launched or started (TYPE-4, TYPE-5)."""
    began, had = instance.running_since, instance.credits
    if had is None:
        return Credits(at=began, launch=0.0 if instance.unlimited else instance.burstable.launch_credits)
    if had.at >= began:
        return had
    kept = had.balance if instance.burstable.family != "t2" and began - had.at <= KEPT_STOPPED else 0.0
    launch = 0.0 if instance.unlimited else instance.burstable.launch_credits
    return Credits(at=began, balance=kept, launch=launch, charged=had.surplus)  # TYPE-6: a stop charges the surplus


def _idle_until(before: Credits, now: datetime) -> datetime | None:
    return now if now - before.at > UNMEASURED else None


def _data(scope: Scope, instance: CreditedInstance, credits: Credits, start: datetime) -> tuple[MetricDatum, ...]:
    """TYPE-7: every five minutes, whatever the monitoring."""
    found = [("CPUCreditUsage", credits.used), ("CPUCreditBalance", credits.balance + credits.launch)]
    if instance.unlimited:
        found += [("CPUSurplusCreditBalance", credits.surplus), ("CPUSurplusCreditsCharged", credits.charged)]
    return tuple(datum for name, value in found for datum in everywhere(scope, instance.series, (name, "Count", value), start))


def _event(instance: CreditedInstance, credits: Credits) -> Event:
    about = instance.series.instance_id
    baseline = f"{instance.burstable.baseline_percent:g} %"
    title, summary = (
        ("CPU Credits Exhausted", f"{about} has no CPU credits left and is throttled to its baseline of {baseline}")
        if credits.throttled
        else ("CPU Credits Available", f"{about} has CPU credits again and may use more than its baseline of {baseline}")
    )
    detail = {"instance-id": about, "instance-type": instance.series.instance_type}
    return Event(source="aws.ec2", detail_type=title, summary=summary, resources=(about,), detail=detail, cause=instance.cause)
