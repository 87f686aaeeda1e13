"""A request that EC2 refuses changes nothing: each way in which a launch, a volume or a network interface can be wrong, with AWS's code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import state
from sandbox.services.ec2.state.instances import SandboxInstance
from tests.support import VirtualSandbox, virtual_sandbox

AMI = "ami-0c047a86012500412"
LAUNCH: dict[str, Any] = {"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
NO = "0123456789abcdef0"  # an id's digits that nothing has
TAGS = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]


@pytest.fixture
def sandbox() -> VirtualSandbox:
    made = virtual_sandbox()
    state.reset(0)
    return made


class World:
    """Two running instances in different zones, and a free volume and network interface in the first one's."""

    def __init__(self, sandbox: VirtualSandbox) -> None:
        self.sandbox, self.api = sandbox, sandbox.client("ec2")
        zones = ("us-east-1a", "us-east-1b")
        launched = [self.api.run_instances(**LAUNCH, Placement={"AvailabilityZone": zone})["Instances"][0] for zone in zones]
        self.first, self.other = (one["InstanceId"] for one in launched)
        self.subnet = launched[0]["SubnetId"]
        self.volume = self.api.create_volume(AvailabilityZone=zones[0], Size=8)["VolumeId"]
        self.interface = self.api.create_network_interface(SubnetId=self.subnet)["NetworkInterface"]["NetworkInterfaceId"]
        sandbox.run(5)

    def described(self, instance_id: str | None = None) -> dict[str, Any]:
        found = self.api.describe_instances(InstanceIds=[instance_id or self.first])["Reservations"][0]["Instances"][0]
        return dict(found)

    def primary(self) -> dict[str, Any]:
        return dict(self.described()["NetworkInterfaces"][0])

    def everything(self) -> dict[str, Any]:
        """What the API says of all that a launch could make."""
        api = self.api
        answers = {
            "instances": api.describe_instances()["Reservations"],
            "volumes": api.describe_volumes()["Volumes"],
            "interfaces": api.describe_network_interfaces()["NetworkInterfaces"],
            "groups": api.describe_security_groups()["SecurityGroups"],
            "subnets": api.describe_subnets()["Subnets"],  # with their counts of free addresses
            "vpcs": api.describe_vpcs()["Vpcs"],
            "tags": api.describe_tags()["Tags"],
        }
        return answers | {"machines": sorted(self.sandbox.runtime.containers())}


@pytest.fixture
def world(sandbox: VirtualSandbox) -> World:
    return World(sandbox)


def refused(world: World, call: Callable[[], Any]) -> tuple[str, str]:
    """→ code and text; at once and later, everything is as it was."""
    before = world.everything()
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 501)
    assert world.everything() == before
    world.sandbox.run(5)
    assert world.everything() == before
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def device(**ebs: Any) -> dict[str, Any]:
    return {"BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": ebs}]}


def interfaces(*each: dict[str, Any]) -> dict[str, Any]:
    return {"NetworkInterfaces": [{"DeviceIndex": index, **one} for index, one in enumerate(each)]}


