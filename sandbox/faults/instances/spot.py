"""spot-interruption: EC2 takes a Spot Instance back, with the notices that come before (IMDS-12)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.aws.active_faults import Hosted
from sandbox.core.errors import UserError
from sandbox.faults.context import FaultContext
from sandbox.faults.coverage import Coverage, fixed
from sandbox.faults.kind import INSTANCES, Injection, Kind, Reach
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Duration, Parameter
from sandbox.faults.queried import InterruptsSpot


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotInterruption(InterruptsSpot):
    fault_id: str
    targets: tuple[str, ...]
    covered: Coverage
    at: datetime
    kind = "spot-interruption"

    def interrupted_at(self, instance: Hosted) -> datetime | None:
        covered = self.covered.fixed is not None and instance.instance_id in self.covered.fixed
        return self.at if covered else None


def _interrupt(injection: Injection, context: FaultContext) -> Effect:
    found = fixed(injection, context)
    others = [each.instance_id for each in found.instances() if not each.spot]
    if others:
        raise UserError(f"{others[0]} is no Spot Instance, so it cannot be interrupted.", "sandbox fault kinds")
    return SpotInterruption(
        fault_id=injection.fault_id,
        targets=injection.names,
        covered=found,
        at=injection.since + injection.values.duration("notice"),
    )


INTERRUPTION = Kind(
    name="spot-interruption",
    does="EC2 interrupts Spot Instances: a rebalance recommendation now, the notice two minutes before, then their interruption behavior. "
    "Clearing the fault before that cancels it.",
    targets=INSTANCES,
    make=_interrupt,
    parameters=(
        Parameter(
            name="notice",
            parser=Duration(longest=timedelta(minutes=15)),
            default=timedelta(minutes=2),
            means="from the rebalance recommendation to the interruption, in sandbox time",
        ),
    ),
    reach=Reach.INSTANCES_NOW,
)
