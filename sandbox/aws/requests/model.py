"""An operation's input, compiled from botocore's model once: what may be in it, under which names, within which limits.

Which limits are checked depends on the service. `LIMITED` has those whose limits AWS enforces for every member; of the others, only types
and required members are checked. `LEFT_TO_SERVICE` has what a service answers in words of its own, which its own validation knows.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS

LIMITED = frozenset({"arc-zonal-shift", "autoscaling", "cloudformation", "cloudwatch", "ec2", "elbv2", "fis", "sns", "ssm"})

LEFT_TO_SERVICE: Mapping[str, frozenset[str]] = {
    "ec2": frozenset({"InstanceAttributeName", "InstanceType", "ResourceType", "VolumeType", "VpcTenancy"}),
    "autoscaling": frozenset(),
    "cloudwatch": frozenset({"StateValue"}),  # AWS lists its words in another order than the model
    "elbv2": frozenset(),
    "sns": frozenset(),
}
"""Names of shapes whose limits the service checks."""

ALSO_REQUIRED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "autoscaling": {"Filter": ("Name", "Values")},
    "ec2": {
        "InstanceIpv6Address": ("Ipv6Address",),
        "ModifyLaunchTemplateRequest": ("DefaultVersion",),
        "ModifySpotFleetRequestRequest": ("TargetCapacity",),
        "NewDhcpConfiguration": ("Key", "Values"),
    },
    "elbv2": {
        "ListenerAttribute": ("Key",),
        "LoadBalancerAttribute": ("Key",),
        "RulePriorityPair": ("RuleArn", "Priority"),
        "TargetGroupAttribute": ("Key",),
    },
}
"""Service → shape → members without which it has no meaning, although the model does not say that they are required."""

CIDR = re.compile(r"\w*Cidr(Block|Blocks|Ip|Ipv6|s)?")
"""Names of EC2's strings that hold a block of addresses."""

SAFE_PATTERN = re.compile(r"\[[^\]]*\][*+]?")
"""One set of characters, repeated or not: such a pattern takes linear time, whatever the value."""
JAVA_ASTRAL = r"\uD800\uDC00-\uDBFF\uDFFF"
"""How AWS's models write all characters beyond U+FFFF."""


@dataclass(slots=True)
class Node:
    """A shape. Only what its kind needs is set."""

    kind: str  # structure, list, map, string, integer, long, float, double, boolean, timestamp, blob
    members: dict[str, "tuple[str, Node]"] = field(default_factory=dict)  # name on the wire → name in the model, shape
    required: tuple[tuple[str, str], ...] = ()  # name in the model, name on the wire
    document: bool = False  # any JSON
    item: "Node | None" = None
    entry: str = ""  # of lists and maps in a form: the part of the name before the index ("member")
    key: "Node | None" = None
    value: "Node | None" = None
    names: tuple[str, str] = ("key", "value")  # of a map's entries
    enum: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    cidr: bool = False
    pattern: str = ""
    matches: Callable[[str], Any] | None = None
    single: str = ""  # name of the shape, for services that name the members of a list by it


class Compiler:
    """Makes the nodes of one protocol. A shape that contains itself gets one node, which refers to itself."""

    def __init__(self, operation: OperationModel, protocol: str) -> None:
        self._parser = PROTOCOL_PARSERS[protocol](operation) if protocol in ("ec2", "query") else None
        self._service = operation.service_model.service_name
        self._ec2 = protocol == "ec2"
        self._nodes: dict[str, Node] = {}

    def node(self, shape: Any) -> Node:
        key = f"{shape.name} {sorted(shape.serialization.items())}"
        if key not in self._nodes:
            self._nodes[key] = made = Node(kind=shape.type_name, single=shape.name)
            _FILL.get(shape.type_name, Compiler._scalar)(self, made, shape)
            if self._service in LIMITED and shape.name not in LEFT_TO_SERVICE.get(self._service, ()):
                _limit(made, shape)
        return self._nodes[key]

    def _structure(self, node: Node, shape: Any) -> None:
        node.document = bool(getattr(shape, "is_document_type", False))
        sent = {name: self._sent(member, name) for name, member in shape.members.items()}
        for name, member in shape.members.items():
            if self._parser is None and "location" in member.serialization:
                continue  # a header or a part of the path
            node.members[sent[name]] = (name, self._member(name, member))
        kept = {name for name, _ in node.members.values()}
        also = ALSO_REQUIRED.get(self._service, {}).get(shape.name, ())
        node.required = tuple((name, sent[name]) for name in (*shape.required_members, *also) if name in kept)

    def _member(self, name: str, shape: Any) -> Node:
        node = self.node(shape)
        if not (self._ec2 and CIDR.fullmatch(name)):
            return node
        if node.kind == "list" and node.item is not None and node.item.kind == "string":
            return replace(node, item=replace(node.item, cidr=True))
        return replace(node, cidr=True) if node.kind == "string" else node

    def _list(self, node: Node, shape: Any) -> None:
        node.item = self.node(shape.member)
        if self._parser is not None and not self._ec2 and not shape.serialization.get("flattened"):
            node.entry = self._parser._get_serialized_name(shape.member, "member")

    def _map(self, node: Node, shape: Any) -> None:
        node.key, node.value = self.node(shape.key), self.node(shape.value)
        if self._parser is not None:
            node.entry = "" if shape.serialization.get("flattened") else "entry"
            named = self._parser._get_serialized_name
            node.names = (named(shape.key, "key"), named(shape.value, "value"))

    def _scalar(self, node: Node, shape: Any) -> None:
        pass

    def _sent(self, member: Any, name: str) -> str:
        """The member's name on the wire. That of a flattened list in a query is the one of its members."""
        if self._parser is None:
            return str(member.serialization.get("name", name))
        if not self._ec2 and member.type_name == "list" and member.serialization.get("flattened"):
            inner = self._parser._get_serialized_name(member.member, None)
            if inner is not None:
                return str(inner)
        return str(self._parser._get_serialized_name(member, name))


_FILL: dict[str, Callable[[Compiler, Node, Any], None]] = {
    "structure": Compiler._structure,
    "list": Compiler._list,
    "map": Compiler._map,
}


def _limit(node: Node, shape: Any) -> None:
    node.enum = tuple(shape.metadata.get("enum", ()))
    node.least, node.most = shape.metadata.get("min"), shape.metadata.get("max")
    pattern = shape.metadata.get("pattern", "").replace(JAVA_ASTRAL, "\\U00010000-\\U0010FFFF")
    if SAFE_PATTERN.fullmatch(pattern) and "\\p" not in pattern:
        node.pattern, node.matches = shape.metadata["pattern"], re.compile(pattern).fullmatch