LAUNCHES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown snapshot": (device(SnapshotId=f"snap-{NO}"), "InvalidSnapshot.NotFound"),
    "unknown volume type": (device(VolumeSize=8, VolumeType="fast"), "UnknownVolumeType"),
    "provisioned volume without Iops": (device(VolumeSize=8, VolumeType="io1"), "InvalidParameterDependency"),
    "key of an unencrypted volume": (device(VolumeSize=8, KmsKeyId="k"), "InvalidParameterDependency"),
    "volume without size": (device(VolumeType="gp3"), "MissingParameter"),
    "volume without device": ({"BlockDeviceMappings": [{"Ebs": {"VolumeSize": 8}}]}, "MissingParameter"),
    "two volumes on a device": (
        {"BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 8}}] * 2},
        "InvalidBlockDeviceMapping",
    ),
    "unknown security group": ({"SecurityGroupIds": [f"sg-{NO}"]}, "InvalidGroup.NotFound"),
    "unknown security group by name": ({"SecurityGroups": ["none"]}, "InvalidGroup.NotFound"),
    "unknown key pair": ({"KeyName": "none"}, "InvalidKeyPair.NotFound"),
    "unknown subnet": ({"SubnetId": f"subnet-{NO}"}, "InvalidSubnetID.NotFound"),
    "unknown image": ({"ImageId": f"ami-{NO}"}, "InvalidAMIID.NotFound"),
    "unknown instance type": ({"InstanceType": "t9.micro"}, "InvalidInstanceType.NotFound"),
    "unknown zone": ({"Placement": {"AvailabilityZone": "us-east-1z"}}, "InvalidParameterValue"),
    "unknown profile": ({"IamInstanceProfile": {"Name": "none"}}, "InvalidParameterValue"),
    "unknown profile by ARN": ({"IamInstanceProfile": {"Arn": "arn:aws:iam::123456789012:instance-profile/none"}}, "InvalidParameterValue"),
    "unknown shutdown behavior": ({"InstanceInitiatedShutdownBehavior": "pause"}, "InvalidParameterValue"),
    "unknown template": ({"LaunchTemplate": {"LaunchTemplateName": "none"}}, "InvalidLaunchTemplateName.NotFoundException"),
    "51 tags": ({"TagSpecifications": [{"ResourceType": "instance", "Tags": TAGS}]}, "TagLimitExceeded"),
    "51 tags of the volumes": ({"TagSpecifications": [{"ResourceType": "volume", "Tags": TAGS}]}, "TagLimitExceeded"),
    "tags of something else": ({"TagSpecifications": [{"ResourceType": "vpc", "Tags": TAGS[:1]}]}, "InvalidParameterValue"),
    "a tag without a key": ({"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Value": "v"}]}]}, "InvalidParameterValue"),
    "no address": ({"PrivateIpAddress": "none"}, "InvalidParameterValue"),
    "an address outside the subnet": ({"PrivateIpAddress": "10.0.0.9"}, "InvalidParameterValue"),
    "a reserved address": ({"PrivateIpAddress": "172.31.0.1"}, "InvalidParameterValue"),
    "an address for two": ({"PrivateIpAddress": "172.31.0.9", "MinCount": 2, "MaxCount": 2}, "InvalidParameterCombination"),
    "no primary interface": ({"NetworkInterfaces": [{"DeviceIndex": 1}]}, "InvalidParameterValue"),
    "two primary interfaces": ({"NetworkInterfaces": [{"DeviceIndex": 0}] * 2}, "InvalidParameterValue"),
    "a second interface in an unknown subnet": (interfaces({}, {"SubnetId": f"subnet-{NO}"}), "InvalidSubnetID.NotFound"),
    "a second interface that is unknown": (interfaces({}, {"NetworkInterfaceId": f"eni-{NO}"}), "InvalidNetworkInterfaceID.NotFound"),
    "an interface with an unknown group": (interfaces({"Groups": [f"sg-{NO}"]}), "InvalidGroup.NotFound"),
    "MinCount above MaxCount": ({"MinCount": 3, "MaxCount": 2}, "InvalidParameterValue"),
    "none at all": ({"MinCount": 0, "MaxCount": 0}, "InvalidParameterValue"),
    "user data over the limit": ({"UserData": "x" * 16385}, "InvalidParameterValue"),
}


@pytest.mark.parametrize("case", LAUNCHES)
def test_a_refused_launch_makes_nothing(world: World, case: str) -> None:
    parameters, expected = LAUNCHES[case]
    assert refused(world, lambda: world.api.run_instances(**(LAUNCH | parameters)))[0] == expected


def test_an_unknown_snapshot_is_named(world: World) -> None:
    _, text = refused(world, lambda: world.api.run_instances(**LAUNCH, **device(SnapshotId=f"snap-{NO}")))
    assert text == f"The snapshot 'snap-{NO}' does not exist."


def test_what_is_in_use_cannot_be_launched_with(world: World) -> None:
    own = world.primary()
    address = {"SubnetId": world.subnet, "PrivateIpAddress": own["PrivateIpAddress"]}
    assert refused(world, lambda: world.api.run_instances(**LAUNCH, **address))[0] == "InvalidIPAddress.InUse"
    used = interfaces({"NetworkInterfaceId": own["NetworkInterfaceId"]})
    assert refused(world, lambda: world.api.run_instances(**LAUNCH, **used))[0] == "InvalidNetworkInterface.InUse"


