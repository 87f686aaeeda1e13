"""Stacks that contain one of each resource type, and the tutorial's: made, changed and deleted, after which nothing is left."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.services.cloudformation.resources.registry import TYPES
from tests.support.services.stacks import Stacks, make

ROOT = Path(__file__).resolve().parents[3]
EVERY_TYPE = (ROOT / "tests" / "fixtures" / "templates" / "every_type.yaml").read_text()
NAMED = {"Capabilities": ["CAPABILITY_IAM"]}
NOT_HERE = {"AWS::CloudFormation::Stack"}  # test_nested_stacks.py has it

QUESTIONS: tuple[tuple[str, str, str], ...] = (
    ("ec2", "describe_vpcs", "Vpcs"),
    ("ec2", "describe_subnets", "Subnets"),
    ("ec2", "describe_internet_gateways", "InternetGateways"),
    ("ec2", "describe_route_tables", "RouteTables"),
    ("ec2", "describe_addresses", "Addresses"),
    ("ec2", "describe_security_groups", "SecurityGroups"),
    ("ec2", "describe_network_acls", "NetworkAcls"),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces"),
    ("ec2", "describe_key_pairs", "KeyPairs"),
    ("ec2", "describe_volumes", "Volumes"),
    ("ec2", "describe_launch_templates", "LaunchTemplates"),
    ("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"),
    ("autoscaling", "describe_launch_configurations", "LaunchConfigurations"),
    ("autoscaling", "describe_policies", "ScalingPolicies"),
    ("autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions"),
    ("elbv2", "describe_load_balancers", "LoadBalancers"),
    ("elbv2", "describe_target_groups", "TargetGroups"),
    ("cloudwatch", "describe_alarms", "MetricAlarms"),
    ("cloudwatch", "describe_alarms", "CompositeAlarms"),
    ("cloudwatch", "list_dashboards", "DashboardEntries"),
    ("sns", "list_topics", "Topics"),
    ("sns", "list_subscriptions", "Subscriptions"),
    ("sqs", "list_queues", "QueueUrls"),
    ("iam", "list_roles", "Roles"),
    ("iam", "list_instance_profiles", "InstanceProfiles"),
    ("ssm", "describe_parameters", "Parameters"),
    ("s3", "list_buckets", "Buckets"),
    ("fis", "list_experiment_templates", "experimentTemplates"),
    ("arc-zonal-shift", "list_managed_resources", "items"),
)


@pytest.fixture
def on() -> Stacks:
    return make(seed=5)


def world(on: Stacks) -> dict[tuple[str, str], Any]:
    """How many there are of each kind of thing. Terminated instances stay visible for an hour, as on AWS."""
    counts = {(service, member): len(getattr(on.sandbox.client(service), ask)().get(member, [])) for service, ask, member in QUESTIONS}
    policies = on.sandbox.client("iam").list_policies(Scope="Local")["Policies"]
    instances = [i["State"]["Name"] for r in on.ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    return counts | {("iam", "Policies"): len(policies), ("ec2", "live instances"): len(instances) - instances.count("terminated")}


def test_one_of_each_type_is_made_changed_and_deleted(on: Stacks) -> None:
    before = world(on)
    on.create("all", EVERY_TYPE, seconds=0, **NAMED)
    assert ended(on, "all") == "CREATE_COMPLETE", failures(on, "all")
    resources = on.cfn.describe_stack_resources(StackName="all")["StackResources"]
    assert {each["ResourceType"] for each in resources} == TYPES.keys() - NOT_HERE
    changed = [{"ParameterKey": "Colour", "ParameterValue": "blue"}, {"ParameterKey": "Capacity", "ParameterValue": "2"}]
    on.update("all", seconds=0, Parameters=changed, Tags=[{"Key": "team", "Value": "web"}], **NAMED)
    assert ended(on, "all") == "UPDATE_COMPLETE", failures(on, "all")
    assert on.described("all")["Outputs"][0]["OutputValue"].endswith(",blue")
    assert on.physical_ids("all").keys() == {each["LogicalResourceId"] for each in resources}
    on.delete("all", seconds=0)
    assert ended(on, resources[0]["StackId"]) == "DELETE_COMPLETE"
    assert world(on) == before


def ended(on: Stacks, name: str) -> str:
    """The stack's status when nothing is in progress any more."""
    on.sandbox.until(lambda: not on.status(name)[0].endswith("IN_PROGRESS"), limit=1800, step=5)
    return on.status(name)[0]


def failures(on: Stacks, name: str) -> list[tuple[str, str, str | None]]:
    return [event for event in on.events(name) if "FAILED" in event[1] or "ROLLBACK" in event[1]]
