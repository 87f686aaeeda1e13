"""The structure of properties that resource types read themselves, checked before a type is called. Pure.

What goes straight to an operation is checked by the operation's model (parameters.py). Most names mean the same in every type.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.services.cloudformation.resources.parameters import JSON_NAMES, TRUTH

ARRAY, OBJECT, STRING, BOOLEAN = "JSONArray", "JSONObject", "String", "Boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """With scalars as values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalars:
    """A list of them; `alone`: one of them may stand without a list."""

    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """A list of objects, with these keys and these parts."""

    required: tuple[str, ...] = ()
    parts: Mapping[str, "Structure"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Modelled:
    """The model of the operation checks it (parameters.py): a name of STRUCTURES that means something else in a type."""


Structure = Modelled | Scalar | Flag | Map | Scalars | Objects

TAGS = Objects(required=("Key",), parts={"Key": Scalar(), "Value": Scalar(), "PropagateAtLaunch": Flag()})
STRUCTURES: Mapping[str, Structure] = {
    **dict.fromkeys(("DisableApiTermination", "EbsOptimized", "EnableDnsHostnames", "EnableDnsSupport"), Flag()),
    **dict.fromkeys(("FifoQueue", "FifoTopic", "MapPublicIpOnLaunch", "Monitoring", "SourceDestCheck"), Flag()),
    **dict.fromkeys(("AutoScalingGroupName", "GroupId", "GroupName", "InstanceId", "InternetGatewayId", "KeyName"), Scalar()),
    **dict.fromkeys(("PublicKeyMaterial", "Queue", "RouteTableId", "SubnetId", "TopicArn", "UserData", "VolumeId", "VpcId"), Scalar()),
    **dict.fromkeys(("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId", "PolicyName"), Scalar()),
    **dict.fromkeys(
        ("Groups", "ManagedPolicyArns", "Queues", "Roles", "SecurityGroupIds", "TargetGroupARNs", "Topics", "Users"), Scalars()
    ),
    "VPCZoneIdentifier": Scalars(alone=True),
    "LifecycleHookSpecificationList": Objects(required=("LifecycleHookName",), parts={"LifecycleHookName": Scalar()}),
    "MetricsCollection": Objects(),
    "NetworkInterfaces": Objects(),
    "NotificationConfigurations": Objects(required=("TopicARN",), parts={"TopicARN": Scalar()}),
    "Policies": Objects(required=("PolicyName", "PolicyDocument"), parts={"PolicyName": Scalar()}),
    "SecurityGroupEgress": Objects(required=("IpProtocol",)),
    "SecurityGroupIngress": Objects(required=("IpProtocol",)),
    "Subscription": Objects(required=("Endpoint", "Protocol"), parts={"Endpoint": Scalar(), "Protocol": Scalar()}),
    "TagSpecifications": Objects(required=("ResourceType",), parts={"Tags": TAGS}),
    "Tags": TAGS,
    "Targets": Objects(required=("Id",)),
    "TrafficSources": Objects(required=("Identifier",)),
    "Volumes": Objects(required=("Device", "VolumeId"), parts={"VolumeId": Scalar()}),
}


def problems(properties: Mapping[str, Any], special: Mapping[str, Structure]) -> Iterator[str]:
    """In CloudFormation's words. `special`: structures of names that mean something else in this type."""
    known = {**STRUCTURES, **special}
    for name, value in properties.items():
        if name in known:
            yield from _problems(value, known[name], f"#/{name}")


def _problems(value: Any, structure: Structure, path: str) -> Iterator[str]:
    match structure:
        case Scalar() if isinstance(value, dict | list) or value is None:
            yield _expected(STRING, value, path)
        case Flag() if not isinstance(value, bool) and str(value).lower() not in TRUTH:
            yield _expected(BOOLEAN, value, path)
        case Map() if not isinstance(value, dict):
            yield _expected(OBJECT, value, path)
        case Map():
            for name, part in value.items():
                yield from _problems(part, Scalar(), f"{path}/{name}")
        case Scalars(alone=True) if isinstance(value, str):
            return
        case Scalars() | Objects() if not isinstance(value, list):
            yield _expected(ARRAY, value, path)
        case Scalars():
            for index, part in enumerate(value):
                yield from _problems(part, Scalar(), f"{path}/{index}")
        case Objects():
            for index, part in enumerate(value):
                yield from _of_object(part, structure, f"{path}/{index}")


def _of_object(value: Any, structure: Objects, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _expected(OBJECT, value, path)
        return
    for name in structure.required:
        if name not in value:
            yield f"{path}: required key [{name}] not found"
    for name, part in structure.parts.items():
        if name in value:
            yield from _problems(value[name], part, f"{path}/{name}")


def _expected(wanted: str, value: Any, path: str) -> str:
    return f"{path}: expected type: {wanted}, found: {JSON_NAMES.get(type(value), STRING)}"
