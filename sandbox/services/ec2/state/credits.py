"""What the loop of CPU credits reads and writes: burstable instances, what they used, and which of them are throttled."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.core.control import Scope
from sandbox.drivers.metering.base import Meter, usage_between
from sandbox.drivers.runtime.base import Impairment
from sandbox.services.ec2.credits_model import Burstable, burstable
from sandbox.services.ec2.decide.credits import CreditedInstance
from sandbox.services.ec2.model import DEFAULT_CREDITS, InstanceState
from sandbox.services.ec2.state import snapshot
from sandbox.services.ec2.state.launch_spec import cores


def credited(scope: Scope, meter: Meter, now: datetime, cause: Any) -> tuple[CreditedInstance, ...]:
    """The running burstable instances. `cause`: instance id → the newest event about it."""
    found = ((instance, burstable(instance.instance_type)) for instance in snapshot.running(scope))
    return tuple(_credited(instance, kind, meter, now, cause) for instance, kind in found if kind is not None)


def _credited(instance: Any, kind: Burstable, meter: Meter, now: datetime, cause: Any) -> CreditedInstance:
    credits, running_since = instance.sandbox.credits, instance.sandbox.state_since
    since = max(credits.at, running_since) if credits else running_since
    readings = meter.readings(instance.id)
    newest = readings[-1].at if readings else None
    spent = usage_between(readings, since, newest) if newest and newest > since else None
    return CreditedInstance(
        series=snapshot.metric_series(instance, now),
        burstable=kind,
        unlimited=mode(instance) == "unlimited",
        running_since=running_since,
        credits=credits,
        utilization=min(100.0, 100 * spent.cores / cores(instance.instance_type)) if spent else None,
        measured_at=newest,
        cause=cause(instance.id),
    )


def mode(instance: Any) -> str:
    """ "standard" or "unlimited" (EC2-56)."""
    return str(instance.sandbox.cpu_credits or DEFAULT_CREDITS.get(instance.instance_type.partition(".")[0], "standard"))


def throttles() -> Mapping[str, Impairment]:
    """What the running instances without credits can use: their baseline."""
    return {
        instance.id: Impairment(cpu_percent=round(kind.baseline_percent))
        for _, instance in snapshot.known()
        if instance.lifecycle_state is InstanceState.RUNNING and instance.sandbox.credits and instance.sandbox.credits.throttled
        if (kind := burstable(instance.instance_type))
    }
