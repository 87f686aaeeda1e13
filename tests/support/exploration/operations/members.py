"""What users do to single members of a group."""

import random

from tests.support.exploration.account import Account, one_of
from tests.support.exploration.registry import operation


@operation
def terminate_in_group(account: Account, pick: random.Random) -> None:
    _, instance_id = account.member(pick)
    account.autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=instance_id, ShouldDecrementDesiredCapacity=pick.random() < 0.5)


@operation
def set_instance_health(account: Account, pick: random.Random) -> None:
    _, instance_id = account.member(pick)
    health = pick.choice(["Unhealthy", "Unhealthy", "Healthy"])
    respect = pick.random() < 0.5
    account.autoscaling.set_instance_health(InstanceId=instance_id, HealthStatus=health, ShouldRespectGracePeriod=respect)


@operation
def detach_instance(account: Account, pick: random.Random) -> None:
    group, instance_id = account.member(pick)
    account.autoscaling.detach_instances(
        AutoScalingGroupName=group["AutoScalingGroupName"],
        InstanceIds=[instance_id],
        ShouldDecrementDesiredCapacity=pick.random() < 0.5,
    )
    account.taken_out.add(instance_id)


@operation
def attach_instance(account: Account, pick: random.Random) -> None:
    """One that a user launched or detached."""
    instance_id = one_of(pick, sorted(account.taken_out))
    account.autoscaling.attach_instances(AutoScalingGroupName=account.group(pick)["AutoScalingGroupName"], InstanceIds=[instance_id])
    account.taken_out.discard(instance_id)


@operation
def enter_standby(account: Account, pick: random.Random) -> None:
    group, instance_id = account.member(pick)
    account.autoscaling.enter_standby(
        AutoScalingGroupName=group["AutoScalingGroupName"],
        InstanceIds=[instance_id],
        ShouldDecrementDesiredCapacity=pick.random() < 0.5,
    )


@operation
def exit_standby(account: Account, pick: random.Random) -> None:
    group, instance_id = account.member(pick, "Standby")
    account.autoscaling.exit_standby(AutoScalingGroupName=group["AutoScalingGroupName"], InstanceIds=[instance_id])


@operation
def protect_from_scale_in(account: Account, pick: random.Random) -> None:
    group, instance_id = account.member(pick)
    account.autoscaling.set_instance_protection(
        AutoScalingGroupName=group["AutoScalingGroupName"], InstanceIds=[instance_id], ProtectedFromScaleIn=pick.random() < 0.7
    )
