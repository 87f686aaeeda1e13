"""What users do with metrics, alarms and topics."""

import random
from typing import Any

from tests.support.exploration.account import SUBSCRIBER, Account, one_of, some_of
from tests.support.exploration.registry import operation

ALARMS = ("high", "low", "custom")


def metric(account: Account, pick: random.Random) -> dict[str, Any]:
    match pick.randint(0, 3):
        case 0:
            name = account.group(pick)["AutoScalingGroupName"]
            return {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Dimensions": [{"Name": "AutoScalingGroupName", "Value": name}]}
        case 1:
            instance_id = account.instance(pick)
            dimensions = [{"Name": "InstanceId", "Value": instance_id}]
            return {"Namespace": "AWS/EC2", "MetricName": "StatusCheckFailed", "Dimensions": dimensions}
        case 2:
            arn, balancer = account.target_group(pick), account.load_balancer(pick)
            dimensions = [
                {"Name": "TargetGroup", "Value": arn.split(":")[-1]},
                {"Name": "LoadBalancer", "Value": balancer.split(":loadbalancer/")[-1]},
            ]
            return {"Namespace": "AWS/ApplicationELB", "MetricName": "HealthyHostCount", "Dimensions": dimensions}
        case _:
            return {"Namespace": "Custom", "MetricName": "queue"}


def actions(account: Account, pick: random.Random) -> list[str]:
    policies = [
        p["PolicyARN"] for p in account.autoscaling.describe_policies()["ScalingPolicies"] if p["PolicyType"] != "TargetTrackingScaling"
    ]
    choices = account.topics() + policies
    return pick.sample(choices, pick.randint(0, min(2, len(choices))))


@operation
def put_metric_alarm(account: Account, pick: random.Random) -> None:
    evaluation = {"Period": pick.choice([60, 300]), "EvaluationPeriods": pick.choice([1, 3]), "Threshold": pick.choice([0.0, 1.0, 50.0])}
    more = some_of(
        pick,
        {
            "AlarmActions": actions(account, pick),
            "OKActions": actions(account, pick),
            "TreatMissingData": pick.choice(["breaching", "notBreaching", "ignore", "missing"]),
        },
    )
    comparison = pick.choice(["GreaterThanThreshold", "LessThanOrEqualToThreshold"])
    account.cloudwatch.put_metric_alarm(
        AlarmName=pick.choice(ALARMS),
        **metric(account, pick),
        Statistic=pick.choice(["Average", "Maximum", "Sum"]),
        ComparisonOperator=comparison,
        **evaluation,
        **more,
    )


@operation
def put_composite_alarm(account: Account, pick: random.Random) -> None:
    first, second = pick.sample(ALARMS, 2)
    rule = f"ALARM({first}) {pick.choice(['AND', 'OR'])} NOT OK({second})"
    account.cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule=rule, AlarmActions=account.topics()[:1])


@operation
def delete_alarm(account: Account, pick: random.Random) -> None:
    found = account.cloudwatch.describe_alarms()
    account.cloudwatch.delete_alarms(AlarmNames=[one_of(pick, found["MetricAlarms"])["AlarmName"]])


@operation
def set_alarm_state(account: Account, pick: random.Random) -> None:
    account.cloudwatch.set_alarm_state(
        AlarmName=one_of(pick, account.cloudwatch.describe_alarms()["MetricAlarms"])["AlarmName"],
        StateValue=pick.choice(["OK", "ALARM", "INSUFFICIENT_DATA"]),
        StateReason="tried",
    )


@operation
def switch_alarm_actions(account: Account, pick: random.Random) -> None:
    switch = pick.choice([account.cloudwatch.enable_alarm_actions, account.cloudwatch.disable_alarm_actions])
    switch(AlarmNames=[pick.choice(ALARMS)])


@operation
def put_metric_data(account: Account, pick: random.Random) -> None:
    data = [{"MetricName": "queue", "Value": float(pick.randint(0, 100)), "Unit": "Count"}]
    account.cloudwatch.put_metric_data(Namespace="Custom", MetricData=data)


@operation
def create_topic(account: Account, pick: random.Random) -> None:
    account.sns.create_topic(Name=pick.choice(["alerts", "audit"]))


@operation
def subscribe(account: Account, pick: random.Random) -> None:
    protocol, endpoint = pick.choice([("http", SUBSCRIBER), ("email", "ops@example.com"), ("sms", "+15555550100")])
    if protocol == "http":
        account.subscriber()
    account.sns.subscribe(TopicArn=one_of(pick, account.topics()), Protocol=protocol, Endpoint=endpoint)


@operation
def publish(account: Account, pick: random.Random) -> None:
    account.sns.publish(TopicArn=one_of(pick, account.topics()), Subject="news", Message=f"number {pick.randint(0, 99)}")


@operation
def unsubscribe(account: Account, pick: random.Random) -> None:
    subscriptions = [s["SubscriptionArn"] for s in account.sns.list_subscriptions()["Subscriptions"]]
    account.sns.unsubscribe(SubscriptionArn=one_of(pick, [arn for arn in subscriptions if arn.startswith("arn:")]))


@operation
def delete_topic(account: Account, pick: random.Random) -> None:
    account.sns.delete_topic(TopicArn=one_of(pick, account.topics()))
