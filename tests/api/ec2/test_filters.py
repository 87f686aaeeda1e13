"""Filters of every Describe operation (EC2-63): tags by pattern, with escapes; names that AWS does not know are refused."""

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.services.ec2_calls import Readers, Things

FILTERS = ("Filters", "Filter")
UNTAGGED = (
    *(
        "DescribeAvailabilityZones",
        "DescribeInstanceCreditSpecifications",
        "DescribeInstanceStatus",
        "DescribePrefixLists",
        "DescribeRegions",
    ),
    *("DescribeTags", "DescribeVpcEndpointServices", "GetSubnetCidrReservations", "DescribeFleets", "DescribeSpotInstanceRequests"),
)
"""What they show has no tags, or there is nothing of it here."""


def filtered(things: Things, name: str, value: str) -> dict[str, Any]:
    """→ the answer of each operation that has filters, or the code and text of its error."""
    answers: dict[str, Any] = {}
    for operation, given in Readers.of(things).calls.items():
        shape = things.api.meta.service_model.operation_model(operation).input_shape
        parameter = next((one for one in FILTERS if shape is not None and one in shape.members), None)
        if parameter is None:
            continue
        try:
            answer = getattr(things.api, xform_name(operation))(**given, **{parameter: [{"Name": name, "Values": [value]}]})
            answers[operation] = [one for value in answer.values() if isinstance(value, list) for one in value]
        except ClientError as error:
            answers[operation] = (error.response["Error"]["Code"], error.response["Error"]["Message"])
    return answers


@rule("EC2-63")
def test_a_backslash_escapes_wildcards_in_every_operation(things: Things) -> None:
    tagged = [one for one in things.ids.values() if "-" in one and not one.startswith(("us-east", "ami-"))]
    tagged.append(things.api.describe_key_pairs()["KeyPairs"][0]["KeyPairId"])
    found = {}
    for text in ("a*b", "axb"):
        things.api.create_tags(Resources=tagged, Tags=[{"Key": "lit", "Value": text}])
        for pattern in (r"a\*b", "a*b", "nothing*"):
            found[text, pattern] = {
                operation: len(items)
                for operation, items in filtered(things, "tag:lit", pattern).items()
                if operation not in UNTAGGED and isinstance(items, list)
            }
    everything, none = found["a*b", "a*b"], dict.fromkeys(found["a*b", "a*b"], 0)
    assert sum(1 for count in everything.values() if count) > 20
    assert found["a*b", r"a\*b"] == found["axb", "a*b"] == everything
    assert found["axb", r"a\*b"] == found["a*b", "nothing*"] == found["axb", "nothing*"] == none


@rule("EC2-63")
def test_an_unknown_filter_is_refused_by_every_operation(things: Things) -> None:
    answers = filtered(things, "colour", "red")
    assert len(answers) > 35
    assert set(map(str, answers.values())) == {str(("InvalidParameterValue", "The filter 'colour' is invalid"))}


@rule("EC2-63")
@pytest.mark.parametrize("name", ["is-default", "isDefault"])
def test_both_spellings_of_a_name_are_accepted(things: Things, name: str) -> None:
    vpcs = {value: things.api.describe_vpcs(Filters=[{"Name": name, "Values": [value]}])["Vpcs"] for value in ("true", "false")}
    assert [vpc["IsDefault"] for vpc in vpcs["true"]] == [True]
    assert {vpc["IsDefault"] for vpc in vpcs["false"]} == {False}


@rule("EC2-63")
@pytest.mark.parametrize("name", ["cidr", "cidr-block", "cidrBlock"])
def test_a_vpc_is_found_by_its_block_under_each_name_that_clients_use(things: Things, name: str) -> None:
    [block] = {vpc["CidrBlock"] for vpc in things.api.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"]}
    found = things.api.describe_vpcs(Filters=[{"Name": name, "Values": [block]}])["Vpcs"]
    assert [vpc["CidrBlock"] for vpc in found] == [block]
    assert things.api.describe_vpcs(Filters=[{"Name": name, "Values": ["10.254.0.0/16"]}])["Vpcs"] == []