TEMPLATES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown image": ({"ImageId": f"ami-{NO}"}, "InvalidAMIID.NotFound"),
    "unknown snapshot": (device(SnapshotId=f"snap-{NO}"), "InvalidSnapshot.NotFound"),
    "unknown security group": ({"SecurityGroupIds": [f"sg-{NO}"]}, "InvalidGroup.NotFound"),
    "unknown security group by name": ({"SecurityGroups": ["none"]}, "InvalidGroup.NotFound"),
    "unknown key pair": ({"KeyName": "none"}, "InvalidKeyPair.NotFound"),
    "unknown profile": ({"IamInstanceProfile": {"Name": "none"}}, "InvalidParameterValue"),
    "unknown instance type": ({"InstanceType": "t9.micro"}, "InvalidInstanceType.NotFound"),
    "no primary interface": ({"NetworkInterfaces": [{"DeviceIndex": 1}]}, "InvalidParameterValue"),
}


@pytest.mark.parametrize("case", TEMPLATES)
def test_a_launch_by_a_template_that_cannot_be_launched_makes_nothing(world: World, case: str) -> None:
    data, expected = TEMPLATES[case]
    world.api.create_launch_template(LaunchTemplateName="t", LaunchTemplateData={"ImageId": AMI, "InstanceType": "t3.micro"} | data)
    with pytest.raises(ClientError) as caught:
        world.api.run_instances(LaunchTemplate={"LaunchTemplateName": "t"}, MinCount=1, MaxCount=1)
    assert caught.value.response["Error"]["Code"] == expected
    world.sandbox.run(5)
    assert len(world.sandbox.runtime.containers()) == 2
    assert len(world.everything()["instances"]) == 2


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0", "InvalidLaunchTemplateVersion"), ("new", "InvalidLaunchTemplateVersion"), ("7", "InvalidLaunchTemplateId.VersionNotFound")],
)
def test_a_template_version_that_does_not_exist(world: World, version: str, expected: str) -> None:
    world.api.create_launch_template(LaunchTemplateName="t", LaunchTemplateData={"ImageId": AMI})
    template = {"LaunchTemplateName": "t", "Version": version}
    assert refused(world, lambda: world.api.run_instances(**LAUNCH, LaunchTemplate=template))[0] == expected


def test_a_launch_that_fails_halfway_for_a_reason_that_nobody_foresaw_makes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of two instances: the first one's volume, interface, address and tags are there by then."""
    failing = iter((False, True))
    add = SandboxInstance.add_block_device

    def fails(instance: Any, *args: Any, **kwargs: Any) -> None:
        add(instance, *args, **kwargs)
        if next(failing):
            raise ZeroDivisionError

    monkeypatch.setattr(SandboxInstance, "add_block_device", fails)
    before = world.everything()
    tags = [{"ResourceType": "instance", "Tags": TAGS[:1]}]
    with pytest.raises(ClientError) as caught:
        world.api.run_instances(**(LAUNCH | {"MinCount": 2, "MaxCount": 2}), TagSpecifications=tags)
    assert caught.value.response["Error"]["Code"] == "InternalFailure"
    assert world.everything() == before
    world.sandbox.run(5)
    assert world.everything() == before


def test_a_volume_with_provisioned_iops_is_launched_with(world: World) -> None:
    made = world.api.run_instances(**LAUNCH, **device(VolumeSize=8, VolumeType="io1", Iops=400))["Instances"][0]
    volume = next(one["Ebs"]["VolumeId"] for one in made["BlockDeviceMappings"] if one["DeviceName"] == "/dev/sdf")
    described = world.api.describe_volumes(VolumeIds=[volume])["Volumes"][0]
    assert (described["VolumeType"], described["Iops"]) == ("io1", 400)


def test_a_tag_without_a_value_has_an_empty_one(world: World) -> None:
    made = world.api.run_instances(**LAUNCH, TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "a"}]}])["Instances"][0]
    assert made["Tags"] == [{"Key": "a", "Value": ""}]


# ---- volumes and network interfaces ------------------------------------------------------------------------------------------------------


