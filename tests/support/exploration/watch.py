"""An inspector: looks at a virtual sandbox after every event and at every moment, and notes whatever may never be.

It keeps its own history of what it reads. What it finds goes to `findings`, for an exception here would end in the engine's backoff.
"""

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sandbox.core.events import Event
from sandbox.drivers.probe.base import ProbeOutcome
from sandbox.services.autoscaling import lifecycle_model as asg
from sandbox.services.autoscaling.activity_model import Activity, StatusCode
from sandbox.services.autoscaling.model import Process, Purpose
from sandbox.services.ec2 import model as ec2
from sandbox.services.elbv2 import model as elbv2
from tests.support.exploration import reading
from tests.support.exploration.findings import Findings
from tests.support.virtual import VirtualSandbox

BUGS = ("Reconcile failed", "Illegal transition", "Sandbox Fault")
API_CALL = "AWS API Call via CloudTrail"
BEGINNINGS = (  # what may happen without an earlier event: a user's request, a measurement, or the world's doing
    API_CALL,
    "CloudWatch Alarm State Change",
    "Fault Injected",
    "Instance Machine Exited",
    "Load Balancer State Change",
    "Sandbox Started",
)
ENDED = {StatusCode.SUCCESSFUL, StatusCode.FAILED, StatusCode.CANCELLED}
ENDS_OF_MEMBERS = {asg.LifecycleState.TERMINATED, asg.LifecycleState.DETACHED}
REPLACING = {Process.HEALTH_CHECK, Process.REPLACE_UNHEALTHY, Process.TERMINATE}
NOTICED = timedelta(minutes=2)  # by then a member whose instance does not run is out of service
SETTLED = timedelta(minutes=10)  # by then an instance has started, stopped or gone
MOVING = {ec2.InstanceState.PENDING, ec2.InstanceState.STOPPING, ec2.InstanceState.SHUTTING_DOWN}


def within_two_steps(table: Mapping[tuple[Any, Any], Any]) -> set[tuple[Any, Any]]:
    """Between two looks a thing may take two steps: a member that is taken out and is no target goes on at once."""
    single = {(start, end) for (start, _), end in table.items()}
    return single | {(start, end) for start, by in single for on, end in single if by is on}


def may_begin(event: Event) -> bool:
    """Whether a story may begin with the event. Of requests only those of users: what a service calls follows from something."""
    of_a_service = event.detail_type == API_CALL and not event.summary.startswith("a user called")
    return event.detail_type in BEGINNINGS and not of_a_service


EDGES = {
    "instance": within_two_steps(ec2.TRANSITIONS),
    "member": within_two_steps(asg.TRANSITIONS),
    "target": within_two_steps(elbv2.TRANSITIONS),
}
FIRST = {
    "instance": {ec2.InstanceState.PENDING},
    "member": {asg.LifecycleState.PENDING},
    "target": {elbv2.TargetState.INITIAL, elbv2.TargetState.UNUSED},
}
LAST = {"instance": {ec2.InstanceState.TERMINATED}, "member": ENDS_OF_MEMBERS, "target": {elbv2.TargetState.UNUSED}}


