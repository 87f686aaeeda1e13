"""Requests about instances that are refused, with AWS's codes and texts."""

from typing import Any

import pytest

from tests.support import rule
from tests.support.api.ec2 import HERE, NOT_FOUND, UNKNOWN, Ec2, error_of

NO_TEMPLATE = "lt-0123456789abcdef0"


@rule("EC2-7", "EC2-14")
class TestErrors:
    @pytest.mark.parametrize("operation", ["terminate_instances", "stop_instances", "start_instances", "reboot_instances"])
    def test_an_unknown_id_in_a_batch_and_nothing_happens(self, ec2: Ec2, operation: str) -> None:
        ids = ec2.running()
        assert error_of(getattr(ec2.api, operation), InstanceIds=[*ids, UNKNOWN]) == NOT_FOUND
        ec2.wait(3)
        assert ec2.state(ids[0]) == "running"
        assert [verb for verb, _ in ec2.machines.asked] == ["launch"]

    def test_two_unknown_ids(self, ec2: Ec2) -> None:
        other = UNKNOWN.replace("0123", "4567")
        error = error_of(ec2.api.describe_instances, InstanceIds=[UNKNOWN, other])
        assert error == ("InvalidInstanceID.NotFound", f"The instance IDs '{UNKNOWN}, {other}' do not exist")

    @pytest.mark.parametrize("instance_id", ["i-12", "web-1", "i-0123456789ABCDEF0", "i-0123456789abcdef01"])
    @pytest.mark.parametrize("operation", ["terminate_instances", "describe_instances", "describe_instance_status"])
    def test_a_malformed_id(self, ec2: Ec2, operation: str, instance_id: str) -> None:
        error = error_of(getattr(ec2.api, operation), InstanceIds=[instance_id])
        assert error == ("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')

    @pytest.mark.parametrize(
        ("path", "operation", "text"),
        [
            ([], "stop_instances", "This instance '{}' is not in a state from which it can be stopped."),
            (["terminate_instances"], "stop_instances", "This instance '{}' is not in a state from which it can be stopped."),
            (["terminate_instances"], "start_instances", "The instance '{}' is not in a state from which it can be started."),
            (["terminate_instances", "wait"], "start_instances", "The instance '{}' is not in a state from which it can be started."),
            ([], "reboot_instances", "The instance '{}' is not in a state from which it can be rebooted."),
            (["wait", "stop_instances"], "start_instances", "The instance '{}' is not in a state from which it can be started."),
        ],
    )  # fmt: skip
    def test_the_wrong_state(self, ec2: Ec2, path: list[str], operation: str, text: str) -> None:
        ids = ec2.run()
        for step in path:
            if step == "wait":
                ec2.wait(3)
            else:
                getattr(ec2.api, step)(InstanceIds=ids)
        assert error_of(getattr(ec2.api, operation), InstanceIds=ids) == ("IncorrectInstanceState", text.format(ids[0]))

    @pytest.mark.parametrize(
        ("operation", "list_name", "state"),
        [("start_instances", "StartingInstances", "running"), ("stop_instances", "StoppingInstances", "stopped")],
    )
    def test_asking_for_what_is_there_changes_nothing(self, ec2: Ec2, operation: str, list_name: str, state: str) -> None:
        ids = ec2.running()
        if state == "stopped":
            ec2.api.stop_instances(InstanceIds=ids)
            ec2.wait(3)
        told = ec2.states_told(ids[0])
        (change,) = getattr(ec2.api, operation)(InstanceIds=ids)[list_name]
        ec2.wait(3)
        assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == (state, state)
        assert ec2.states_told(ids[0]) == told

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({"ImageId": "ami-00000000000000000"}, ("InvalidAMIID.NotFound", "The image id '[ami-00000000000000000]' does not exist")),
            ({"KeyName": "your-key-pair"}, ("InvalidKeyPair.NotFound", "The key pair 'your-key-pair' does not exist")),
            ({"ImageId": "web"}, ("InvalidAMIID.Malformed", 'Invalid id: "web" (expecting "ami-...")')),
            (
                {"LaunchTemplate": {"LaunchTemplateId": NO_TEMPLATE}},
                ("InvalidLaunchTemplateId.NotFound", f"The specified launch template, with template ID {NO_TEMPLATE}, does not exist."),
            ),
            ({"SubnetId": "subnet-12345"}, ("InvalidSubnetID.NotFound", "The subnet ID 'subnet-12345' does not exist")),
        ],
    )
    def test_a_launch_with_what_is_not_there(self, ec2: Ec2, parameters: dict[str, Any], error: tuple[str, str]) -> None:
        assert error_of(ec2.run, **parameters) == error
        assert ec2.ids() == []

    def test_a_launch_without_an_image(self, ec2: Ec2) -> None:
        error = error_of(ec2.api.run_instances, MinCount=1, MaxCount=1)
        assert error == ("MissingParameter", "The request must contain the parameter ImageId")
        assert ec2.ids() == []

    def test_a_launch_into_a_security_group_that_is_not_there(self, ec2: Ec2) -> None:
        vpc = ec2.api.describe_vpcs()["Vpcs"][0]["VpcId"]
        error = error_of(ec2.run, SecurityGroups=["web"])
        assert error == ("InvalidGroup.NotFound", f"The security group 'web' does not exist in default VPC '{vpc}'")
        assert ec2.ids() == []

    @pytest.mark.parametrize(
        ("named", "error"),
        [
            ({"LaunchTemplateName": "web"},
             ("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name web, does not exist.")),
            ({"LaunchTemplateId": NO_TEMPLATE},
             ("InvalidLaunchTemplateId.NotFound", f"The specified launch template, with template ID {NO_TEMPLATE}, does not exist.")),
        ],
    )  # fmt: skip
    def test_a_template_that_is_not_there_is_not_deleted(self, ec2: Ec2, named: dict[str, str], error: tuple[str, str]) -> None:
        assert error_of(ec2.api.delete_launch_template, **named) == error

    def test_pages_that_cannot_be(self, ec2: Ec2) -> None:
        assert error_of(ec2.api.describe_instances, NextToken="more") == ("InvalidNextToken", "The specified NextToken is not valid.")
        assert error_of(ec2.api.describe_instances, MaxResults=4)[0] == "InvalidParameterValue"
        assert error_of(ec2.api.describe_instances, MaxResults=1001)[0] == "InvalidParameterValue"

    def test_instances_come_in_pages(self, ec2: Ec2) -> None:
        launched = [instance_id for _ in range(7) for instance_id in ec2.run()]
        first = ec2.api.describe_instances(MaxResults=5)
        second = ec2.api.describe_instances(MaxResults=5, NextToken=first["NextToken"])
        assert [i["InstanceId"] for page in (first, second) for r in page["Reservations"] for i in r["Instances"]] == launched

    def test_a_subnet_in_use_is_not_deleted(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.running()
        subnet = ec2.api.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]["SubnetId"]
        in_use = ("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.")
        assert error_of(ec2.api.delete_subnet, SubnetId=subnet) == in_use
        ec2.api.terminate_instances(InstanceIds=[instance_id])
        ec2.wait(3)
        ec2.api.delete_subnet(SubnetId=subnet)

    def test_a_subnet_of_a_load_balancer_is_not_deleted(self, ec2: Ec2) -> None:
        subnets = [subnet["SubnetId"] for subnet in ec2.api.describe_subnets()["Subnets"]][:2]
        elbv2 = ec2.transport.client("elbv2", HERE)
        (balancer,) = elbv2.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"]
        assert error_of(ec2.api.delete_subnet, SubnetId=subnets[0])[0] == "DependencyViolation"
        elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
        ec2.api.delete_subnet(SubnetId=subnets[0])

    @pytest.mark.parametrize(("least", "most"), [(3, 2), (0, 0), (-1, 1)])
    def test_counts_that_cannot_be(self, ec2: Ec2, least: int, most: int) -> None:
        assert error_of(ec2.run, MinCount=least, MaxCount=most)[0] == "InvalidParameterValue"

    def test_an_unknown_filter(self, ec2: Ec2) -> None:
        error = ("InvalidParameterValue", "The filter 'colour' is invalid")
        asked = [{"Name": "colour", "Values": ["red"]}]
        assert error_of(ec2.api.describe_instances, Filters=asked) == error
        assert error_of(ec2.api.describe_instance_status, Filters=asked) == error
