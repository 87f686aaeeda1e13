"""Pages of EC2's Describe operations: whole without MaxResults, and whole again when all pages are put together."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.support import VirtualSandbox, rule
from tests.support.services.ec2_calls import AMI, Readers, Things


def error_of(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def paged(things: Things) -> Iterator[tuple[str, dict[str, Any], str, int]]:
    """The paged operations that answer → operation, its parameters, the list in its answer, the smallest page."""
    versions = {"DescribeLaunchTemplateVersions": {"LaunchTemplateId": things.ids["LaunchTemplateId"]}}
    for operation, parameters in (Readers.of(things).calls | versions).items():
        model = things.api.meta.service_model.operation_model(operation)
        given = model.input_shape.members if model.input_shape else {}
        if "NextToken" not in given or "MaxResults" not in given:
            continue
        lists = [name for name, shape in model.output_shape.members.items() if shape.type_name == "list"]
        yield operation, parameters, lists[-1], max(5, int(given["MaxResults"].metadata.get("min", 1)))


@rule("EC2-50")
def test_the_pages_of_every_operation_put_together_are_the_whole(things: Things) -> None:
    api = things.api
    for number in range(6):  # so that the more common lists are longer than a page
        api.create_volume(AvailabilityZone="us-east-1a", Size=1)
        api.create_launch_template(LaunchTemplateName=f"t{number}", LaunchTemplateData={"ImageId": AMI})
        api.create_launch_template_version(LaunchTemplateId=things.ids["LaunchTemplateId"], LaunchTemplateData={"ImageId": AMI})
        api.create_security_group(GroupName=f"g{number}", Description="g", VpcId=things.ids["VpcId"])
        api.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)
        api.create_internet_gateway()
    longer = []
    for operation, required, answer, size in paged(things):
        call = getattr(api, xform_name(operation))
        whole = call(**required)
        assert not whole.get("NextToken"), operation
        pages, token = [], None
        while token is not None or not pages:
            page = call(**required, MaxResults=size, **({"NextToken": token} if token else {}))
            pages.append(page[answer])
            token = page.get("NextToken") or None
        assert all(len(page) <= size for page in pages), operation
        assert [one for page in pages for one in page] == whole[answer], operation
        longer += [operation] if len(pages) > 1 else []
    assert {"DescribeInstances", "DescribeLaunchTemplates", "DescribeLaunchTemplateVersions", "DescribeVolumes"} <= set(longer)
    assert len(longer) > 10


@rule("EC2-50")
def test_describe_instances_returns_everything_without_a_page(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")
    launched = [
        api.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"] for _ in range(120)
    ]
    described = api.describe_instances()
    assert [i["InstanceId"] for r in described["Reservations"] for i in r["Instances"]] == launched
    assert not described.get("NextToken")


@rule("EC2-50")
def test_a_page_of_one_launch_template_leads_to_the_next(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")
    for number in range(20):
        api.create_launch_template(LaunchTemplateName=f"t{number}", LaunchTemplateData={"ImageId": AMI})
    first = api.describe_launch_templates(MaxResults=1)
    assert [one["LaunchTemplateName"] for one in first["LaunchTemplates"]] == ["t0"]
    rest = api.describe_launch_templates(NextToken=first["NextToken"])["LaunchTemplates"]
    assert [one["LaunchTemplateName"] for one in rest] == [f"t{number}" for number in range(1, 20)]
    assert len(api.describe_launch_templates()["LaunchTemplates"]) == 20


NO_TOKEN = ("InvalidNextToken", "The specified NextToken is not valid.")


@rule("EC2-50")
@pytest.mark.parametrize(
    ("operation", "parameters", "error"),
    [
        ("describe_volumes", {"NextToken": "more"}, NO_TOKEN),
        ("describe_vpcs", {"NextToken": "W10="}, NO_TOKEN),
        ("describe_launch_templates", {"NextToken": "\u00e9"}, NO_TOKEN),
        (
            "describe_volumes",
            {"MaxResults": 4},
            ("InvalidParameterValue", "Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5."),
        ),
        (
            "describe_subnets",
            {"MaxResults": 1001},
            ("InvalidParameterValue", "Value ( 1001 ) for parameter maxResults is invalid. Expecting a value less than 1000."),
        ),
        (
            "describe_launch_templates",
            {"MaxResults": 201},
            ("InvalidParameterValue", "Value ( 201 ) for parameter maxResults is invalid. Expecting a value less than 200."),
        ),
        (
            "describe_instances",
            {"MaxResults": 5, "InstanceIds": ["i-0123456789abcdef0"]},
            ("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults"),
        ),
        (
            "describe_instance_status",
            {"MaxResults": 5, "InstanceIds": ["i-0123456789abcdef0"]},
            ("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults"),
        ),
    ],
)
def test_what_is_no_page(virtual: VirtualSandbox, operation: str, parameters: dict[str, Any], error: tuple[str, str]) -> None:
    assert error_of(getattr(virtual.client("ec2"), operation), **parameters) == error


def test_a_token_of_another_operation_is_none(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")
    token = api.describe_subnets(MaxResults=5)["NextToken"]
    assert error_of(api.describe_vpcs, NextToken=token) == NO_TOKEN


@rule("EC2-50")
def test_every_paginator_of_boto3_ends(things: Things) -> None:
    ended = []
    for operation, parameters, answer, size in paged(things):
        name = xform_name(operation)
        if things.api.can_paginate(name):
            pages = list(things.api.get_paginator(name).paginate(**parameters, PaginationConfig={"PageSize": size}))
            whole = getattr(things.api, name)(**parameters)
            assert [one for page in pages for one in page.get(answer, [])] == whole[answer], operation
            ended.append(operation)
    assert len(ended) > 30
