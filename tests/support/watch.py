"""An inspector: looks at a virtual sandbox after every event and at every moment, and notes whatever may never be.

It reads moto's objects and the simulated world beside the product's own code, and keeps its own history of them. What it finds goes to
`violations`, for an exception here would end in the engine's backoff.
"""

from collections.abc import Hashable, Iterable, Mapping
from enum import Enum
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from sandbox.core.events import Event
from sandbox.drivers.probe.base import ProbeOutcome
from sandbox.services.autoscaling import lifecycle_model as asg
from sandbox.services.autoscaling.model import Purpose
from sandbox.services.ec2 import model as ec2
from sandbox.services.elbv2 import model as elbv2
from tests.support.virtual import HERE, VirtualSandbox

BUGS = ("Reconcile failed", "Illegal transition", "Sandbox Fault")
BEGINNINGS = (  # what may happen without an earlier event: somebody's wish, or the world's doing
    "AWS API Call via CloudTrail",
    "Instance Machine Exited",
    "Load Balancer State Change",
    "Sandbox Started",
)
ENDS_OF_MEMBERS = {asg.LifecycleState.TERMINATED, asg.LifecycleState.DETACHED}


def within_two_steps(table: Mapping[tuple[Any, Any], Any]) -> set[tuple[Any, Any]]:
    """Between two looks a thing may take two steps: a member that is taken out and is no target goes on at once."""
    single = {(start, end) for (start, _), end in table.items()}
    return single | {(start, end) for start, by in single for on, end in single if by is on}


EDGES = {
    "instance": within_two_steps(ec2.TRANSITIONS),
    "member": within_two_steps(asg.TRANSITIONS),
    "target": within_two_steps(elbv2.TRANSITIONS),
}


class Watch:
    def __init__(self, on: VirtualSandbox, group: str) -> None:
        self.group, self.violations = group, list[str]()
        self._known: dict[str, dict[Hashable, Enum]] = {}  # kind → thing → its state when it was last looked at
        self._booted: set[str] = set()
        self._passed: set[tuple[str, str]] = set()  # (target group, instance) whose check passed since its registration
        self._in_standby: set[str] = set()  # now or once
        self._progress: dict[str, int] = {}
        self.follow(on)

    def follow(self, on: VirtualSandbox) -> None:
        """From now on this control plane: the first, or the one after a restart."""
        self._on = on
        on.sandbox.journal.on_event(self._hear)
        on.sandbox.drivers.prober.on_result(self._probed)

    def look(self) -> None:
        """Everything that has to hold at every moment."""
        self._booted |= {i for i, machine in self._on.world.machines.items() if machine.boots}
        members = self._members()
        self._moves("instance", self._instances(), {ec2.InstanceState.PENDING}, {ec2.InstanceState.TERMINATED})
        self._moves("member", {m.instance_id: m.lifecycle for m in members}, {asg.LifecycleState.PENDING}, ENDS_OF_MEMBERS)
        self._moves("target", self._targets(), {elbv2.TargetState.INITIAL}, {elbv2.TargetState.UNUSED})
        self._size(members)
        for member in members:
            if member.lifecycle is asg.LifecycleState.IN_SERVICE and member.instance_id not in self._booted:
                self._note(f"{member.instance_id} is in service and its machine never ran")
        for target, state in self._targets().items():
            if state is elbv2.TargetState.HEALTHY and target not in self._passed:
                self._note(f"{target} is healthy and never passed a check")
        self._activities()

    # ---- what happens

    def _hear(self, event: Event) -> None:
        if event.detail_type in BUGS:
            self._note(f"{event.summary}\n{event.detail.get('traceback')}")
        self._cause(event)
        if event.detail_type == elbv2.HEALTH_CHANGE and event.detail["state"] == "initial":
            self._passed.discard((event.detail["target-group"], event.detail["target"]["id"]))
        self.look()

    def _cause(self, event: Event) -> None:
        """Every event follows from an earlier one, or is one of those with which a story begins."""
        if event.cause is None:
            if event.detail_type not in BEGINNINGS:
                self._note(f"no cause: {event.detail_type}: {event.summary}")
            return
        cause = self._on.sandbox.journal.get(event.cause)
        if cause is None or int(cause.id[1:]) >= int(event.id[1:]) or cause.at > event.at:
            self._note(f"the cause {event.cause} of {event.id} is not earlier: {event.summary}")

    def _probed(self, key: str) -> None:
        result = self._on.sandbox.drivers.prober.latest(key)
        if result and result.outcome is ProbeOutcome.ANSWERED and result.status_code == 200:
            arn, instance_id, _ = key.split("|")
            self._passed.add((arn.split("/")[1], instance_id))

    # ---- what is

    def _instances(self) -> dict[str, Enum]:
        reservations = ec2_backends[HERE.account][HERE.region].reservations.values()
        return {i.id: i.lifecycle_state for r in reservations for i in r.instances}

    def _group(self) -> Any:
        return autoscaling_backends[HERE.account][HERE.region].autoscaling_groups.get(self.group)

    def _members(self) -> list[Any]:
        group = self._group()
        return list(group.instance_states) if group else []

    def _targets(self) -> dict[tuple[str, str], elbv2.TargetState]:
        groups = elbv2_backends[HERE.account][HERE.region].target_groups.values()
        return {(g.name, key.id): target.health.state for g in groups for key, target in g.sandbox.targets.items()}

    def _moves(self, kind: str, now: Mapping[Any, Any], first: Iterable[Any], last: Iterable[Any]) -> None:
        """Each thing came in a first state, moved along its table, and went by a last one."""
        edges = EDGES[kind]
        before = self._known.get(kind, {})
        for thing, state in now.items():
            if thing not in before and state not in first:
                self._note(f"{kind} {thing} began as {state.value}")
            if thing in before and before[thing] is not state and (before[thing], state) not in edges:
                self._note(f"{kind} {thing} went from {before[thing].value} to {state.value}")
        for thing in before.keys() - now.keys():
            if before[thing] not in last and not any((before[thing], end) in edges for end in last):
                self._note(f"{kind} {thing} was {before[thing].value} and is gone")
        self._known[kind] = dict(now)

    def _size(self, members: list[Any]) -> None:
        """Never above MaxSize, but for what a rebalance may add (ASG-28), and for whom a user takes back from standby while the group is
        still scaling in: the request counts desired capacity, not members (ASG-73)."""
        group = self._group()
        self._in_standby |= {m.instance_id for m in members if m.lifecycle is asg.LifecycleState.STANDBY}
        counted = [m for m in members if m.lifecycle.counts_toward_desired_capacity]
        rebalancing = any(m.purpose is Purpose.REBALANCE for m in counted)
        returned = sum(m.instance_id in self._in_standby for m in counted)
        if group and len(counted) > group.max_size + returned + (max(1, round(group.max_size / 10)) if rebalancing else 0):
            self._note(f"{len(counted)} members and MaxSize {group.max_size}")

    def _activities(self) -> None:
        group = self._group()
        for activity in group.sandbox.activities.values() if group else ():
            if activity.progress < self._progress.get(activity.id, 0):
                self._note(f"activity went back to {activity.progress} %: {activity.description}")
            self._progress[activity.id] = activity.progress

    def _note(self, sentence: str) -> None:
        told = f"{self._on.now():%H:%M:%S.%f} {sentence}"
        if told not in self.violations:
            self.violations.append(told)
