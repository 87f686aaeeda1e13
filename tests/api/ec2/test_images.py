"""Images are found by the names and owners that AWS and Canonical use, and by Systems Manager parameters."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.core.control import Scope
from tests.support.aws import Aws

LINUX, JAMMY, NOBLE = "ami-0453ec754f44f9a4a", "ami-0c047a86012500412", "ami-0e2c8caa4b6378d8c"
DEFAULT = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
CANONICAL = "/aws/service/canonical/ubuntu/server"


def filters(**values: str) -> list[dict[str, Any]]:
    return [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in values.items()]


USUAL = [
    ("Amazon Linux 2023", ["amazon"], {"name": "al2023-ami-*-x86_64"}, [LINUX]),
    ("Amazon Linux 2023 by kernel", ["137112412989"], {"name": "al2023-ami-2023*-kernel-6.1-x86_64", "state": "available"}, [LINUX]),
    ("Ubuntu 22.04", ["099720109477"], {"name": "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*"}, [JAMMY]),
    ("Ubuntu 24.04", ["099720109477"], {"name": "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"}, [NOBLE]),
    ("either disk", ["099720109477"], {"name": "ubuntu/images/hvm-ssd*/ubuntu-*-amd64-server-*"}, [JAMMY, NOBLE]),
    ("every filter of the examples", ["amazon"],
     {"name": "al2023-ami-*", "architecture": "x86_64", "virtualization_type": "hvm", "root_device_type": "ebs",
      "owner_alias": "amazon"}, [LINUX]),
    ("a root device", ["amazon"], {"root_device_name": "/dev/xvda", "creation_date": "2024-11-*", "is_public": "true"}, [LINUX]),
    ("another architecture", ["amazon"], {"name": "al2023-ami-*", "architecture": "arm64"}, []),
    ("another owner", ["self"], {"name": "*"}, []),
]  # fmt: skip


@pytest.mark.rule("EC2-60")
@pytest.mark.parametrize(("owners", "wanted", "found"), [row[1:] for row in USUAL], ids=[row[0] for row in USUAL])
def test_the_usual_filters_find_the_image(aws: Aws, owners: list[str], wanted: dict[str, str], found: list[str]) -> None:
    images = aws("ec2").describe_images(Owners=owners, Filters=filters(**wanted))["Images"]
    assert sorted(image["ImageId"] for image in images) == sorted(found)


def test_an_image_is_described_as_its_publisher_describes_it(aws: Aws) -> None:
    [image] = aws("ec2").describe_images(ImageIds=[LINUX])["Images"]
    assert {name: image[name] for name in ("OwnerId", "ImageOwnerAlias", "RootDeviceName", "Public", "CreationDate", "State")} == {
        "OwnerId": "137112412989",
        "ImageOwnerAlias": "amazon",
        "RootDeviceName": "/dev/xvda",
        "Public": True,
        "CreationDate": "2024-11-22T23:35:08.000Z",
        "State": "available",
    }


def test_a_filter_that_aws_does_not_have_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError) as failed:
        aws("ec2").describe_images(Filters=filters(colour="red"))
    assert failed.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_an_unknown_image_beside_a_known_one_is_named(aws: Aws) -> None:
    with pytest.raises(ClientError) as failed:
        aws("ec2").describe_images(ImageIds=[LINUX, "ami-0123456789abcdef0"])
    error = failed.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist")


PARAMETERS = [
    (DEFAULT, LINUX),
    ("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64", LINUX),
    (f"{CANONICAL}/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id", JAMMY),
    (f"{CANONICAL}/jammy/stable/current/amd64/hvm/ebs-gp2/ami-id", JAMMY),
    (f"{CANONICAL}/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id", NOBLE),
]


@pytest.mark.rule("EC2-60")
@pytest.mark.parametrize(("name", "image"), PARAMETERS, ids=[row[0][-40:] for row in PARAMETERS])
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_public_parameters_name_images_that_exist(aws: Aws, region: str, name: str, image: str) -> None:
    scope = Scope("123456789012", region)
    parameter = aws("ssm", scope).get_parameter(Name=name)["Parameter"]
    assert (parameter["Value"], parameter["DataType"], parameter["Type"]) == (image, "aws:ec2:image", "String")
    assert parameter["ARN"] == f"arn:aws:ssm:{region}::parameter{name}"
    assert aws("ec2", scope).describe_images(ImageIds=[image])["Images"]


def test_each_public_parameter_of_an_image_names_one_that_exists(aws: Aws) -> None:
    paths = ("/aws/service/ami-amazon-linux-latest", "/aws/service/canonical/ubuntu/server")
    pages = [aws("ssm").get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True) for path in paths]
    found = [parameter["Value"] for one in pages for page in one for parameter in page["Parameters"]]
    assert set(found) == {LINUX, JAMMY, NOBLE}
    with pytest.raises(ClientError, match="ParameterNotFound"):
        aws("ssm").get_parameter(Name="/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id")


def test_other_public_parameters_are_motos(aws: Aws) -> None:
    name = "/aws/service/global-infrastructure/regions/eu-central-1/longName"
    assert aws("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "Europe (Frankfurt)"


# ---- resolve:ssm


@pytest.fixture
def golden(aws: Aws) -> Iterator[Any]:
    """A parameter /golden whose first version names Ubuntu 22.04, its second Ubuntu 24.04 (label "next"). Gives the SSM client."""
    ssm = aws("ssm")
    ssm.put_parameter(Name="/golden", Value=JAMMY, Type="String", DataType="aws:ec2:image")
    ssm.put_parameter(Name="/golden", Value=NOBLE, Type="String", DataType="aws:ec2:image", Overwrite=True)
    ssm.label_parameter_version(Name="/golden", ParameterVersion=2, Labels=["next"])
    ssm.put_parameter(Name="/text", Value=JAMMY, Type="String")
    yield ssm


NAMED = [
    (DEFAULT, LINUX),
    ("/golden", NOBLE),
    ("/golden:1", JAMMY),
    ("/golden:next", NOBLE),
    ("arn:aws:ssm:us-east-1:123456789012:parameter/golden", NOBLE),
]


@pytest.mark.rule("EC2-61")
@pytest.mark.parametrize(("name", "image"), NAMED, ids=[row[0] for row in NAMED])
def test_run_instances_takes_a_parameter_for_the_image(aws: Aws, golden: Any, name: str, image: str) -> None:
    [instance] = aws("ec2").run_instances(ImageId=f"resolve:ssm:{name}", MinCount=1, MaxCount=1)["Instances"]
    assert instance["ImageId"] == image


WRONG = [
    ("/missing", "The following aliases are invalid: /missing"),
    ("/golden:9", "The following aliases are invalid: /golden:9"),
    ("/golden:old", "The following aliases are invalid: /golden:old"),
    ("/text", "Unsupported data type. The following parameter data types are supported: aws:ec2:image"),
]


@pytest.mark.rule("EC2-61")
@pytest.mark.parametrize(("name", "text"), WRONG, ids=[row[0] for row in WRONG])
@pytest.mark.parametrize("operation", ["run_instances", "create_launch_template"])
def test_a_parameter_that_cannot_name_an_image_is_refused(aws: Aws, golden: Any, operation: str, name: str, text: str) -> None:
    ec2, image = aws("ec2"), {"ImageId": f"resolve:ssm:{name}"}
    with pytest.raises(ClientError) as failed:
        if operation == "run_instances":
            ec2.run_instances(MinCount=1, MaxCount=1, **image)
        else:
            ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=image)
    error = failed.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("SsmInvalidParameter", text)
    assert ec2.describe_instances()["Reservations"] == ec2.describe_launch_templates()["LaunchTemplates"] == []


@pytest.mark.rule("EC2-61")
def test_a_launch_template_keeps_the_parameter_and_each_launch_resolves_it(aws: Aws, golden: Any) -> None:
    ec2 = aws("ec2")
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": "resolve:ssm:/golden"})

    def shown(resolve: bool) -> str:
        [version] = ec2.describe_launch_template_versions(LaunchTemplateName="web", ResolveAlias=resolve)["LaunchTemplateVersions"]
        return str(version["LaunchTemplateData"]["ImageId"])

    def launched() -> str:
        [instance] = ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "web"}, MinCount=1, MaxCount=1)["Instances"]
        return str(instance["ImageId"])

    assert (shown(False), shown(True), launched()) == ("resolve:ssm:/golden", NOBLE, NOBLE)
    golden.put_parameter(Name="/golden", Value=LINUX, Type="String", DataType="aws:ec2:image", Overwrite=True)
    assert (shown(False), shown(True), launched()) == ("resolve:ssm:/golden", LINUX, LINUX)


@pytest.mark.rule("EC2-61")
def test_a_launch_configuration_cannot_have_a_parameter(aws: Aws, golden: Any) -> None:
    with pytest.raises(ClientError) as failed:
        aws("autoscaling").create_launch_configuration(LaunchConfigurationName="c", ImageId="resolve:ssm:/golden", InstanceType="t3.micro")
    error = failed.value.response["Error"]
    text = 'AMI resolve:ssm:/golden is invalid: Invalid id: "resolve:ssm:/golden" (expecting "ami-...")'
    assert (error["Code"], error["Message"]) == ("ValidationError", text)
