"""scheduled-event: AWS announces that an instance is retired, stopped or rebooted, and does it at that time (EC2-34)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.aws.active_faults import AnnouncedEvent, Hosted
from sandbox.faults.context import FaultContext
from sandbox.faults.coverage import Coverage, fixed
from sandbox.faults.kind import INSTANCES, Injection, Kind, Reach
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Choice, Duration, Parameter
from sandbox.faults.queried import SchedulesEvents

TEXTS = {
    "instance-retirement": "The instance is running on degraded hardware",
    "instance-stop": "The instance is running on degraded hardware",
    "instance-reboot": "The instance is scheduled for a reboot",
    "system-reboot": "The instance is scheduled for a reboot of its host",
    "system-maintenance": "The instance is scheduled for a maintenance of its host",
}
LASTS = timedelta(hours=2)  # between NotBefore and NotAfter of what reboots (U)
MOVABLE = timedelta(days=7)  # between NotBefore and NotBeforeDeadline of what can be moved (U)
FINAL = ("instance-retirement", "instance-stop")  # these have no end; a retirement cannot be moved


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledEvents(SchedulesEvents):
    fault_id: str
    targets: tuple[str, ...]
    covered: Coverage
    code: str
    not_before: datetime
    kind = "scheduled-event"

    def scheduled(self, instance: Hosted) -> AnnouncedEvent | None:
        if self.covered.fixed is None or instance.instance_id not in self.covered.fixed:
            return None
        return AnnouncedEvent(
            event_id=f"instance-event-{self._digits(instance.instance_id)}",
            code=self.code,
            text=TEXTS[self.code],
            not_before=self.not_before,
            not_after=None if self.code in FINAL else self.not_before + LASTS,
            deadline=None if self.code == "instance-retirement" else self.not_before + MOVABLE,
        )

    def _digits(self, instance_id: str) -> str:
        """The same after a restart; another one for each fault and instance. `not_before`: fault ids begin anew after a reset."""
        return hashlib.sha256(f"{self.fault_id} {instance_id} {self.not_before}".encode()).hexdigest()[:17]


def _schedule(injection: Injection, context: FaultContext) -> Effect:
    return ScheduledEvents(
        fault_id=injection.fault_id,
        targets=injection.names,
        covered=fixed(injection, context),
        code=injection.values.text("code"),
        not_before=injection.since + injection.values.duration("notice"),
    )


EVENT = Kind(
    name="scheduled-event",
    does="Announces a scheduled event for the instances: DescribeInstanceStatus shows it, and it is carried out at its NotBefore. "
    "Clearing the fault before that cancels it. Auto Scaling replaces such an instance at once.",
    targets=INSTANCES,
    make=_schedule,
    parameters=(
        Parameter(name="code", parser=Choice(tuple(TEXTS)), default="instance-retirement", means="of the event"),
        Parameter(
            name="notice",
            parser=Duration(longest=timedelta(days=30)),
            default=timedelta(minutes=10),
            means="how long before it happens, in sandbox time",
        ),
    ),
    reach=Reach.INSTANCES_NOW,
    longest=timedelta(days=60),
)
