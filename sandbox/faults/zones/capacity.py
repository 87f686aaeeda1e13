"""no-capacity: launches and starts in a zone fail with InsufficientInstanceCapacity (EC2-15, EC2-16, ASG-60)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sandbox.aws.active_faults import LaunchAttempt
from sandbox.core.ports import Inventory
from sandbox.faults.context import FaultContext
from sandbox.faults.control_plane.calls import ALL, ARNS, Share, names
from sandbox.faults.kind import Injection, Kind, TargetType
from sandbox.faults.model import Effect
from sandbox.faults.parameters import PERCENT, Parameter, Text
from sandbox.faults.queried import HasNoCapacity

GROUP_ARN = ":autoScalingGroupName/"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCapacity(HasNoCapacity):
    targets: tuple[str, ...]  # zones
    text: Callable[[LaunchAttempt], str]
    share: Share = ALL
    instance_type: str | None = None  # None: any
    groups: frozenset[str] = frozenset()  # names of Auto Scaling groups; with roles empty: any launch
    roles: frozenset[str] = frozenset()
    kind = "no-capacity"

    def refusal(self, attempt: LaunchAttempt) -> str | None:
        if not self._concerns(attempt) or not self.share.hit():
            return None
        return self.text(attempt)

    def _concerns(self, attempt: LaunchAttempt) -> bool:
        if attempt.zone not in self.targets or self.instance_type not in (None, attempt.instance_type):
            return False
        everyone = not self.groups and not self.roles
        return everyone or attempt.group in self.groups or attempt.role in self.roles


def insufficient(without: tuple[str, ...], inventory: Inventory, attempt: LaunchAttempt) -> str:
    """AWS's text (ASG-60): it names the other zones of the Region."""
    here = inventory.zone(attempt.zone)
    others = [zone.name for zone in inventory.zones() if here and zone.region == here.region and zone.name not in (*without, attempt.zone)]
    choice = f" or choosing {', '.join(others)}" if others else ""
    return (
        f"We currently do not have sufficient {attempt.instance_type} capacity in the Availability Zone you requested ({attempt.zone})."
        f" Our system will be working on provisioning additional capacity. You can currently get {attempt.instance_type} capacity"
        f" by not specifying an Availability Zone in your request{choice}."
    )


def _make(injection: Injection, context: FaultContext) -> Effect:
    values = injection.values
    own = values.text("text") if values.given("text") else None
    return NoCapacity(
        targets=injection.names,
        share=Share.of(injection, context.random),
        instance_type=values.text("instance_type") if values.given("instance_type") else None,
        groups=frozenset(name.rpartition(GROUP_ARN)[2] for name in names(injection, "groups")),
        roles=names(injection, "roles"),
        text=(lambda _: own) if own else partial(insufficient, injection.names, context.inventory),
    )


KIND = Kind(
    name="no-capacity",
    does="Launches and starts in the zone fail with InsufficientInstanceCapacity; an Auto Scaling group tries other zones.",
    targets=(TargetType.ZONE,),
    make=_make,
    parameters=(
        Parameter(name="instance_type", parser=Text(r"[a-z0-9.-]{1,40}", "an instance type"), means="only this one"),
        Parameter(name="percent", parser=PERCENT, unit="%", default=100.0, means="of the launches, each at random"),
        Parameter(name="groups", parser=Text(ARNS, "names or ARNs of groups"), means="only launches by these Auto Scaling groups"),
        Parameter(name="roles", parser=Text(ARNS, "ARNs of IAM roles"), means="only calls by these IAM roles"),
        Parameter(name="text", parser=Text(), means="the error's text; by default AWS's"),
    ),
    distinct_by=("instance_type", "groups", "roles"),
)
