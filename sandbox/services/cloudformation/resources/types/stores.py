"""Where an application keeps things: SSM's Parameter, S3's Bucket."""

from collections.abc import Mapping
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Gone, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, first, is_missing, ready_or_gone, table
from sandbox.services.cloudformation.resources.parameters import changed, pick, text
from sandbox.services.cloudformation.resources.structures import Map, Scalar, Structure

PARAMETER: Mapping[str, Structure] = {"Tags": Map(), "Policies": Scalar()}
FIRST_REGION = "us-east-1"
BUCKET_LIMIT = 63
OWN_PREFIX = "aws:"


class Parameter(Kind):
    """Ref is its name."""

    type_name, service, tagging, name_property = "AWS::SSM::Parameter", "ssm", tags.SSM, "Name"
    properties = table("Name", "AllowedPattern DataType Description Policies Tags Tier Type Value")
    required = frozenset({"Type", "Value"})
    attributes = frozenset({"Arn", "Type", "Value"})
    structures = PARAMETER

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, 0)
        self._put(call, name, wanted, Tags=tags.as_list(tags.merged(wanted)))
        return name

    def name(self, wanted: Wanted, limit: int, suffix: str = "") -> str:
        """Parameters have names like CFN-Colour-1A2B3C4D5E6F."""
        if "Name" in wanted.properties:
            return text(wanted.properties["Name"])
        return f"CFN-{wanted.logical_id}-{wanted.generated_name().rpartition('-')[2]}"

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if changed(old.properties, new.properties) - {"Tags"}:
            self._put(call, physical_id, new, Overwrite=True)

    def _put(self, call: Call, name: str, wanted: Wanted, **fixed: Any) -> None:
        given = {key: value for key, value in wanted.properties.items() if key not in ("Name", "Tags")}
        self.send(call, wanted, "put_parameter", given, Name=name, **fixed)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ssm", "delete_parameter", Name=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        return ready_or_gone(_parameter(call, physical_id), "Type", "Value", Arn="ARN")


def _parameter(call: Call, name: str) -> dict[str, Any] | None:
    return first(call("ssm", "get_parameters", Names=[name])["Parameters"])


class Bucket(Kind):
    """Ref is its name. It must be empty to be deleted, as on AWS."""

    type_name, service, name_property = "AWS::S3::Bucket", "s3", "BucketName"
    properties = table("BucketName", "PublicAccessBlockConfiguration Tags VersioningConfiguration")
    attributes = frozenset({"Arn", "DomainName", "RegionalDomainName"})

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, BUCKET_LIMIT).lower()
        self.refuse_existing(wanted, lambda name: _exists(call, name))
        here = call.scope.region
        place = {} if here == FIRST_REGION else {"CreateBucketConfiguration": {"LocationConstraint": here}}
        call("s3", "create_bucket", Bucket=name, **place)
        return name

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        steps = {
            "VersioningConfiguration": "put_bucket_versioning",
            "PublicAccessBlockConfiguration": "put_public_access_block",
        }
        for name, operation in steps.items():
            if name in wanted.properties:
                self.send(call, wanted, operation, pick(wanted.properties, name), Bucket=physical_id)
        self._tag(call, physical_id, wanted)

    def update(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> str | None:
        differs = changed(old.properties, new.properties)
        if "VersioningConfiguration" in differs and "VersioningConfiguration" not in new.properties:
            call("s3", "put_bucket_versioning", Bucket=physical_id, VersioningConfiguration={"Status": "Suspended"})
        if "PublicAccessBlockConfiguration" in differs and "PublicAccessBlockConfiguration" not in new.properties:
            call("s3", "delete_public_access_block", Bucket=physical_id)
        self.complete(call, physical_id, new)
        return None

    def _tag(self, call: Call, name: str, wanted: Wanted) -> None:
        """PutBucketTagging takes no tags of AWS's own, and replaces all."""
        given = tags.as_list({key: value for key, value in tags.merged(wanted).items() if not key.startswith(OWN_PREFIX)})
        if given:
            call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": given})
        else:
            call("s3", "delete_bucket_tagging", Bucket=name)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("s3", "delete_bucket", Bucket=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        if not _exists(call, physical_id):
            return Gone()
        domain, region = f"{physical_id}.s3", call.scope.region
        return Ready(
            {
                "Arn": f"arn:aws:s3:::{physical_id}",
                "DomainName": f"{domain}.amazonaws.com",
                "RegionalDomainName": f"{domain}.{region}.amazonaws.com",
            }
        )


def _exists(call: Call, name: str) -> bool:
    try:
        call("s3", "head_bucket", Bucket=name)
    except ApiError as error:
        if error.code not in ("404", "NotFound") and not is_missing(error):
            raise
        return False
    return True


TYPES = (Parameter(), Bucket())