ATTACHMENTS: dict[str, tuple[Callable[[World], Any], str]] = {
    "a volume that another instance has": (
        lambda w: w.api.attach_volume(
            VolumeId=w.described()["BlockDeviceMappings"][0]["Ebs"]["VolumeId"], InstanceId=w.other, Device="/dev/sdf"
        ),
        "VolumeInUse",
    ),
    "a device in use": (lambda w: w.api.attach_volume(VolumeId=w.volume, InstanceId=w.first, Device="/dev/sda1"), "InvalidParameterValue"),
    "a volume of another zone": (
        lambda w: w.api.attach_volume(VolumeId=w.volume, InstanceId=w.other, Device="/dev/sdf"),
        "InvalidVolume.ZoneMismatch",
    ),
    "a volume that is not attached": (lambda w: w.api.detach_volume(VolumeId=w.volume), "IncorrectState"),
    "a volume in an unknown zone": (lambda w: w.api.create_volume(AvailabilityZone="us-east-1z", Size=1), "InvalidZone.NotFound"),
    "a volume of an unknown snapshot": (
        lambda w: w.api.create_volume(AvailabilityZone="us-east-1a", SnapshotId=f"snap-{NO}"),
        "InvalidSnapshot.NotFound",
    ),
    "a volume of an unknown type": (
        lambda w: w.api.create_volume(AvailabilityZone="us-east-1a", Size=1, VolumeType="fast"),
        "UnknownVolumeType",
    ),
    "an interface that an instance has": (
        lambda w: w.api.attach_network_interface(NetworkInterfaceId=w.primary()["NetworkInterfaceId"], InstanceId=w.other, DeviceIndex=1),
        "InvalidNetworkInterface.InUse",
    ),
    "a device index in use": (
        lambda w: w.api.attach_network_interface(NetworkInterfaceId=w.interface, InstanceId=w.first, DeviceIndex=0),
        "InvalidParameterValue",
    ),
    "an interface of another zone": (
        lambda w: w.api.attach_network_interface(NetworkInterfaceId=w.interface, InstanceId=w.other, DeviceIndex=1),
        "InvalidParameterCombination",
    ),
    "the primary interface is detached": (
        lambda w: w.api.detach_network_interface(AttachmentId=w.primary()["Attachment"]["AttachmentId"]),
        "OperationNotPermitted",
    ),
    "an attached interface is deleted": (
        lambda w: w.api.delete_network_interface(NetworkInterfaceId=w.primary()["NetworkInterfaceId"]),
        "InvalidParameterValue",
    ),
    "an interface with an unknown group": (
        lambda w: w.api.create_network_interface(SubnetId=w.subnet, Groups=[f"sg-{NO}"]),
        "InvalidGroup.NotFound",
    ),
    "an interface with an address in use": (
        lambda w: w.api.create_network_interface(SubnetId=w.subnet, PrivateIpAddress=w.primary()["PrivateIpAddress"]),
        "InvalidIPAddress.InUse",
    ),
    "an interface with no address": (
        lambda w: w.api.create_network_interface(SubnetId=w.subnet, PrivateIpAddress="none"),
        "InvalidParameterValue",
    ),
    "a second address that is none": (
        lambda w: w.api.assign_private_ip_addresses(NetworkInterfaceId=w.interface, PrivateIpAddresses=["none"]),
        "InvalidParameterValue",
    ),
    "the primary address is taken away": (
        lambda w: w.api.unassign_private_ip_addresses(
            NetworkInterfaceId=w.primary()["NetworkInterfaceId"], PrivateIpAddresses=[w.primary()["PrivateIpAddress"]]
        ),
        "InvalidParameterValue",
    ),
}


@pytest.mark.parametrize("case", ATTACHMENTS)
def test_what_would_tear_an_instance_apart_is_refused(world: World, case: str) -> None:
    call, expected = ATTACHMENTS[case]
    assert refused(world, lambda: call(world))[0] == expected
    world.api.terminate_instances(InstanceIds=[world.first, world.other])
    world.sandbox.run(5)
    assert [world.described(one)["State"]["Name"] for one in (world.first, world.other)] == ["terminated"] * 2
    assert [event.summary for event in world.sandbox.sandbox.journal.events() if event.source == "sandbox.engine"] == []


