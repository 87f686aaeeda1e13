"""Auto Scaling groups: capacity, activities; and target groups with the health of their targets."""

from collections import Counter
from dataclasses import dataclass

from sandbox.control.observed.model import Group, Target, TargetGroup
from sandbox.dashboard.shown.words import BAD, GOOD, UNKNOWN

IN_SERVICE = "InService"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCard:
    group: Group
    in_service: int
    others: tuple[tuple[str, int], ...]  # (lifecycle state, how many instances)

    @property
    def tone(self) -> str:
        """Whether as many instances are in service as are desired."""
        if self.group.desired_capacity is None:
            return UNKNOWN
        return GOOD if self.in_service >= self.group.desired_capacity else BAD


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroupCard:
    group: TargetGroup
    states: tuple[tuple[str, int], ...]
    targets: tuple[Target, ...]  # those that are not healthy first


def group_card(group: Group) -> GroupCard:
    states = Counter(group.lifecycle_states)
    in_service = states.pop(IN_SERVICE, 0)
    return GroupCard(group=group, in_service=in_service, others=tuple(sorted(states.items())))


def target_group_card(group: TargetGroup) -> TargetGroupCard:
    states = Counter(target.state for target in group.targets)
    order = sorted(group.targets, key=lambda target: (target.state == "healthy", target.zone or "", target.id))
    return TargetGroupCard(group=group, states=tuple(sorted(states.items())), targets=tuple(order))
