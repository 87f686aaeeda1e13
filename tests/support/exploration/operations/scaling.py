"""Scaling policies and scheduled actions."""

import random
from datetime import timedelta
from typing import Any

from tests.support.exploration.account import Account, one_of
from tests.support.exploration.registry import operation

CPU = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}


def policy_settings(pick: random.Random) -> dict[str, Any]:
    match pick.randint(0, 2):
        case 0:
            tracking = CPU | {"TargetValue": pick.choice([20.0, 50.0]), "DisableScaleIn": pick.random() < 0.3}
            return {"PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration": tracking}
        case 1:
            steps = [
                {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 1},
                {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 2},
            ]
            kind = pick.choice(["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"])
            return {"PolicyType": "StepScaling", "AdjustmentType": kind, "StepAdjustments": steps}
        case _:
            change = pick.choice([-2, -1, 1, 3])
            return {"PolicyType": "SimpleScaling", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": change, "Cooldown": 60}


@operation
def put_scaling_policy(account: Account, pick: random.Random) -> None:
    account.autoscaling.put_scaling_policy(
        AutoScalingGroupName=account.group(pick)["AutoScalingGroupName"], PolicyName=pick.choice(["cpu", "out"]), **policy_settings(pick)
    )


@operation
def delete_policy(account: Account, pick: random.Random) -> None:
    policy = one_of(pick, account.autoscaling.describe_policies()["ScalingPolicies"])
    account.autoscaling.delete_policy(AutoScalingGroupName=policy["AutoScalingGroupName"], PolicyName=policy["PolicyName"])


@operation
def execute_policy(account: Account, pick: random.Random) -> None:
    policy = one_of(pick, account.autoscaling.describe_policies()["ScalingPolicies"])
    stepped = {"MetricValue": 90.0, "BreachThreshold": 60.0} if policy["PolicyType"] == "StepScaling" else {}
    account.autoscaling.execute_policy(
        AutoScalingGroupName=policy["AutoScalingGroupName"],
        PolicyName=policy["PolicyName"],
        HonorCooldown=pick.random() < 0.3,
        **stepped,
    )


@operation
def put_scheduled_action(account: Account, pick: random.Random) -> None:
    soon = account.on.now() + timedelta(seconds=pick.choice([90, 600]))
    when = pick.choice([{"StartTime": soon}, {"Recurrence": "*/10 * * * *"}, {"StartTime": soon, "Recurrence": "*/15 * * * *"}])
    account.autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName=account.group(pick)["AutoScalingGroupName"],
        ScheduledActionName="planned",
        DesiredCapacity=pick.randint(0, 6),
        **when,
    )


@operation
def delete_scheduled_action(account: Account, pick: random.Random) -> None:
    action = one_of(pick, account.autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"])
    account.autoscaling.delete_scheduled_action(
        AutoScalingGroupName=action["AutoScalingGroupName"], ScheduledActionName=action["ScheduledActionName"]
    )