class Watch:
    def __init__(self, on: VirtualSandbox, findings: Findings | None = None, calls_fail: Callable[[], bool] = lambda: False) -> None:
        """`calls_fail`: whether API calls of the services fail now, so that a group cannot act in time."""
        self.findings = findings or Findings()
        self._calls_fail = calls_fail
        self._known: dict[str, dict[Hashable, Enum]] = {}  # kind → thing → its state when it was last looked at
        self._booted: set[str] = set()
        self._passed: set[reading.TargetId] = set()  # targets that passed a check since they were registered
        self._in_standby: set[str] = set()  # now or once
        self._activities: dict[str, Activity] = {}
        self._not_running: dict[str, datetime] = {}  # members in service whose instance does not run → since
        self._moving: dict[tuple[str, ec2.InstanceState], datetime] = {}  # instances on their way → since
        self._last_event: Event | None = None
        self.follow(on)

    @property
    def violations(self) -> list[str]:
        return self.findings.violations

    def follow(self, on: VirtualSandbox) -> None:
        """From now on this control plane: the first, or the one after a restart."""
        self._on = on
        on.sandbox.journal.on_event(self._hear)
        on.sandbox.drivers.prober.on_result(self._probed)

    def look(self) -> None:
        """Everything that has to hold after each event."""
        self._booted |= {i for i, machine in self._on.world.machines.items() if machine.boots}
        groups = reading.groups()
        members = {m.instance_id: (group, m) for group in groups.values() for m in group.instance_states}
        instances, targets = reading.instances(), reading.targets()
        self._membership(groups, members)
        self._in_service(members, instances)
        self._healthy(targets)
        self._moves("instance", instances)
        self._moves("member", {i: m.lifecycle for i, (_, m) in members.items()})
        self._moves("target", targets)
        for group in groups.values():
            self._follow_activities(group)

    def look_at_rest(self) -> None:
        """Everything that has to hold when all that was due has been done."""
        self.look()
        instances = reading.instances()
        for instance_id, machine in self._on.world.machines.items():
            gone = instances.get(instance_id) in (None, ec2.InstanceState.TERMINATED)
            self._expect(not gone, "a machine of {} is there (running: {}), and no such instance", instance_id, machine.running)
        containers = self._on.runtime.containers()
        for instance_id, state in instances.items():
            there = instance_id in containers or state is not ec2.InstanceState.RUNNING
            self._expect(there, "{} is running and has no machine", instance_id)
        self._dead_members(instances)
        self._stuck(instances)

    # ---- what happens

    def _hear(self, event: Event) -> None:
        self._expect(event.detail_type not in BUGS, "{}\n{}", event.summary, event.detail.get("traceback"))
        before, self._last_event = self._last_event, event
        if before:
            self._expect(
                before.id < event.id and before.at <= event.at, "{} does not come after {}: {}", event.id, before.id, event.summary
            )
        self._cause(event)
        if event.detail_type == elbv2.HEALTH_CHANGE and event.detail["state"] == "initial":
            self._forget_checks(event.detail["target-group"], **event.detail["target"])
        self.look()

    def _cause(self, event: Event) -> None:
        """Every event follows from an earlier one, or is one of those with which a story begins."""
        if event.cause is None:
            self._expect(may_begin(event), "no cause: {}: {}", event.detail_type, event.summary)
            return
        cause = self._on.sandbox.journal.get(event.cause)
        earlier = cause is not None and int(cause.id[1:]) < int(event.id[1:]) and cause.at <= event.at
        self._expect(earlier, "the cause {} of {} is not earlier: {}", event.cause, event.id, event.summary)

    def _forget_checks(self, target_group: str, id: str, port: int) -> None:
        again = elbv2.TargetKey(id, port)
        self._passed = {(arn, key) for arn, key in self._passed if (arn.split("/")[1], key) != (target_group, again)}

    def _probed(self, key: str) -> None:
        result = self._on.sandbox.drivers.prober.latest(key)
        if result is None or result.outcome is not ProbeOutcome.ANSWERED or result.status_code is None:
            return
        arn, target_id, port = key.split("|")
        if reading.accepts(arn, result.status_code):
            self._passed.add((arn, elbv2.TargetKey(target_id, int(port))))

    # ---- what is

    def _membership(self, groups: Mapping[str, Any], members: Mapping[str, tuple[Any, Any]]) -> None:
        """Each instance is a member of one group at most; capacity is within its limits; no launch goes above it."""
        self._expect(sum(len(g.instance_states) for g in groups.values()) == len(members), "an instance is a member twice")
        self._in_standby |= {i for i, (_, m) in members.items() if m.lifecycle is asg.LifecycleState.STANDBY}
        known = self._known.get("member", {})
        for name, group in groups.items():
            if group.sandbox.deleting is None:
                sizes = (group.min_size, group.desired_capacity, group.max_size)
                self._expect(sizes[0] <= sizes[1] <= sizes[2], "{} has MinSize, DesiredCapacity and MaxSize {}", name, sizes)
            if any(m.instance_id not in known for m in group.instance_states):
                self._size(group)

    def _size(self, group: Any) -> None:
        """No launch goes above the desired capacity, but for a rebalance, which may add up to MaxSize and a little (ASG-28), and for whom a
        user takes back from standby while the group is still scaling in: the request counts desired capacity, not members (ASG-73)."""
        counted = [m for m in group.instance_states if m.lifecycle.counts_toward_desired_capacity]
        rebalancing = any(m.purpose is Purpose.REBALANCE for m in counted)
        returned = sum(m.instance_id in self._in_standby for m in counted)
        limit = group.max_size + max(1, round(group.max_size / 10)) if rebalancing else group.desired_capacity
        sentence = "{} launched up to {} members, desired {}"
        self._expect(len(counted) <= limit + returned, sentence, group.name, len(counted), group.desired_capacity)

    def _in_service(self, members: Mapping[str, tuple[Any, Any]], instances: Mapping[str, ec2.InstanceState]) -> None:
        """A member enters service only while its instance runs, and that only after its machine has booted."""
        known, states = self._known.get("member", {}), self._known.get("instance", {})
        for instance_id, (_, member) in members.items():
            if member.lifecycle is not asg.LifecycleState.IN_SERVICE:
                continue
            self._expect(instance_id in self._booted, "{} is in service and its machine never ran", instance_id)
            if known.get(instance_id) is not asg.LifecycleState.IN_SERVICE:
                runs = ec2.InstanceState.RUNNING in (instances.get(instance_id), states.get(instance_id))
                self._expect(runs, "{} entered service and is {}", instance_id, instances.get(instance_id))

    def _dead_members(self, instances: Mapping[str, ec2.InstanceState]) -> None:
        now, dead = self._on.now(), dict[str, datetime]()
        for name, group in reading.groups().items():
            if self._calls_fail() or REPLACING & set(group.sandbox.suspended):
                continue
            for member in group.instance_states:
                if member.lifecycle is asg.LifecycleState.IN_SERVICE and instances.get(member.instance_id) is not ec2.InstanceState.RUNNING:
                    since = dead[member.instance_id] = self._not_running.get(member.instance_id, now)
                    self._expect(now - since < NOTICED, "{} of {} is in service without a running instance", member.instance_id, name)
        self._not_running = dead

    def _stuck(self, instances: Mapping[str, ec2.InstanceState]) -> None:
        now = self._on.now()
        moving = {(i, state): self._moving.get((i, state), now) for i, state in instances.items() if state in MOVING}
        for (instance_id, state), since in moving.items():
            self._expect(now - since <= SETTLED, "{} is {} since {}", instance_id, state, since)
        self._moving = moving

    def _healthy(self, targets: Mapping[reading.TargetId, elbv2.TargetState]) -> None:
        self._passed &= targets.keys()
        for target, state in targets.items():
            if state is elbv2.TargetState.HEALTHY:
                self._expect(target in self._passed, "{} of {} is healthy and never passed a check", target[1], target[0])

    def _moves(self, kind: str, now: Mapping[Any, Any]) -> None:
        """Each thing came in a first state, moved along its table, and went by a last one."""
        edges, last = EDGES[kind], LAST[kind]
        before = self._known.get(kind, {})
        for thing, state in now.items():
            if thing not in before:
                self._expect(state in FIRST[kind], "{} {} began as {}", kind, thing, state)
            elif before[thing] is not state:
                self._expect((before[thing], state) in edges, "{} {} went from {} to {}", kind, thing, before[thing], state)
        for thing in before.keys() - now.keys():
            if kind == "target" and thing[0] not in reading.target_groups():  # type: ignore[index]
                continue
            left = before[thing] in last or any((before[thing], end) in edges for end in last)
            self._expect(left, "{} {} was {} and is gone", kind, thing, before[thing])
        self._known[kind] = dict(now)

    def _follow_activities(self, group: Any) -> None:
        """Progress never goes back, and what has ended stays as it ended."""
        for activity in group.sandbox.activities.values():
            before = self._activities.get(activity.id)
            self._activities[activity.id] = activity
            if before is None or before is activity:
                continue
            self._expect(activity.progress >= before.progress, "activity went back to {} %: {}", activity.progress, activity.description)
            self._expect(before.end is None or activity == before, "activity changed after its end: {}", activity.description)
            self._expect(
                (activity.end is None) or activity.status in ENDED, "activity {} has an end: {}", activity.status, activity.description
            )

    def _expect(self, held: bool, template: str, *values: object) -> None:
        self.findings.expect(held, self._on.now, template, *values)
