"""Which datapoints of namespace AWS/EC2 are due: pure. metrics_controller.py makes the observed and hands the data to CloudWatch.

Periods are aligned to the wall clock in sandbox time: five minutes, or one with detailed monitoring (EC2-40). A period is published when
the meter has a reading from after its end, so that the whole of it was measured. One value goes into every series of EC2-41 and EC2-42 that
the instance belongs to; CloudWatch adds them up, so an aggregate's SampleCount is its number of instances.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.control import Decision, Scope
from sandbox.core.metrics import MINUTE, Dimensions, MetricDatum, of_value, period_start, until_next
from sandbox.drivers.metering.base import PeriodUsage, Usage, usage_between
from sandbox.services.ec2.actions import Publish
from sandbox.services.ec2.model import CheckResult, Published

NAMESPACE = "AWS/EC2"
BASIC = timedelta(minutes=5)  # EC2-40
DETAILED = MINUTE
LOOK = timedelta(seconds=5)  # while a period waits for its last reading
PATIENCE = timedelta(minutes=2)  # after which it is published from the readings that there are
OLDEST = timedelta(minutes=12)  # a meter keeps no older readings

KNOWN = (CheckResult.PASSED, CheckResult.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What decides in which series the values of an instance are."""

    instance_id: str
    image_id: str
    instance_type: str
    group: str | None  # Auto Scaling group
    detailed: bool  # Monitoring.State is enabled


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance(Series):
    """A running instance."""

    running_since: datetime
    system_check: CheckResult
    instance_check: CheckResult
    checked_at: datetime | None  # of these results
    readings: tuple[Usage, ...]
    published: Published
    application: tuple[tuple[str, float], ...] = ()  # metrics of its application status checks (EC2-87): name, 0 or 1
    throttled_cores: float | None = None  # those of its type, of an instance without CPU credits: what 100 % is (TYPE-6)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningInstances:
    """The running instances of an account and Region. Stopped ones are not in it: they publish nothing (EC2-45)."""

    scope: Scope
    instances: tuple[Instance, ...]


def decide(observed: RunningInstances, now: datetime) -> Decision[None]:
    actions = []
    wait = until_next(now)
    for instance in observed.instances:
        data, measured_until = _use(observed.scope, instance, now)
        checks, checked_until = _checks(observed.scope, instance, now)
        published = Published(measured_until=measured_until, checked_until=checked_until)
        if published != instance.published:
            actions.append(Publish(instance_id=instance.instance_id, data=(*data, *checks), published=published))
        if any(_due(instance, measured_until, now)):
            wait = min(wait, LOOK)
    return Decision(memory=None, actions=tuple(actions), look_again=wait)


def period(instance: Instance) -> timedelta:
    return DETAILED if instance.detailed else BASIC


def due(instance: Instance, now: datetime) -> bool:
    """Whether a period has ended that was not published: only then do readings matter."""
    return any(_due(instance, instance.published.measured_until, now))


# ---- use: CPU and network ----------------------------------------------------------------------------------------------------------------


def _due(instance: Instance, published: datetime | None, now: datetime) -> Iterator[datetime]:
    """Starts of the periods that have ended and were not published, oldest first."""
    length = period(instance)
    begin = max(instance.running_since, now - OLDEST, published or instance.running_since)
    start = period_start(begin, length)
    if published is not None and start < published:  # part of it was published with a shorter period, or it has been stopped since
        start += length
    while start + length <= now:
        yield start
        start += length


def _use(scope: Scope, instance: Instance, now: datetime) -> tuple[list[MetricDatum], datetime | None]:
    """The data of the periods that have ended and are measured, and the end of the last one."""
    data: list[MetricDatum] = []
    done, length = instance.published.measured_until, period(instance)
    newest = instance.readings[-1].at if instance.readings else None
    for start in _due(instance, done, now):
        end = start + length
        complete = newest is not None and newest >= end
        if not complete and now < end + PATIENCE:
            break
        if spent := usage_between(instance.readings, start, end):
            data.extend(_spent(scope, instance, spent, start))
        done = end
    return data, done


def _spent(scope: Scope, instance: Instance, spent: PeriodUsage, start: datetime) -> Iterator[MetricDatum]:
    found: list[tuple[str, str, float | None]] = [
        ("CPUUtilization", "Percent", _utilization(instance, spent)),
        ("NetworkIn", "Bytes", spent.network_in),
        ("NetworkOut", "Bytes", spent.network_out),
    ]
    if not instance.detailed:  # section 1.3: of basic monitoring only
        found += [("NetworkPacketsIn", "Count", spent.packets_in), ("NetworkPacketsOut", "Count", spent.packets_out)]
    for name, unit, value in found:
        if value is not None:
            yield from everywhere(scope, instance, (name, unit, value), start)


def _utilization(instance: Instance, spent: PeriodUsage) -> float:
    """Of an instance that is throttled to its baseline: the baseline, when it is busy."""
    return min(100.0, 100 * spent.cores / instance.throttled_cores) if instance.throttled_cores else spent.cpu_utilization


# ---- status checks -----------------------------------------------------------------------------------------------------------------------


def _checks(scope: Scope, instance: Instance, now: datetime) -> tuple[list[MetricDatum], datetime | None]:
    """One datum a minute, whatever the monitoring (EC2-40), from the minute on in which the first result came (EC2-32)."""
    minute, until = period_start(now), instance.published.checked_until
    if CheckResult.INITIALIZING in (instance.system_check, instance.instance_check):
        return [], until
    first = until is None or until < instance.running_since
    unripe = first and (instance.checked_at is None or instance.checked_at >= minute)  # the first result is of the present minute
    if unripe or (until is not None and until >= minute):
        return [], until
    data = [
        datum
        for name, value in (*_failures(instance.system_check, instance.instance_check), *instance.application)
        for datum in everywhere(scope, instance, (name, "Count", value), minute - MINUTE)
    ]
    return data, minute


def _failures(system: CheckResult, instance: CheckResult) -> Iterator[tuple[str, float]]:
    """0 or 1. A check without a result gives no value; both together give one only when the other check failed."""
    if CheckResult.FAILED in (system, instance) or (system in KNOWN and instance in KNOWN):
        yield "StatusCheckFailed", float(CheckResult.FAILED in (system, instance))
    if instance in KNOWN:
        yield "StatusCheckFailed_Instance", float(instance is CheckResult.FAILED)
    if system in KNOWN:
        yield "StatusCheckFailed_System", float(system is CheckResult.FAILED)


# ---- series ------------------------------------------------------------------------------------------------------------------------------


def everywhere(scope: Scope, instance: Series, found: tuple[str, str, float], start: datetime) -> Iterator[MetricDatum]:
    """`found`: name, unit and value."""
    name, unit, value = found
    for dimensions in _dimensions(instance):
        yield MetricDatum(scope=scope, namespace=NAMESPACE, name=name, dimensions=dimensions, unit=unit, at=start, sample=of_value(value))


def _dimensions(instance: Series) -> Iterator[Dimensions]:
    yield (("InstanceId", instance.instance_id),)
    if instance.group:
        yield (("AutoScalingGroupName", instance.group),)
    if instance.detailed:  # EC2-41; without dimensions: all instances of the Region (EC2-42)
        yield (("ImageId", instance.image_id),)
        yield (("InstanceType", instance.instance_type),)
        yield ()
