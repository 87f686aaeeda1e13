"""Answers that sandbox/aws/hosting/compiled_xml.py writes are, to the byte, those of moto's own serializer."""

from dataclasses import dataclass, field
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import xform_name
from hypothesis import given
from hypothesis import strategies as st
from moto.core import serialize
from moto.core.utils import get_service_model

from sandbox.aws import seams
from sandbox.aws.function_seams import FunctionSwap
from sandbox.aws.hosting import compiled_xml
from tests.support import Fleet, virtual_sandbox

DESCRIPTIONS = (
    ("autoscaling", "describe_auto_scaling_groups"),
    ("autoscaling", "describe_scaling_activities"),
    ("ec2", "describe_instances"),
    ("ec2", "describe_subnets"),
    ("ec2", "describe_security_groups"),
    ("ec2", "describe_volumes"),
    ("ec2", "describe_network_interfaces"),
    ("ec2", "describe_images"),
    ("elbv2", "describe_load_balancers"),
    ("elbv2", "describe_target_groups"),
    ("sns", "list_topics"),
)


def swap() -> FunctionSwap:
    swaps = [each for each in seams.REGISTRY._swaps if isinstance(each, FunctionSwap)]
    return next(each for each in swaps if each.ours is compiled_xml.compiled_result)


@dataclass
class Both:
    """Stands for moto's method: writes each answer both ways, compares them, and notes the operations whose answers ours wrote."""

    theirs: Any
    fleet: Fleet
    written: list[str] = field(default_factory=list)

    def write(self, serializer: Any, resp: Any, result: Any) -> Any:
        copied = {**resp, "headers": dict(resp["headers"])}
        ours = compiled_xml.compiled_result(lambda *_: None, serializer, copied, result)
        theirs = self.theirs(serializer, resp, result)
        if ours is not None:
            assert ours == theirs
            self.written.append(serializer.operation_name)
        return theirs


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Both:
    fleet = Fleet(virtual_sandbox()).make()
    fleet.on.client("ec2").create_tags(Resources=[fleet.subnets(1)[0]], Tags=[{"Key": '<a & "b">', "Value": "ä ]]> \n"}])
    fleet.on.run(120)
    made = swap()
    owner, attribute = made._owner(import_module(made.module))
    comparing = Both(made.theirs, fleet)

    def write(self: Any, resp: Any, result: Any) -> Any:  # a function, so that it becomes a method
        return comparing.write(self, resp, result)

    monkeypatch.setattr(owner, attribute, write)
    return comparing


def test_descriptions_of_a_fleet_are_the_same(both: Both) -> None:
    for service, operation in DESCRIPTIONS:
        getattr(both.fleet.on.client(service), operation)()
    assert [xform_name(name) for name in both.written] == [operation for _, operation in DESCRIPTIONS]


# ---- objects of any kind


class WithProperties:
    """Some members as properties, one of which may not be there."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values_ = values

    @property
    def name(self) -> Any:
        if "Name" not in self.values_:
            raise AttributeError("name")
        return self.values_["Name"]

    @property
    def load_balancer_arn(self) -> Any:
        return self.values_.get("LoadBalancerArn")


class Computed:
    """Its members exist only when they are asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(name) from None


TEXT = st.text(alphabet="ab<>&\"' ä\n", max_size=4)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "LoadBalancerName": TEXT,
        "Name": TEXT,
        "Arn": TEXT,
        "LoadBalancerArn": TEXT | st.none(),
        "SecurityGroups": st.lists(TEXT, max_size=3) | st.none(),
        "State": st.fixed_dictionaries({}, optional={"Code": TEXT, "Reason": st.none() | TEXT}),
        "AvailabilityZones": st.lists(st.fixed_dictionaries({}, optional={"ZoneName": TEXT, "zone_name": TEXT}) | st.none(), max_size=3),
        "CreatedTime": st.datetimes(),
        "IpAddressType": st.integers() | st.booleans() | st.floats(allow_nan=False),
    },
)
KINDS = (dict, lambda values: SimpleNamespace(**values), WithProperties, Computed)


@given(values=st.lists(st.tuples(st.sampled_from(KINDS), VALUES), max_size=3), request_id=st.none() | TEXT)
def test_any_objects_give_the_same_text(values: list[tuple[Any, dict[str, Any]]], request_id: str | None) -> None:
    model = get_service_model("elbv2").operation_model("DescribeLoadBalancers")
    result = {"LoadBalancers": [kind(found) for kind, found in values]}

    def serializer() -> Any:
        picker = serialize.XFormedAttributePicker(response_transformers={"AvailabilityZone.ZoneName": serialize.return_if_not_empty})
        return serialize.QuerySerializer(operation_model=model, context=serialize.SerializationContext(request_id), value_picker=picker)

    theirs = serialize.ResponseSerializer.__dict__["_serialize_result"]
    theirs = getattr(theirs, "__wrapped__", theirs)
    ours = compiled_xml.compiled_result(lambda *_: None, serializer(), {"headers": {}}, result)
    assert ours == theirs(serializer(), {"headers": {}}, result)


def test_what_is_rare_is_left_to_moto() -> None:
    """A map, another protocol, a picker with its own aliases."""
    attributes = get_service_model("sns").operation_model("GetTopicAttributes")
    queues = get_service_model("sqs").operation_model("ListQueues")
    topics = get_service_model("sns").operation_model("ListTopics")
    left = [
        serialize.QuerySerializer(operation_model=attributes, value_picker=serialize.XFormedAttributePicker()),
        serialize.JSONSerializer(operation_model=queues, value_picker=serialize.XFormedAttributePicker()),
        serialize.QuerySerializer(operation_model=topics, value_picker=serialize.XFormedAttributePicker([serialize.NoAlias])),
        serialize.QuerySerializer(operation_model=topics),
    ]
    for serializer in left:
        assert compiled_xml.compiled_result(lambda *_: "moto's", serializer, {"headers": {}}, {}) == "moto's"
