"""Responses are those of moto's own code, whatever sandbox/aws/hosting/moto_speed.py does to be quicker."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.core import parse, serialize
from moto.core.utils import get_service_model
from werkzeug.datastructures import MultiDict

import sandbox.aws.hosting.moto_speed
from sandbox.aws import seams
from sandbox.aws.function_seams import FunctionSwap
from sandbox.aws.hosting.moto_speed import _written
from tests.support import Fleet, virtual_sandbox

NAMES = ("MetricDataQueries", "member", "1", "2", "10", "MetricStat", "Metric", "Dimensions", "Name", "Value", "Period", "ScanBy", "Id")
DESCRIPTIONS = (
    ("autoscaling", "describe_auto_scaling_groups"),
    ("autoscaling", "describe_launch_configurations"),
    ("autoscaling", "describe_scaling_activities"),
    ("ec2", "describe_instances"),
    ("ec2", "describe_subnets"),
    ("ec2", "describe_security_groups"),
    ("ec2", "describe_vpcs"),
    ("ec2", "describe_images"),
    ("elbv2", "describe_load_balancers"),
    ("elbv2", "describe_target_groups"),
    ("cloudwatch", "describe_alarms"),
    ("cloudwatch", "list_metrics"),
)


def ours() -> list[FunctionSwap]:
    swaps = [swap for swap in seams.REGISTRY._swaps if isinstance(swap, FunctionSwap)]
    return [swap for swap in swaps if swap.ours.__module__ == sandbox.aws.hosting.moto_speed.__name__]


@pytest.fixture
def fleet() -> Fleet:
    on = virtual_sandbox()
    made = Fleet(on).make()
    on.client("ec2").create_tags(Resources=[made.subnets(1)[0]], Tags=[{"Key": '<a & "b">', "Value": "ä ]]> \n"}])
    on.client("cloudwatch").put_metric_alarm(
        AlarmName="high",
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=70.5,
        ComparisonOperator="GreaterThanThreshold",
    )
    on.run(120)
    return made


def answers(fleet: Fleet) -> dict[str, Any]:
    found = {}
    for service, operation in DESCRIPTIONS:
        found[operation] = getattr(fleet.on.client(service), operation)()
        del found[operation]["ResponseMetadata"]
    return found


@pytest.fixture
def moto_s_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for swap in ours():
        owner, attribute = swap._owner(import_module(swap.module))
        static = isinstance(inspect.getattr_static(owner, attribute), staticmethod)
        assert swap.theirs is not None
        monkeypatch.setattr(owner, attribute, staticmethod(swap.theirs) if static else swap.theirs)
    yield


def test_descriptions_are_the_same(fleet: Fleet, request: pytest.FixtureRequest) -> None:
    found = answers(fleet)
    request.getfixturevalue("moto_s_own")
    assert found == answers(fleet)
    assert len(ours()) == 8


@pytest.mark.parametrize("kind", [parse.QueryParser, parse.EC2QueryParser])
@given(values=st.dictionaries(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5).map(".".join), st.just("1"), max_size=12))
def test_parameters_of_forms_are_read_as_by_moto(kind: type[parse.QueryParser], values: dict[str, str]) -> None:
    seams.install()
    operation = get_service_model("cloudwatch").operation_model("GetMetricData")
    [swap] = [swap for swap in ours() if swap.name == "QueryParser._gonna_recurse"]
    given = {"values": MultiDict(values), "method": "POST", "body": b"", "headers": {}, "url_path": "/", "url_params": {}}
    found = kind(operation)._do_parse(given, operation.input_shape)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parse.QueryParser, "_gonna_recurse", swap.theirs)
        assert kind(operation)._do_parse(given, operation.input_shape) == found


TEXTS = st.one_of(st.text(alphabet="ab<>&\"' ä\n", max_size=6), st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False))


def structures(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Of values and of lists of values."""
    return st.dictionaries(st.sampled_from(["item", "a", "b"]), inner | st.lists(inner, max_size=3), max_size=3)


@given(body=st.recursive(TEXTS, structures, max_leaves=12), namespace=st.none() | st.text(alphabet='a<"&', max_size=4))
def test_xml_is_what_moto_s_writer_writes(body: Any, namespace: str | None) -> None:
    document = {"Response": {"x": body} | ({} if namespace is None else {"@xmlns": namespace})}
    assert _written(document) == serialize.xmltodict.unparse(document, full_document=False, short_empty_elements=True)


@pytest.mark.parametrize("body", [[["a"]], {"#text": "a"}, {"x": b"bytes"}, {"x": object()}])
def test_anything_else_is_left_to_moto_s_writer(body: Any) -> None:
    assert _written({"Response": body}) is None


@pytest.mark.parametrize(
    "body",
    [
        "<A><B>1</B><ResponseMetadata><RequestId>request-id</RequestId></ResponseMetadata></A>",
        "<A>\n<RequestId></RequestId>\n</A>",
        "<A><RequestId>1</RequestId>\n<RequestId>2</RequestId></A>",
        "<A><RequestId>1</A>",
        "<A><RequestId>1\n</RequestId></A>",
        "<A></RequestId>",
        "",
        b"<RequestId>1</RequestId>",
        None,
        {"a": 1},
    ],
)
def test_an_answer_gets_its_request_id_as_from_moto(body: Any) -> None:
    seams.install()
    (swap,) = [swap for swap in ours() if swap.name == "BaseResponse._enrich_response"]
    assert swap.theirs is not None
    for function in (swap.theirs, lambda *given: sandbox.aws.hosting.moto_speed.with_request_id(swap.theirs, *given)):
        headers, made = function({"status": 200}, body)
        assert headers["status"] == "200" and set(headers) == {"status", "x-amzn-requestid"}
        shown = made.replace(headers["x-amzn-requestid"], "ID") if isinstance(made, str) else made
        expected = re.sub("(?<=<RequestId>).*(?=</RequestId>)", "ID", body) if isinstance(body, str) else body
        assert shown == expected
