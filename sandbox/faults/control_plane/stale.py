"""stale-configuration: the API accepts changes, and the data plane goes on with what it had, until the fault ends."""

from dataclasses import dataclass

from sandbox.core.errors import UserError
from sandbox.faults.context import FaultContext
from sandbox.faults.control_plane.calls import OPERATION, names
from sandbox.faults.kind import Injection, Kind, TargetType
from sandbox.faults.model import Effect
from sandbox.faults.queried import HoldsChanges

HOLDABLE = frozenset(
    {
        "CreateListener",
        "ModifyListener",
        "DeleteListener",
        "CreateRule",
        "ModifyRule",
        "DeleteRule",
        "SetRulePriorities",
        "RegisterTargets",
        "DeregisterTargets",
    }
)
"""Operations of Elastic Load Balancing whose effect is in the data plane alone."""
WHY_NOT = {
    "ec2": "security groups and routes do not filter packets in this sandbox, so no change of them is ever applied",
    "autoscaling": "a group is control plane only: it has no data plane that could go on with an older configuration",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleConfiguration(HoldsChanges):
    targets: tuple[str, ...]  # services
    operations: frozenset[str]
    kind = "stale-configuration"

    def check(self) -> None:
        for service in self.targets:
            if service != "elbv2":
                why = WHY_NOT.get(service, "it has no data plane in this sandbox")
                raise UserError(f"stale-configuration is not possible for {service}: {why}.", "sandbox fault kinds")
        if unknown := sorted(self.operations - HOLDABLE):
            able = ", ".join(sorted(HOLDABLE))
            raise UserError(f"stale-configuration cannot hold the changes of {unknown[0]}: it can those of {able}.", "sandbox fault kinds")

    def held(self, service: str) -> frozenset[str]:
        return (self.operations or HOLDABLE) if service in self.targets else frozenset()


def _make(injection: Injection, context: FaultContext) -> Effect:
    return StaleConfiguration(targets=injection.names, operations=names(injection, "operation"))


KIND = Kind(
    name="stale-configuration",
    does="Changes of listeners, rules and targets are accepted by the API and not applied to load balancers until the fault ends.",
    targets=(TargetType.SERVICE,),
    make=_make,
    parameters=(OPERATION,),
    distinct_by=("operation",),
    of_all_accounts="all load balancers of the sandbox have one data plane.",
    limits=dict.fromkeys(
        ("docker", "process", "simulated"),
        "When the control plane restarts meanwhile, load balancers do not learn of target health either until the fault ends.",
    ),
)
