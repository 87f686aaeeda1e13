"""What a launch asks for, in the request or by its template, is what the API shows of the instance, its volumes and its interfaces."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import VirtualSandbox, rule
from tests.support.services.ec2_calls import AMI


class Launcher:
    """Launches one instance, with the options in the request or in a template."""

    def __init__(self, sandbox: VirtualSandbox, *, by_template: bool) -> None:
        self.sandbox, self.api, self.by_template = sandbox, sandbox.client("ec2"), by_template

    def launch(self, **options: Any) -> dict[str, Any]:
        given = {"ImageId": AMI, "InstanceType": "t3.micro", **options}
        if self.by_template:
            self.api.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=given)
            given = {"LaunchTemplate": {"LaunchTemplateName": "web"}}
        made = self.api.run_instances(**given, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
        self.sandbox.run(5)
        return self.shown(made)

    def shown(self, instance_id: str) -> dict[str, Any]:
        return dict(self.api.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0])

    def volumes(self, instance: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """By device."""
        ids = {one["DeviceName"]: one["Ebs"]["VolumeId"] for one in instance["BlockDeviceMappings"]}
        return {device: self.api.describe_volumes(VolumeIds=[one])["Volumes"][0] for device, one in ids.items()}


@pytest.fixture(params=[False, True], ids=["request", "template"])
def launcher(request: pytest.FixtureRequest, virtual: VirtualSandbox) -> Launcher:
    return Launcher(virtual, by_template=request.param)


@rule("EC2-55")
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"Monitoring": {"Enabled": True}}, {"Monitoring": {"State": "enabled"}}),
        ({"CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 1}}, {"CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 1}}),
        ({"EnclaveOptions": {"Enabled": True}}, {"EnclaveOptions": {"Enabled": True}}),
        ({"MaintenanceOptions": {"AutoRecovery": "disabled"}}, {"MaintenanceOptions": {"AutoRecovery": "disabled"}}),
        ({"EbsOptimized": True}, {"EbsOptimized": True}),
    ],
)
def test_an_option_is_shown_as_it_was_asked_for(launcher: Launcher, options: dict[str, Any], shown: dict[str, Any]) -> None:
    found = launcher.launch(**options)
    assert {name: found.get(name) for name in shown} == shown


@rule("EC2-55")
def test_placement_and_metadata_options(launcher: Launcher) -> None:
    found = launcher.launch(
        Placement={"AvailabilityZone": "us-east-1b", "Tenancy": "dedicated"},
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 3, "InstanceMetadataTags": "enabled"},
    )
    assert (found["Placement"]["AvailabilityZone"], found["Placement"]["Tenancy"]) == ("us-east-1b", "dedicated")
    options = found["MetadataOptions"]
    shown = (options["HttpTokens"], options["HttpPutResponseHopLimit"], options["InstanceMetadataTags"])
    assert shown == ("required", 3, "enabled")


@rule("EC2-55")
def test_every_instance_has_the_profile(launcher: Launcher) -> None:
    iam = launcher.sandbox.client("iam")
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust}))
    arn = iam.create_instance_profile(InstanceProfileName="p")["InstanceProfile"]["Arn"]
    assert launcher.launch(IamInstanceProfile={"Name": "p"})["IamInstanceProfile"]["Arn"] == arn
    by_template = {"LaunchTemplate": {"LaunchTemplateName": "web"}} if launcher.by_template else {"IamInstanceProfile": {"Arn": arn}}
    made = launcher.api.run_instances(**by_template, ImageId=AMI, InstanceType="t3.micro", MinCount=2, MaxCount=2)["Instances"]
    assert [launcher.shown(one["InstanceId"])["IamInstanceProfile"]["Arn"] for one in made] == [arn, arn]
    assert len(launcher.api.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]) == 3


@rule("EC2-55")
def test_tags_of_instance_volumes_and_interfaces(launcher: Launcher) -> None:
    kinds = ("instance", "volume", "network-interface")
    found = launcher.launch(TagSpecifications=[{"ResourceType": kind, "Tags": [{"Key": "kind", "Value": kind}]} for kind in kinds])
    tags = {
        (tag["ResourceType"], tag["Value"]) for tag in launcher.api.describe_tags(Filters=[{"Name": "key", "Values": ["kind"]}])["Tags"]
    }
    assert tags == {(kind, kind) for kind in kinds}
    assert {"Key": "kind", "Value": "instance"} in found["Tags"]


class TestDevices:
    @rule("EC2-57")
    def test_the_root_is_the_images_as_the_launch_changed_it(self, launcher: Launcher) -> None:
        root = launcher.shown(launcher.launch()["InstanceId"])["RootDeviceName"]
        mappings = [{"DeviceName": root, "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Throughput": 200}}]
        (volume,) = launcher.volumes(Launcher(launcher.sandbox, by_template=False).launch(BlockDeviceMappings=mappings)).values()
        assert (volume["Size"], volume["VolumeType"], volume["Iops"], volume["Throughput"]) == (20, "gp3", 3000, 200)
        assert volume["Attachments"][0]["DeleteOnTermination"] is True

    @rule("EC2-7")
    def test_other_devices_come_beside_it(self, launcher: Launcher) -> None:
        mappings = [
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 4, "VolumeType": "io1", "Iops": 150, "DeleteOnTermination": True}},
            {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 100, "VolumeType": "gp2"}},
            {"DeviceName": "/dev/sdh", "NoDevice": ""},
        ]
        found = launcher.launch(BlockDeviceMappings=mappings)
        volumes = launcher.volumes(found)
        assert set(volumes) == {found["RootDeviceName"], "/dev/sdf", "/dev/sdg"}
        assert (volumes["/dev/sdf"]["Iops"], volumes["/dev/sdg"]["Iops"]) == (150, 300)
        launcher.api.terminate_instances(InstanceIds=[found["InstanceId"]])
        launcher.sandbox.run(5)
        (left,) = launcher.api.describe_volumes()["Volumes"]
        assert (left["VolumeId"], left["State"], left["Attachments"]) == (volumes["/dev/sdg"]["VolumeId"], "available", [])

    @rule("EC2-57")
    def test_the_root_needs_no_size(self, launcher: Launcher) -> None:
        root = launcher.launch()["RootDeviceName"]
        found = Launcher(launcher.sandbox, by_template=False).launch(BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"Encrypted": True}}])
        assert launcher.volumes(found)[root]["Encrypted"] is True


@rule("EC2-57")
def test_a_volumes_iops_follow_its_type_and_size(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")

    def shown(volume: dict[str, Any]) -> tuple[Any, Any, Any]:
        (found,) = api.describe_volumes(VolumeIds=[volume["VolumeId"]])["Volumes"]
        return found["VolumeType"], found.get("Iops"), found.get("Throughput")

    volume = api.create_volume(AvailabilityZone="us-east-1a", Size=200)
    assert shown(volume) == ("gp2", 600, None)
    assert (volume["MultiAttachEnabled"], volume["Encrypted"]) == (False, False)
    api.modify_volume(VolumeId=volume["VolumeId"], Size=400)
    assert shown(volume) == ("gp2", 1200, None)
    api.modify_volume(VolumeId=volume["VolumeId"], VolumeType="gp3")
    assert shown(volume) == ("gp3", 3000, 125)
    with pytest.raises(ClientError) as caught:
        api.modify_volume(VolumeId=volume["VolumeId"], Size=10)
    assert caught.value.response["Error"]["Message"] == "New size cannot be smaller than existing size"


@rule("EC2-56")
class TestCredits:
    @pytest.mark.parametrize(("instance_type", "asked", "shown"), [("t3.micro", None, "unlimited"), ("t3.micro", "standard", "standard")])
    def test_of_a_burstable_instance(self, launcher: Launcher, instance_type: str, asked: str | None, shown: str) -> None:
        options = {"CreditSpecification": {"CpuCredits": asked}} if asked else {}
        made = launcher.launch(InstanceType=instance_type, **options)["InstanceId"]
        (found,) = launcher.api.describe_instance_credit_specifications(InstanceIds=[made])["InstanceCreditSpecifications"]
        assert found == {"InstanceId": made, "CpuCredits": shown}

    def test_it_is_changed_one_by_one(self, virtual: VirtualSandbox) -> None:
        launcher = Launcher(virtual, by_template=False)
        made, other = launcher.launch()["InstanceId"], launcher.launch(InstanceType="m5.large")["InstanceId"]
        wanted = [{"InstanceId": one, "CpuCredits": "standard"} for one in (made, other, "i-0123456789abcdef0")]
        answer = launcher.api.modify_instance_credit_specification(InstanceCreditSpecifications=wanted)
        assert answer["SuccessfulInstanceCreditSpecifications"] == [{"InstanceId": made}]
        codes = [one["Error"]["Code"] for one in answer["UnsuccessfulInstanceCreditSpecifications"]]
        assert codes == ["InstanceCreditSpecification.NotSupported", "InvalidInstanceID.NotFound"]
        assert launcher.api.describe_instance_credit_specifications()["InstanceCreditSpecifications"] == []


@rule("EC2-58")
class TestTags:
    @pytest.mark.parametrize(
        ("operation", "parameters", "kind"),
        [
            ("create_dhcp_options", {"DhcpConfigurations": [{"Key": "domain-name", "Values": ["a.b"]}]}, "dhcp-options"),
            ("create_vpc", {"CidrBlock": "10.9.0.0/16"}, "vpc"),
            ("allocate_address", {"Domain": "vpc"}, "elastic-ip"),
            ("create_internet_gateway", {}, "internet-gateway"),
            ("create_snapshot", {}, "snapshot"),
        ],
    )
    def test_what_is_made_has_the_tags_of_its_kind(
        self, virtual: VirtualSandbox, operation: str, parameters: dict[str, Any], kind: str
    ) -> None:
        api = virtual.client("ec2")
        if kind == "snapshot":
            parameters = {"VolumeId": api.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]}
        getattr(api, operation)(**parameters, TagSpecifications=[{"ResourceType": kind, "Tags": [{"Key": "a", "Value": "b"}]}])
        assert [(tag["Key"], tag["Value"]) for tag in api.describe_tags()["Tags"]] == [("a", "b")]

    @pytest.mark.parametrize(
        ("specifications", "text"),
        [
            ([{"ResourceType": "volume", "Tags": [{"Key": "a"}]}], "'volume' is not a valid taggable resource type for this operation."),
            ([{"ResourceType": "vpc", "Tags": [{"Key": "a"}, {"Key": "a"}]}], "Duplicate tag key 'a' specified."),
            ([{"ResourceType": "vpc", "Tags": [{"Key": "k" * 129}]}], "Tag key exceeds the maximum length of 128 characters"),
            ([{"ResourceType": "vpc", "Tags": [{"Value": "a"}]}], "Tag keys must have a value"),
        ],
    )
    def test_with_tags_that_cannot_be_nothing_is_made(self, virtual: VirtualSandbox, specifications: Any, text: str) -> None:
        api = virtual.client("ec2")
        before = api.describe_vpcs()["Vpcs"]
        with pytest.raises(ClientError) as caught:
            api.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=specifications)
        assert caught.value.response["Error"] == {"Code": "InvalidParameterValue", "Message": text}
        assert api.describe_vpcs()["Vpcs"] == before
