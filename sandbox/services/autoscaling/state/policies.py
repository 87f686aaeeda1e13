"""Runs a scaling policy: for a CloudWatch alarm (each minute while it is in ALARM, SCL-4) or for ExecutePolicy. Called under the lock.

`execute_policy` implements core/ports.py's ExecutePolicy, which CloudWatch calls. Its errors are shown in the alarm's history.
"""

from datetime import datetime, timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import autoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends

from sandbox.aws.backends import find
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.activity_model import Trigger
from sandbox.services.autoscaling.decide import policies, target_tracking, texts
from sandbox.services.autoscaling.decide.policies import PolicyFailure
from sandbox.services.autoscaling.model import Process
from sandbox.services.autoscaling.policy_model import Breach, GroupCapacity, PolicyType, RequestedCapacity, ScalingPolicy
from sandbox.services.autoscaling.state import activities, snapshot, writes
from sandbox.services.autoscaling.state.clients import scope_of

BASIC, DETAILED = timedelta(minutes=5), timedelta(minutes=1)  # SCL-14


def execute_policy(
    *, scope: Scope, policy_arn: str, alarm_name: str, alarm_state: str, datapoints: tuple[float, ...], threshold: float | None
) -> None:
    """Sets the group's desired capacity to what the policy requests. Raises PolicyFailure (SCL-5)."""
    backend, policy = _find(scope, policy_arn)
    group = backend.autoscaling_groups[policy.auto_scaling_group_name]
    if not policy.enabled or Process.ALARM_NOTIFICATION in group.sandbox.suspended or group.sandbox.deleting is not None:
        return
    now = context().clock.now()
    if policy.type is PolicyType.SIMPLE and activities.blocking(group, now):
        return  # SCL-34
    low = policy.low is not None and policy.low.name == alarm_name
    size = _group_capacity(group, policy, now)
    own = policies.requested_capacity(policy, size, Breach(datapoints=datapoints, threshold=threshold, low=low))
    if low and not _all_ready(backend, policy):
        own = max(own, size.desired)
    new = policies.combined_capacity(own, size, _others(group, policy), now)
    group.sandbox.requested_capacities[policy.arn] = RequestedCapacity(at=now, capacity=own)
    sentence = texts.alarm(now, (alarm_name, policy.name), size.desired, new, alarm_state)
    with context().journal.because(context().journal.latest(alarm_name) or context().journal.current_cause):
        _resize(group, new, sentence, _trigger(group, policy, alarm_name))


def execute_on_request(group: Any, policy: ScalingPolicy, breach: Breach, honor_cooldown: bool) -> None:
    """SCL-36. Raises ScalingActivityInProgress while a cooldown that is honored lasts, and ValidationError when the policy fails."""
    now = context().clock.now()
    if honor_cooldown and policy.type is PolicyType.SIMPLE and (activity := activities.blocking(group, now)):
        raise errors.blocked(activity.id)
    size = _group_capacity(group, policy, now)
    try:
        new = policies.requested_capacity(policy, size, breach)
    except PolicyFailure as failure:
        raise errors.invalid(str(failure)) from None
    _resize(group, new, texts.policy_executed(now, policy.name, size.desired, new), _trigger(group, policy, None))


def _find(scope: Scope, policy_arn: str) -> tuple[Any, ScalingPolicy]:
    """The policy's backend and the policy. Raises PolicyFailure: the alarm names a policy that does not exist."""
    region, account = policy_arn.split(":")[3:5]
    backend = find(autoscaling_backends, Scope(account, region)) if account == scope.account else None
    for policy in backend.policies.values() if backend else ():
        if policy.arn == policy_arn:
            return backend, policy
    raise PolicyFailure(f"No scaling policy found for ARN {policy_arn}")  # (U)


def _group_capacity(group: Any, policy: ScalingPolicy, now: datetime) -> GroupCapacity:
    basic = target_tracking.tracks_ec2(policy) and any(not member.instance.monitored for member in group.instance_states)
    return policies.group_capacity(snapshot.read_group(group, context().journal), now, BASIC if basic else DETAILED)


def _all_ready(backend: Any, policy: ScalingPolicy) -> bool:
    """SCL-18: every policy of the group that tracks a target and scales in is at its low alarm."""
    cloudwatch = find(cloudwatch_backends, scope_of(backend))
    alarms = cloudwatch.alarms if cloudwatch else {}
    return all(
        other.low.name in alarms and alarms[other.low.name].state_value == "ALARM"
        for other in backend.policies_of(policy.auto_scaling_group_name)
        if other.enabled and other.low is not None and other.arn != policy.arn
    )


def _others(group: Any, policy: ScalingPolicy) -> list[RequestedCapacity]:
    return [request for arn, request in group.sandbox.requested_capacities.items() if arn != policy.arn]


def _trigger(group: Any, policy: ScalingPolicy, alarm: str | None) -> Trigger:
    warmup = policies.warmup(policy, group.sandbox.default_instance_warmup, group.default_cooldown)
    cooldown = None if policy.cooldown is None else timedelta(seconds=policy.cooldown)
    return Trigger(policy_arn=policy.arn, alarm=alarm, warmup=warmup, cooldown=cooldown)


def _resize(group: Any, new: int, sentence: str, trigger: Trigger) -> None:
    if new == group.desired_capacity or (new < group.desired_capacity and context().zonal_shifts.shifted_zones(group.arn)):
        return  # ASG-112: during a zonal shift, policies do not lower the desired capacity
    writes.change_desired(group, new, sentence, trigger)
    context().wake("autoscaling", scope_of(group.autoscaling_backend).key(group.name))
