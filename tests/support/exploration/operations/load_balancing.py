"""What users do to load balancers, listeners, rules and target groups, and what clients ask of them."""

import random
from typing import Any

from tests.support.exploration.account import Account, one_of, some_of
from tests.support.exploration.registry import operation

TARGET_GROUPS = ("web", "api", "blue")
BALANCERS = ("web", "edge")
PATHS = ("/", "/api/a", "/health")


def forward(account: Account, pick: random.Random) -> list[dict[str, Any]]:
    match pick.randint(0, 3):
        case 0:
            return [
                {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "x"}}
            ]
        case 1:
            weights = [{"TargetGroupArn": g["TargetGroupArn"], "Weight": pick.randint(0, 2)} for g in account.target_groups()]
            return [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights[:3]}}]
        case _:
            return [{"Type": "forward", "TargetGroupArn": account.target_group(pick)}]


def checks(pick: random.Random) -> dict[str, Any]:
    return {
        "HealthCheckPath": pick.choice(["/health", "/"]),
        "HealthCheckIntervalSeconds": pick.choice([5, 10]),
        "HealthCheckTimeoutSeconds": pick.choice([2, 4]),
        "HealthyThresholdCount": pick.choice([2, 3]),
        "UnhealthyThresholdCount": pick.choice([2, 3]),
        "Matcher": {"HttpCode": pick.choice(["200", "200-399", "201"])},
        "HealthCheckPort": pick.choice(["traffic-port", "80", "81"]),
    }


@operation
def create_target_group(account: Account, pick: random.Random) -> None:
    vpc = account.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    given = some_of(pick, checks(pick))
    account.elbv2.create_target_group(Name=pick.choice(TARGET_GROUPS), Protocol="HTTP", Port=80, VpcId=vpc, **given)


@operation
def modify_target_group(account: Account, pick: random.Random) -> None:
    account.elbv2.modify_target_group(TargetGroupArn=account.target_group(pick), **some_of(pick, checks(pick)))


@operation
def modify_target_group_attributes(account: Account, pick: random.Random) -> None:
    attribute = pick.choice(
        [("deregistration_delay.timeout_seconds", pick.choice(["0", "20", "90"])), ("load_balancing.algorithm.type", "round_robin")]
    )
    account.elbv2.modify_target_group_attributes(
        TargetGroupArn=account.target_group(pick), Attributes=[{"Key": attribute[0], "Value": attribute[1]}]
    )


@operation
def delete_target_group(account: Account, pick: random.Random) -> None:
    account.elbv2.delete_target_group(TargetGroupArn=account.target_group(pick))


@operation
def register_target(account: Account, pick: random.Random) -> None:
    target: dict[str, Any] = {"Id": account.instance(pick)} | ({"Port": 81} if pick.random() < 0.2 else {})
    account.elbv2.register_targets(TargetGroupArn=account.target_group(pick), Targets=[target])


@operation
def deregister_target(account: Account, pick: random.Random) -> None:
    arn = account.target_group(pick)
    health = account.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    account.elbv2.deregister_targets(TargetGroupArn=arn, Targets=[one_of(pick, health)["Target"]])


@operation
def create_load_balancer(account: Account, pick: random.Random) -> None:
    account.elbv2.create_load_balancer(Name=pick.choice(BALANCERS), Subnets=account.subnets(pick))


@operation
def delete_load_balancer(account: Account, pick: random.Random) -> None:
    account.elbv2.delete_load_balancer(LoadBalancerArn=account.load_balancer(pick))


@operation
def set_subnets(account: Account, pick: random.Random) -> None:
    account.elbv2.set_subnets(LoadBalancerArn=account.load_balancer(pick), Subnets=account.subnets(pick))


@operation
def create_listener(account: Account, pick: random.Random) -> None:
    balancer, port = account.load_balancer(pick), pick.choice([80, 8080])
    account.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=forward(account, pick))


@operation
def modify_listener(account: Account, pick: random.Random) -> None:
    account.elbv2.modify_listener(ListenerArn=account.listener(pick), DefaultActions=forward(account, pick))


@operation
def delete_listener(account: Account, pick: random.Random) -> None:
    account.elbv2.delete_listener(ListenerArn=account.listener(pick))


@operation
def create_rule(account: Account, pick: random.Random) -> None:
    conditions = [{"Field": "path-pattern", "PathPatternConfig": {"Values": [pick.choice(["/api/*", "/health"])]}}]
    listener, priority = account.listener(pick), pick.randint(1, 4)
    account.elbv2.create_rule(ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=forward(account, pick))


@operation
def delete_rule(account: Account, pick: random.Random) -> None:
    rules = account.elbv2.describe_rules(ListenerArn=account.listener(pick))["Rules"]
    account.elbv2.delete_rule(RuleArn=one_of(pick, [rule["RuleArn"] for rule in rules if not rule["IsDefault"]]))


@operation
def send_requests(account: Account, pick: random.Random) -> None:
    listener = account.listener(pick)
    for _ in range(pick.randint(1, 20)):
        account.send(listener, pick.choice(PATHS))
