"""Faults of the control plane in a whole sandbox: which calls fail with which of AWS's errors, and what goes on without the API."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.core.errors import UserError
from sandbox.core.ports import FaultRequest
from tests.support import Fleet, VirtualSandbox, rule, virtual_sandbox
from tests.support.fleet import AMI

ROLE = "arn:aws:iam::123456789012:role/deployer"


@pytest.fixture
def on() -> Iterator[VirtualSandbox]:
    made = virtual_sandbox(seed=5)
    yield made
    made.sandbox.close()


def inject(on: VirtualSandbox, kind: str, *targets: str, lasts: timedelta | None = None, **parameters: object) -> str:
    return on.sandbox.injector.inject(FaultRequest(kind=kind, targets=targets, parameters=parameters, duration=lasts))


def outcome(call: Callable[..., Any], **parameters: Any) -> tuple[int, str, str] | None:
    """Status, code and text of the error; None: it succeeded."""
    try:
        call(**parameters)
    except ClientError as error:
        about = error.response
        return about["ResponseMetadata"]["HTTPStatusCode"], about["Error"]["Code"], about["Error"]["Message"]
    return None


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "error"),
    [
        ("ec2", "describe_vpcs", {}, (500, "InternalError", "An internal error has occurred")),
        (
            "autoscaling",
            "describe_auto_scaling_groups",
            {},
            (500, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure."),
        ),
        ("ec2", "describe_vpcs", {"code": "RequestLimitExceeded"}, (503, "RequestLimitExceeded", "Request limit exceeded.")),
        ("elbv2", "describe_load_balancers", {"code": "Throttling", "message": "Slow down"}, (400, "Throttling", "Slow down")),
    ],
)
def test_every_call_of_a_service_fails_with_its_error(
    on: VirtualSandbox, service: str, operation: str, parameters: dict[str, Any], error: tuple[int, str, str]
) -> None:
    fault = inject(on, "api-error", service, **parameters)
    assert outcome(getattr(on.client(service), operation)) == error
    on.sandbox.injector.clear(fault)
    assert outcome(getattr(on.client(service), operation)) is None


@rule("FIS-33")
def test_an_error_can_concern_some_operations_some_roles_or_a_part_of_the_calls(on: VirtualSandbox) -> None:
    ec2 = on.client("ec2")
    one = inject(on, "api-error", "ec2", operation="DescribeVpcs, DescribeSubnets")
    assert [bool(outcome(call)) for call in (ec2.describe_vpcs, ec2.describe_subnets, ec2.describe_images)] == [True, True, False]
    on.sandbox.injector.clear(one)
    inject(on, "api-error", "ec2", roles=ROLE)
    assert outcome(ec2.describe_vpcs) is None
    inject(on, "api-error", "sqs", percent=40)
    failed = sum(bool(outcome(on.client("sqs").list_queues)) for _ in range(200))
    assert 60 < failed < 100


@pytest.mark.parametrize(
    ("kind", "target", "parameters", "text"),
    [
        ("api-error", "ec2", {"operation": "RunInstance"}, "ec2 has no operation 'RunInstance'."),
        ("api-error", "ec2", {"code": "Odd"}, "The text of Odd is not known here: add --set message=TEXT."),
        ("api-throttle", "ec2", {}, "api-throttle needs the parameter rate"),
        ("api-latency", "ec2", {"milliseconds": 100}, "api-latency is not possible in the simulated runtime"),
        ("stale-configuration", "ec2", {}, "security groups and routes do not filter packets in this sandbox"),
        ("stale-configuration", "elbv2", {"operation": "CreateLoadBalancer"}, "cannot hold the changes of CreateLoadBalancer"),
        ("describe-instances-impaired", "us-east-9z", {}, "There is no Availability Zone 'us-east-9z'."),
    ],
)
def test_what_cannot_be_is_refused_by_name(on: VirtualSandbox, kind: str, target: str, parameters: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError) as refused:
        inject(on, kind, target, **parameters)
    assert text in str(refused.value)
    assert on.sandbox.faults.active() == ()


@pytest.mark.parametrize(
    ("service", "operation", "error"),
    [
        ("ec2", "describe_vpcs", (503, "RequestLimitExceeded", "Request limit exceeded.")),
        ("elbv2", "describe_load_balancers", (400, "Throttling", "Rate exceeded")),
        ("ssm", "describe_parameters", (400, "ThrottlingException", "Rate exceeded")),
    ],
)
def test_calls_above_the_rate_are_throttled_in_the_service_s_words(
    on: VirtualSandbox, service: str, operation: str, error: tuple[int, str, str]
) -> None:
    inject(on, "api-throttle", service, rate=2)
    call = getattr(on.client(service), operation)
    assert [outcome(call) for _ in range(4)] == [None, None, error, error]
    on.run(0.5)
    assert [outcome(call) for _ in range(2)] == [None, error]


@rule("EC2-17")
def test_describe_instances_fails_for_the_zone_and_for_everything(on: VirtualSandbox) -> None:
    ec2 = on.client("ec2")
    ids = {
        zone: ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, Placement={"AvailabilityZone": zone})["Instances"][0]["InstanceId"]
        for zone in ("us-east-1a", "us-east-1b")
    }
    inject(on, "describe-instances-impaired", "us-east-1a")
    error = (500, "InternalError", "An internal error has occurred")
    assert outcome(ec2.describe_instances) == error
    assert outcome(ec2.describe_instances, InstanceIds=list(ids.values())) == error
    assert outcome(ec2.describe_instances, InstanceIds=[ids["us-east-1b"]]) is None
    assert outcome(ec2.describe_instance_status) is None


@rule("ASG-60", "ASG-61")
def test_auto_scaling_cannot_launch_while_ec2_fails_and_makes_up_for_it(on: VirtualSandbox) -> None:
    fleet = Fleet(on).make()
    on.run(120)
    inject(on, "api-error", "ec2", operation="RunInstances", lasts=timedelta(minutes=5))
    victim = next(iter(on.world.machines))
    on.client("ec2").terminate_instances(InstanceIds=[victim])
    on.run(240)
    members = [i for i in fleet.described()["Instances"] if i["LifecycleState"] == "InService"]
    failed = [a for a in on.client("autoscaling").describe_scaling_activities()["Activities"] if a["StatusCode"] == "Failed"]
    assert len(members) == 2
    assert {a["StatusMessage"] for a in failed} == {"An internal error has occurred. Launching EC2 instance failed."}
    on.run(600)
    assert len([i for i in fleet.described()["Instances"] if i["LifecycleState"] == "InService"]) == 3
    assert not [event for event in on.sandbox.journal.events() if event.source == "sandbox.engine"], "no reconcile counts as a bug"


@rule("AZ-6")
def test_changes_of_targets_are_accepted_and_not_applied_until_the_fault_ends(on: VirtualSandbox) -> None:
    fleet = Fleet(on).make()
    on.run(120)
    elbv2, proxy = on.client("elbv2"), on.sandbox.simulated.proxy
    name = elbv2.describe_load_balancers()["LoadBalancers"][0]["DNSName"]
    victim = fleet.in_service()[0]

    def served_by() -> set[str | None]:
        return {proxy.request(name).target_id for _ in range(30)}

    fault = inject(on, "stale-configuration", "elasticloadbalancing")
    elbv2.deregister_targets(TargetGroupArn=fleet.target_group, Targets=[{"Id": victim}])
    on.run(5)
    assert fleet.health()[victim] == "draining"
    assert victim in served_by()
    on.sandbox.injector.clear(fault)
    on.run(1)
    assert victim not in served_by()
    told = [event.detail_type for event in on.sandbox.journal.events() if event.source == "sandbox.proxy"]
    assert told == ["Configuration Not Applied", "Configuration Applied"]
