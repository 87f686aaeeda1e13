"""What simulated instances read from their metadata service: the state of the API, within the second in which it changed."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.drivers.metadata.server.answers import Request
from sandbox.services.ec2.decide.metadata.publication import CREDENTIALS_ISSUED, LIFETIME, OPTIONS_APPLIED, RENEWAL
from tests.support import Fleet, VirtualSandbox, rule, virtual_sandbox
from tests.support.aws import request
from tests.support.services.ec2_calls import AMI

TTL = "x-aws-ec2-metadata-token-ttl-seconds"
TRUST = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}


class Caller:
    """One running instance, which asks its metadata service."""

    def __init__(self, sandbox: VirtualSandbox, **options: Any) -> None:
        self.on, self.ec2 = sandbox, sandbox.client("ec2")
        made = self.ec2.run_instances(**{"ImageId": AMI, "InstanceType": "t3.micro", **options}, MinCount=1, MaxCount=1)["Instances"][0]
        self.id, self.address, self.at_launch = made["InstanceId"], made["PrivateIpAddress"], made["MetadataOptions"]
        self.on.run(5)

    def read(self, path: str) -> str | None:
        """None: 404."""
        return read(self.on, self.address, path)

    def status(self, method: str = "GET", path: str = "/latest/meta-data/", **headers: str) -> int:
        asked = Request(method, path, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.on.sandbox.simulated.metadata.ask(self.address, asked).status

    def options(self) -> dict[str, Any]:
        return dict(self.ec2.describe_instances(InstanceIds=[self.id])["Reservations"][0]["Instances"][0]["MetadataOptions"])

    def modify(self, **options: Any) -> dict[str, Any]:
        changed = self.ec2.modify_instance_metadata_options(InstanceId=self.id, **options)["InstanceMetadataOptions"]
        self.on.run(1)
        return dict(changed)


def read(on: VirtualSandbox, address: str, path: str) -> str | None:
    answered = on.sandbox.simulated.metadata.get(address, f"/latest/{path}")
    assert answered.status in (200, 404), answered
    return answered.body.decode() if answered.status == 200 else None


def make_profile(sandbox: VirtualSandbox, name: str = "web") -> str:
    """→ the ARN of its role."""
    iam = sandbox.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **TRUST}))["Role"]["Arn"]
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return str(role)


@pytest.fixture
def on() -> VirtualSandbox:
    return virtual_sandbox(seed=5)


@rule("IMDS-9", "UD-3")
def test_an_instance_reads_what_the_api_says(on: VirtualSandbox) -> None:
    caller = Caller(on, UserData="#!/bin/sh\necho hello\n")
    shown = caller.ec2.describe_instances(InstanceIds=[caller.id])["Reservations"][0]
    instance, [nic] = shown["Instances"][0], shown["Instances"][0]["NetworkInterfaces"]
    told = {
        "instance-id": instance["InstanceId"],
        "ami-id": instance["ImageId"],
        "reservation-id": shown["ReservationId"],
        "local-ipv4": instance["PrivateIpAddress"],
        "local-hostname": instance["PrivateDnsName"],
        "public-ipv4": instance["PublicIpAddress"],
        "public-hostname": instance["PublicDnsName"],
        "mac": nic["MacAddress"],
        f"network/interfaces/macs/{nic['MacAddress']}/subnet-id": instance["SubnetId"],
        f"network/interfaces/macs/{nic['MacAddress']}/security-group-ids": nic["Groups"][0]["GroupId"],
        "placement/availability-zone": instance["Placement"]["AvailabilityZone"],
    }
    assert {path: caller.read(f"meta-data/{path}") for path in told} == told
    assert caller.read("user-data") == "#!/bin/sh\necho hello\n"


@rule("IMDS-7")
def test_options_of_a_launch_are_pending_then_applied(on: VirtualSandbox) -> None:
    caller = Caller(on, MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2})
    assert caller.at_launch["State"] == "pending"
    options = caller.options()
    assert (options["State"], options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("applied", "required", 2)
    assert caller.status() == 401
    assert [e for e in on.sandbox.journal.events() if e.detail_type == OPTIONS_APPLIED] == []


@rule("IMDS-4", "IMDS-7")
def test_options_of_a_running_instance_change(on: VirtualSandbox) -> None:
    caller = Caller(on, MetadataOptions={"HttpPutResponseHopLimit": 5})
    assert caller.status() == 200
    changed = caller.modify(HttpTokens="required")
    assert (changed["State"], changed["HttpTokens"], changed["HttpPutResponseHopLimit"]) == ("pending", "required", 5)
    assert caller.options()["State"] == "applied" and caller.status() == 401
    assert [e.detail_type for e in on.sandbox.journal.events()].count(OPTIONS_APPLIED) == 1
    caller.modify(HttpEndpoint="disabled")
    assert caller.status() == 403
    caller.modify(HttpEndpoint="enabled", HttpTokens="optional")
    assert caller.status() == 200 and caller.options()["HttpPutResponseHopLimit"] == 5


@rule("IMDS-7")
def test_a_launch_template_decides_and_the_account_has_defaults(on: VirtualSandbox) -> None:
    ec2 = on.client("ec2")
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)
    assert ec2.get_instance_metadata_defaults()["AccountLevel"]["HttpTokens"] == "required"
    assert Caller(on).options()["HttpTokens"] == "required"
    data = {"ImageId": AMI, "MetadataOptions": {"HttpTokens": "optional", "HttpEndpoint": "disabled"}}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    found = Caller(on, LaunchTemplate={"LaunchTemplateName": "web"}).options()
    assert (found["HttpTokens"], found["HttpEndpoint"], found["HttpPutResponseHopLimit"]) == ("optional", "disabled", 2)
    ec2.modify_instance_metadata_defaults(HttpTokens="no-preference", HttpPutResponseHopLimit=-1)
    assert Caller(on).options()["HttpTokens"] == "optional"


@rule("IMDS-6")
@pytest.mark.parametrize(
    "options",
    [{"HttpPutResponseHopLimit": 0}, {"HttpPutResponseHopLimit": 65}, {"HttpTokens": "sometimes"}, {"InstanceMetadataTags": "maybe"}],
)
def test_options_that_do_not_exist(on: VirtualSandbox, options: dict[str, Any]) -> None:
    caller = Caller(on)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        caller.modify(**options)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        Caller(on, MetadataOptions=options)
    assert caller.options()["State"] == "applied"


def test_options_of_nothing_and_of_no_instance(on: VirtualSandbox) -> None:
    caller = Caller(on)
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        caller.modify()
    caller.ec2.terminate_instances(InstanceIds=[caller.id])
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        caller.modify(HttpTokens="required")
    with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
        caller.ec2.modify_instance_metadata_options(InstanceId="i-00000000000000000", HttpTokens="required")


@rule("IMDS-9")
def test_tags_are_told_when_the_options_say_so(on: VirtualSandbox) -> None:
    caller = Caller(on)
    caller.ec2.create_tags(Resources=[caller.id], Tags=[{"Key": "Name", "Value": "web"}])
    assert caller.read("meta-data/tags/instance/Name") is None
    caller.modify(InstanceMetadataTags="enabled")
    assert caller.read("meta-data/tags/instance/") == "Name"
    caller.ec2.create_tags(Resources=[caller.id], Tags=[{"Key": "Name", "Value": "db"}])
    on.run(1)
    assert caller.read("meta-data/tags/instance/Name") == "db"
    caller.modify(InstanceMetadataTags="disabled")
    caller.ec2.create_tags(Resources=[caller.id], Tags=[{"Key": "a b", "Value": "x"}])
    with pytest.raises(ClientError, match="'a b' is not a valid tag key"):
        caller.modify(InstanceMetadataTags="enabled")


def test_what_changes_at_a_running_instance_is_read(on: VirtualSandbox) -> None:
    caller = Caller(on)
    group = caller.ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    caller.ec2.modify_instance_attribute(InstanceId=caller.id, Groups=[group])
    caller.ec2.monitor_instances(InstanceIds=[caller.id])
    on.run(1)
    assert "web" in str(caller.read("meta-data/security-groups")).splitlines()
    assert caller.read("dynamic/fws/instance-monitoring") == "enabled"


@rule("IMDS-16")
def test_credentials_of_the_role_work_and_are_renewed(on: VirtualSandbox) -> None:
    role = make_profile(on)
    caller = Caller(on, IamInstanceProfile={"Name": "web"})
    assert caller.read("meta-data/iam/security-credentials/") == "web"
    first = json.loads(str(caller.read("meta-data/iam/security-credentials/web")))
    expires = datetime.fromisoformat(first["Expiration"])
    assert timedelta(0) <= on.now() + LIFETIME - expires < timedelta(seconds=10)
    assert caller_arn(on, first) == f"arn:aws:sts::123456789012:assumed-role/web/{caller.id}"
    on.run((LIFETIME - RENEWAL).total_seconds())
    second = json.loads(str(caller.read("meta-data/iam/security-credentials/web")))
    assert second["AccessKeyId"] != first["AccessKeyId"] and on.now() < expires
    assert caller_arn(on, first) == caller_arn(on, second), "the first ones are valid until they expire"
    events = [e for e in on.sandbox.journal.events() if e.detail_type == CREDENTIALS_ISSUED]
    assert [e.resources for e in events] == [(caller.id,)] * 2 and role.endswith("role/web")


def caller_arn(on: VirtualSandbox, credentials: dict[str, str]) -> str:
    """Whom the API takes the bearer of these credentials for."""
    scope = f"{credentials['AccessKeyId']}/20260507/us-east-1/sts/aws4_request"
    headers = {
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "HTTP_X_AMZ_SECURITY_TOKEN": credentials["Token"],
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
    }
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    _, _, answer = request(on.sandbox.gateway, "POST", "/", body, **headers)
    found = re.search(r"<Arn>(.*)</Arn>", answer.decode())
    assert found, answer
    return found[1]


def test_a_profile_comes_changes_and_goes(on: VirtualSandbox) -> None:
    make_profile(on)
    make_profile(on, "other")
    caller = Caller(on)
    assert caller.read("meta-data/iam/info") is None
    made = caller.ec2.associate_iam_instance_profile(InstanceId=caller.id, IamInstanceProfile={"Name": "web"})
    on.run(1)
    assert caller.read("meta-data/iam/security-credentials/") == "web"
    association = made["IamInstanceProfileAssociation"]["AssociationId"]
    made = caller.ec2.replace_iam_instance_profile_association(AssociationId=association, IamInstanceProfile={"Name": "other"})
    on.run(1)
    assert caller.read("meta-data/iam/security-credentials/") == "other"
    on.client("iam").remove_role_from_instance_profile(InstanceProfileName="other", RoleName="other")
    on.run(1)
    assert caller.read("meta-data/iam/security-credentials/") is None and caller.read("meta-data/iam/info") is not None
    caller.ec2.disassociate_iam_instance_profile(AssociationId=made["IamInstanceProfileAssociation"]["AssociationId"])
    on.run(1)
    assert caller.read("meta-data/iam/info") is None


@rule("IMDS-11")
def test_a_member_is_told_its_target_state(on: VirtualSandbox) -> None:
    fleet = Fleet(on).make(delay=20)
    assert on.until(lambda: len(on.world.machines) == 3, 60) is not None
    addresses = {member: on.world.machine(member).address for member in fleet.members()}
    on.run(1)
    assert {read(on, each, "meta-data/autoscaling/target-lifecycle-state") for each in addresses.values()} == {"InService"}
    assert on.until(fleet.well, 120) is not None
    asg = on.client("autoscaling")
    leaving, standing, detached = sorted(addresses)
    asg.put_lifecycle_hook(
        AutoScalingGroupName="web", LifecycleHookName="bye", LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING", HeartbeatTimeout=60
    )
    asg.enter_standby(AutoScalingGroupName="web", InstanceIds=[standing], ShouldDecrementDesiredCapacity=True)
    asg.terminate_instance_in_auto_scaling_group(InstanceId=leaving, ShouldDecrementDesiredCapacity=False)
    on.run(1)
    states = {each: read(on, addresses[each], "meta-data/autoscaling/target-lifecycle-state") for each in addresses}
    assert states == {leaving: "Terminated", standing: "Standby", detached: "InService"}
    assert on.until(lambda: fleet.members().get(leaving) == "Terminating:Wait", 60) is not None
    assert read(on, addresses[leaving], "meta-data/autoscaling/target-lifecycle-state") == "Terminated"
    asg.detach_instances(AutoScalingGroupName="web", InstanceIds=[detached], ShouldDecrementDesiredCapacity=False)
    on.run(1)
    assert read(on, addresses[detached], "meta-data/autoscaling/target-lifecycle-state") == "Detached"
    assert on.until(lambda: detached not in fleet.members(), 60) is not None
    on.run(1)
    assert read(on, addresses[detached], "meta-data/autoscaling/target-lifecycle-state") is None


def test_a_terminated_instance_reads_nothing_and_its_successor_its_own(on: VirtualSandbox) -> None:
    caller = Caller(on)
    caller.ec2.terminate_instances(InstanceIds=[caller.id])
    on.run(5)
    assert caller.status() == 403
    successor = Caller(on, PrivateIpAddress=caller.address)
    assert successor.id != caller.id and successor.read("meta-data/instance-id") == successor.id


def test_a_restarted_control_plane_publishes_the_same(on: VirtualSandbox, tmp_path: Path) -> None:
    make_profile(on)
    caller = Caller(on, IamInstanceProfile={"Name": "web"}, MetadataOptions={"HttpTokens": "optional", "InstanceMetadataTags": "enabled"})
    before = caller.read("meta-data/iam/security-credentials/web")
    caller.on = on.restart(tmp_path / "state.bin")
    caller.on.run(1)
    assert caller.read("meta-data/iam/security-credentials/web") == before
    assert caller_arn(caller.on, json.loads(str(before))).endswith(f"assumed-role/web/{caller.id}")


@rule("IMDS-4")
def test_calls_without_a_token_are_a_metric(on: VirtualSandbox) -> None:
    caller = Caller(on, Monitoring={"Enabled": True})
    for _ in range(3):
        assert caller.status() == 200
    token = on.sandbox.simulated.metadata.ask(caller.address, Request("PUT", "/latest/api/token", {TTL: "600"})).body.decode()
    assert caller.status(**{"x_aws_ec2_metadata_token": token}) == 200
    caller.modify(HttpTokens="required")
    assert caller.status() == 401
    on.run(130)
    assert (points(caller, "MetadataNoToken"), points(caller, "MetadataNoTokenRejected")) == (3, 1)


def points(caller: Caller, metric: str) -> float:
    found = caller.on.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/EC2",
        MetricName=metric,
        Dimensions=[{"Name": "InstanceId", "Value": caller.id}],
        StartTime=caller.on.now() - timedelta(hours=1),
        EndTime=caller.on.now(),
        Period=60,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])


@rule("IMDS-6", "IMDS-7")
def test_an_image_that_supports_version_2_requires_tokens(on: VirtualSandbox) -> None:
    ec2 = on.client("ec2")
    device = {
        "DeviceName": "/dev/xvda",
        "Ebs": {"SnapshotId": ec2.describe_images(ImageIds=[AMI])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]},
    }
    image = ec2.register_image(Name="new", RootDeviceName="/dev/xvda", ImdsSupport="v2.0", BlockDeviceMappings=[device])["ImageId"]
    options = Caller(on, ImageId=image).at_launch
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 2)
    assert Caller(on, ImageId=image, MetadataOptions={"HttpTokens": "optional"}).at_launch["HttpTokens"] == "optional"
