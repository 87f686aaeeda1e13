"""What instances use: Volume, VolumeAttachment, KeyPair."""

from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Gone, InProgress, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, is_missing, one, table
from sandbox.services.cloudformation.resources.parameters import changed, pick, text
from sandbox.services.cloudformation.resources.types.vpc import ec2_filter

FIXED = ("AvailabilityZone", "Encrypted", "KmsKeyId", "SnapshotId")
MODIFIABLE = ("Size", "VolumeType", "Iops", "Throughput", "MultiAttachEnabled")


class Volume(Kind):
    """AWS does not replace a volume: an update of its zone, encryption or snapshot fails."""

    type_name, service, tagging = "AWS::EC2::Volume", "ec2", tags.EC2
    properties = table(unchanged=" ".join((*FIXED, *MODIFIABLE, "Tags")))
    required = frozenset({"AvailabilityZone"})
    attributes = frozenset({"VolumeId"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, *FIXED, *MODIFIABLE)
        specification = tags.specification("volume", wanted)
        answer = self.send(call, wanted, "create_volume", given, TagSpecifications=specification, ClientToken=wanted.client_token)
        return str(answer["VolumeId"])

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        differs = changed(old.properties, new.properties)
        if differs.intersection(FIXED):
            raise ApiError("NotUpdatable", f"Update to resource type {self.type_name} is not supported.")
        if given := pick(new.properties, *differs.intersection(MODIFIABLE)):
            self.send(call, new, "modify_volume", given, VolumeId=physical_id)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ec2", "delete_volume", VolumeId=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        state = one(call("ec2", "describe_volumes", VolumeIds=[physical_id])["Volumes"])["State"]
        return Ready({"VolumeId": physical_id}) if state in ("available", "in-use") else InProgress()


class VolumeAttachment(Kind):
    """Its physical id is the volume and the instance: vol-0123|i-0123."""

    type_name, service = "AWS::EC2::VolumeAttachment", "ec2"
    properties = table("Device InstanceId VolumeId")
    required = frozenset({"Device", "InstanceId", "VolumeId"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "Device", "InstanceId", "VolumeId")
        self.send(call, wanted, "attach_volume", given)
        return f"{given['VolumeId']}|{given['InstanceId']}"

    def delete(self, call: Call, physical_id: str, old: Wanted) -> Gone | None:
        volume, instance = physical_id.split("|")
        held = self._held(call, volume, instance)
        if held is None:
            return Gone()
        if held["State"] in ("attached", "busy"):
            call("ec2", "detach_volume", VolumeId=volume, InstanceId=instance)
        return None

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        held = _attachment(call, *physical_id.split("|"))
        if held is None:
            return Gone()
        return Ready() if held["State"] == "attached" else InProgress()

    def _held(self, call: Call, volume: str, instance: str) -> dict[str, Any] | None:
        try:
            return _attachment(call, volume, instance)
        except ApiError as error:
            if not is_missing(error):
                raise
            return None


def _attachment(call: Call, volume: str, instance: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = one(call("ec2", "describe_volumes", VolumeIds=[volume])["Volumes"]).get("Attachments", [])
    return next((each for each in found if each["InstanceId"] == instance and each["State"] != "detached"), None)


class KeyPair(Kind):
    """A key that EC2 makes is kept as the SSM parameter /ec2/keypair/key-0123; there is no other copy of it."""

    type_name, service, name_property = "AWS::EC2::KeyPair", "ec2", "KeyName"
    properties = table("KeyName KeyType PublicKeyMaterial Tags")
    required = frozenset({"KeyName"})
    attributes = frozenset({"KeyPairId", "KeyFingerprint"})

    def make(self, call: Call, wanted: Wanted) -> str:
        name, specification = text(wanted.properties["KeyName"]), tags.specification("key-pair", wanted)
        self.refuse_existing(wanted, lambda name: call("ec2", "describe_key_pairs", Filters=[ec2_filter("key-name", name)])["KeyPairs"])
        if material := wanted.properties.get("PublicKeyMaterial"):
            fixed = {"PublicKeyMaterial": material.encode(), "TagSpecifications": specification}
            self.send(call, wanted, "import_key_pair", {"KeyName": name}, **fixed)
            return name
        made = self.send(call, wanted, "create_key_pair", pick(wanted.properties, "KeyName", "KeyType"), TagSpecifications=specification)
        call("ssm", "put_parameter", Name=_parameter(made["KeyPairId"]), Type="SecureString", Value=made["KeyMaterial"], Overwrite=True)
        return name

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        found = one(call("ec2", "describe_key_pairs", KeyNames=[physical_id])["KeyPairs"])
        call("ec2", "delete_key_pair", KeyName=physical_id)
        if "PublicKeyMaterial" not in old.properties:
            call("ssm", "delete_parameter", Name=_parameter(found["KeyPairId"]))

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = one(call("ec2", "describe_key_pairs", KeyNames=[physical_id])["KeyPairs"])
        return Ready(pick(found, "KeyPairId", "KeyFingerprint"))


def _parameter(key_pair_id: str) -> str:
    return f"/ec2/keypair/{key_pair_id}"


TYPES = (Volume(), VolumeAttachment(), KeyPair())