def test_a_second_interface_comes_and_goes(world: World) -> None:
    attachment = world.api.attach_network_interface(NetworkInterfaceId=world.interface, InstanceId=world.first, DeviceIndex=1)
    assert len(world.described()["NetworkInterfaces"]) == 2
    world.api.detach_network_interface(AttachmentId=attachment["AttachmentId"])
    world.api.delete_network_interface(NetworkInterfaceId=world.interface)
    assert len(world.described()["NetworkInterfaces"]) == 1


def test_a_volume_is_detached_from_the_instance_that_has_it(world: World) -> None:
    world.api.attach_volume(VolumeId=world.volume, InstanceId=world.first, Device="/dev/sdf")
    assert world.api.detach_volume(VolumeId=world.volume)["InstanceId"] == world.first


def test_a_new_interface_gets_an_address_that_nobody_has(world: World) -> None:
    made = [world.api.create_network_interface(SubnetId=world.subnet)["NetworkInterface"]["PrivateIpAddress"] for _ in range(3)]
    every = [one["PrivateIpAddress"] for one in world.api.describe_network_interfaces()["NetworkInterfaces"]]
    assert len(set(every)) == len(every)
    assert set(made) <= set(every)


# ---- attributes --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attribute", ["id", "nics", "sandbox", "_state", "blockDeviceMapping", "groupSet", "rootDeviceName", "tags"])
def test_only_attributes_of_the_API_can_be_set(world: World, attribute: str) -> None:
    code, text = refused(world, lambda: world.api.modify_instance_attribute(InstanceId=world.first, Attribute=attribute, Value="x"))
    assert (code, text) == ("InvalidParameterValue", f"Value ({attribute}) for parameter attribute is invalid. Unknown attribute.")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"Attribute": "disableApiTermination", "Value": "perhaps"}, "InvalidParameterValue"),
        ({"Attribute": "instanceType", "Value": "t9.micro"}, "InvalidParameterValue"),
        ({"InstanceType": {"Value": "t9.micro"}}, "InvalidParameterValue"),
        ({"Groups": [f"sg-{NO}"]}, "InvalidGroup.NotFound"),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/sdz", "Ebs": {"DeleteOnTermination": True}}]}, "InvalidInstanceAttributeValue"),
    ],
)
def test_a_value_that_an_attribute_cannot_have_is_refused(world: World, parameters: dict[str, Any], expected: str) -> None:
    world.api.stop_instances(InstanceIds=[world.first])
    world.sandbox.run(5)
    assert refused(world, lambda: world.api.modify_instance_attribute(InstanceId=world.first, **parameters))[0] == expected


# ---- networks ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")),
        (
            {"CidrBlock": "all"},
            ("InvalidParameterValue", "Value (all) for parameter cidrBlock is invalid. This is not a valid CIDR block."),
        ),
        ({"CidrBlock": "10.0.0.0/8"}, ("InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid.")),
        (
            {"CidrBlock": "172.31.64.0/20"},
            ("InvalidVpc.Range", "The CIDR '172.31.64.0/20' conflicts with the CIDR '172.31.0.0/16' of the VPC."),
        ),
        (
            {"Ipv4IpamPoolId": "p", "Ipv4NetmaskLength": 24},
            (
                "NotImplemented",
                "The sandbox does not support AssociateVpcCidrBlock of ec2 (with Ipv4IpamPoolId). See: sandbox services ec2",
            ),
        ),
    ],
)
def test_a_vpc_gets_no_block_that_is_none(world: World, tmp_path: Path, parameters: dict[str, Any], expected: tuple[str, str]) -> None:
    """The first of these was accepted, and each DescribeVpcs failed from then on, after a restart as well."""
    vpc = world.described()["VpcId"]
    assert refused(world, lambda: world.api.associate_vpc_cidr_block(VpcId=vpc, **parameters)) == expected
    restarted = world.sandbox.restart(tmp_path / "state.bin")
    assert [one["VpcId"] for one in restarted.client("ec2").describe_vpcs()["Vpcs"]] == [vpc]


