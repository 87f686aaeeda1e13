"""Parameters whose types name something of the account: it must exist (CFN-9). And those that name an SSM parameter: its value."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide.template.parameters import split
from sandbox.services.cloudformation.resources.base import Call
from sandbox.services.cloudformation.template_model import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lookup:
    """The EC2 operation that finds it."""

    operation: str
    parameter: str


LOOKUPS = {
    "AWS::EC2::AvailabilityZone::Name": _Lookup(operation="describe_availability_zones", parameter="ZoneNames"),
    "AWS::EC2::Image::Id": _Lookup(operation="describe_images", parameter="ImageIds"),
    "AWS::EC2::Instance::Id": _Lookup(operation="describe_instances", parameter="InstanceIds"),
    "AWS::EC2::KeyPair::KeyName": _Lookup(operation="describe_key_pairs", parameter="KeyNames"),
    "AWS::EC2::SecurityGroup::GroupName": _Lookup(operation="describe_security_groups", parameter="GroupNames"),
    "AWS::EC2::SecurityGroup::Id": _Lookup(operation="describe_security_groups", parameter="GroupIds"),
    "AWS::EC2::Subnet::Id": _Lookup(operation="describe_subnets", parameter="SubnetIds"),
    "AWS::EC2::Volume::Id": _Lookup(operation="describe_volumes", parameter="VolumeIds"),
    "AWS::EC2::VPC::Id": _Lookup(operation="describe_vpcs", parameter="VpcIds"),
}


def check(call: Call, template: Template, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        parameter = template.parameters[name]
        inner = parameter.value_type.removeprefix("List<").removesuffix(">")
        lookup = LOOKUPS.get(inner)
        for member in split(value) if parameter.is_list else [value]:
            if inner == "AWS::Route53::HostedZone::Id" or (lookup is not None and not _exists(call, lookup, member)):
                raise errors.invalid(f"Parameter validation failed: parameter value {member} for parameter name {name} does not exist")


def _exists(call: Call, lookup: _Lookup, value: str) -> bool:
    try:
        answer = call("ec2", lookup.operation, **{lookup.parameter: [value]})
    except ApiError:
        return False
    return any(isinstance(found, list) and found for found in answer.values())


def ssm_values(call: Call, template: Template, values: Mapping[str, str]) -> dict[str, str]:
    """Parameter → the value of the SSM parameter that it names. Raises ApiError if there is none (CFN-10)."""
    named = {name: value for name, value in values.items() if template.parameters[name].is_ssm}
    found = {name: _ssm_value(call, value) for name, value in named.items()}
    missing = [named[name] for name, value in found.items() if value is None]
    checked = [v for n, v in values.items() if template.parameters[n].type == "AWS::SSM::Parameter::Name"]
    missing += [value for value in checked if _ssm_value(call, value) is None]
    if missing:
        raise errors.invalid(f"Unable to fetch parameters [{','.join(missing)}] from parameter store for this account.")
    return {name: value for name, value in found.items() if value is not None}


def _ssm_value(call: Call, name: str) -> str | None:
    try:
        return str(call("ssm", "get_parameter", Name=name)["Parameter"]["Value"])
    except ApiError as error:
        if error.status == 501:
            raise NotImplementedError("parameters of a type of SSM, without SSM") from error
        return None
