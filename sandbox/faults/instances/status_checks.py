"""status-check-failure: EC2's checks of an instance fail, while the instance itself goes on (EC2-30)."""

from dataclasses import dataclass

from sandbox.aws.active_faults import Hosted
from sandbox.faults.context import FaultContext
from sandbox.faults.coverage import Coverage, fixed
from sandbox.faults.kind import INSTANCES, Injection, Kind, Reach
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Choice, Parameter
from sandbox.faults.queried import FailsStatusChecks

CHECKS = {"system": frozenset({"system"}), "instance": frozenset({"instance"}), "both": frozenset({"system", "instance"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingChecks(FailsStatusChecks):
    targets: tuple[str, ...]
    covered: Coverage
    checks: frozenset[str]
    kind = "status-check-failure"

    def failed_checks(self, instance: Hosted) -> frozenset[str]:
        covered = self.covered.fixed is not None and instance.instance_id in self.covered.fixed
        return self.checks if covered else frozenset()


def _fail(injection: Injection, context: FaultContext) -> Effect:
    checks = CHECKS[injection.values.text("check")]
    return FailingChecks(targets=injection.names, covered=fixed(injection, context), checks=checks)


FAILURE = Kind(
    name="status-check-failure",
    does="Makes the system status check, the instance status check, or both fail from the next minute on. The machine itself goes on: "
    "it shows what Auto Scaling and alarms do about a check.",
    targets=INSTANCES,
    make=_fail,
    parameters=(Parameter(name="check", parser=Choice(tuple(CHECKS)), default="instance", means="which one fails"),),
    reach=Reach.INSTANCES_NOW,
)