def test_a_vpc_gets_a_second_block_and_subnets_in_it(world: World) -> None:
    vpc = world.described()["VpcId"]
    world.api.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.7.0.0/16")
    subnet = world.api.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]
    launched = world.api.run_instances(**LAUNCH, SubnetId=subnet["SubnetId"])["Instances"][0]
    assert launched["PrivateIpAddress"] == "10.7.1.4"


@pytest.mark.parametrize("operation", ["create_vpc", "create_subnet"])
def test_a_network_needs_a_block(world: World, operation: str) -> None:
    parameters = {"VpcId": world.described()["VpcId"]} if operation == "create_subnet" else {}
    assert refused(world, lambda: getattr(world.api, operation)(**parameters))[0] == "MissingParameter"
    assert refused(world, lambda: getattr(world.api, operation)(**parameters, CidrBlock="all"))[0] == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [({}, "MissingParameter"), ({"Ipv6CidrBlock": "all"}, "InvalidParameterValue"), ({"Ipv6IpamPoolId": "p"}, "NotImplemented")],
)
def test_a_subnet_without_ipv4_needs_an_ipv6_block(world: World, parameters: dict[str, Any], expected: str) -> None:
    vpc = world.described()["VpcId"]
    assert refused(world, lambda: world.api.create_subnet(VpcId=vpc, Ipv6Native=True, **parameters))[0] == expected


def test_a_block_is_kept_without_its_host_bits(world: World) -> None:
    vpc = world.api.create_vpc(CidrBlock="10.8.7.6/16")["Vpc"]
    second = world.api.associate_vpc_cidr_block(VpcId=vpc["VpcId"], CidrBlock="10.9.7.6/16")["CidrBlockAssociation"]
    subnet = world.api.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.8.7.6/24")["Subnet"]
    assert (vpc["CidrBlock"], second["CidrBlock"], subnet["CidrBlock"]) == ("10.8.0.0/16", "10.9.0.0/16", "10.8.7.0/24")


def test_a_prefix_list_keeps_its_name_when_it_gets_entries(world: World) -> None:
    made = world.api.create_managed_prefix_list(PrefixListName="mine", AddressFamily="IPv4", MaxEntries=3)["PrefixList"]["PrefixListId"]
    world.api.modify_managed_prefix_list(PrefixListId=made, CurrentVersion=1, AddEntries=[{"Cidr": "10.0.0.0/8"}])
    assert world.api.describe_managed_prefix_lists(PrefixListIds=[made])["PrefixLists"][0]["PrefixListName"] == "mine"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda w: w.api.create_security_group(GroupName="g", Description="g", VpcId=f"vpc-{NO}"), "InvalidVpcID.NotFound"),
        (lambda w: w.api.modify_vpc_attribute(VpcId=f"vpc-{NO}", EnableDnsSupport={"Value": True}), "InvalidVpcID.NotFound"),
        (lambda w: w.api.modify_subnet_attribute(SubnetId=f"subnet-{NO}", MapPublicIpOnLaunch={"Value": True}), "InvalidSubnetID.NotFound"),
        (lambda w: w.api.modify_snapshot_attribute(SnapshotId=f"snap-{NO}"), "InvalidSnapshot.NotFound"),
        (lambda w: w.api.create_vpc_endpoint(VpcId=w.described()["VpcId"], RouteTableIds=[f"rtb-{NO}"]), "InvalidRouteTableID.NotFound"),
        (lambda w: w.api.describe_image_attribute(ImageId=f"ami-{NO}", Attribute="description"), "InvalidAMIID.NotFound"),
        (
            lambda w: w.api.delete_network_acl_entry(
                NetworkAclId=w.api.describe_network_acls()["NetworkAcls"][0]["NetworkAclId"], RuleNumber=7, Egress=True
            ),
            "InvalidNetworkAclEntry.NotFound",
        ),
        (
            lambda w: w.api.replace_network_acl_association(
                AssociationId=f"aclassoc-{NO}", NetworkAclId=w.api.describe_network_acls()["NetworkAcls"][0]["NetworkAclId"]
            ),
            "InvalidAssociationID.NotFound",
        ),
    ],
)
def test_what_a_request_names_has_to_exist(world: World, call: Callable[[World], Any], expected: str) -> None:
    assert refused(world, lambda: call(world))[0] == expected
