"""A state file of each earlier schema is taken up by the present code: the API answers as it did then, and the loops go on from there.

The files and what was answered are in tests/fixtures/state, made by tests/support/saved_state.py and the code of their time.
"""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from sandbox.aws import pickling, schema_3, state
from sandbox.core.persisted import CLASSES, NAMES
from sandbox.settings import Settings
from sandbox.wiring import build
from tests.support import AMI, saved_state
from tests.support.virtual import VirtualSandbox

SAVED = sorted(path.name.removesuffix(".bin.gz") for path in saved_state.FOLDER.glob("*.bin.gz"))


def unpacked(name: str, folder: Path) -> Path:
    path = folder / "state.bin"
    path.write_bytes(gzip.decompress((saved_state.FOLDER / f"{name}.bin.gz").read_bytes()))
    return path


@pytest.fixture(params=SAVED)
def then(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The name of the file, the sandbox's time when it was saved, and the answers."""
    known: dict[str, Any] = json.loads(gzip.decompress((saved_state.FOLDER / f"{request.param}.json.gz").read_bytes()))
    return known | {"name": request.param}


@pytest.fixture
def on(then: dict[str, Any], tmp_path: Path) -> Iterator[VirtualSandbox]:
    sandbox = build(Settings(), virtual=True, start=datetime.fromisoformat(then["now"]))
    state.load(unpacked(then["name"], tmp_path))
    yield VirtualSandbox(sandbox)
    sandbox.close()
    state.reset()


def differences(expected: Any, found: Any, where: str = "") -> Iterator[str]:
    """What was answered then and is not now. A later release may say more."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            yield from differences(value, found.get(key), f"{where} / {key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{where} / {index}")
    elif expected != found and not _corrected(where, expected, found):
        yield f"{where}: {expected!r} then, {found!r} now"


def _corrected(where: str, expected: Any, found: Any) -> bool:
    """Earlier releases said that an instance launched without security groups has none. On AWS it has the VPC's default group."""
    return where.endswith("/ SecurityGroups") and expected == [] and [group["GroupName"] for group in found] == ["default"]


def test_the_api_answers_as_when_it_was_saved(then: dict[str, Any], on: VirtualSandbox) -> None:
    assert len(then["answers"]) > 100
    assert list(differences(then["answers"], saved_state.answers(on))) == []


def test_the_loops_go_on_from_there(on: VirtualSandbox) -> None:
    """Its machines are gone, so the groups launch anew: each controller has to do with what was saved."""
    on.run(900)
    assert [event.detail for event in on.sandbox.journal.events() if event.detail_type == "Reconcile failed"] == []
    groups = on.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    serving = {g["AutoScalingGroupName"]: [i["LifecycleState"] for i in g["Instances"]].count("InService") for g in groups}
    assert serving["web"] >= 2 and serving["templated"] == 1 and serving["suspended"] == 0


# ---- what is saved now -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    """The objects of a state with everything in it, as the present code writes them."""
    on = saved_state.make()
    path = tmp_path_factory.mktemp("rich") / "state.bin"
    state.save(path)
    on.sandbox.close()
    state.reset()
    yield path.read_bytes().partition(b"\n")[2]


def test_no_module_of_ours_is_in_the_file(rich: bytes) -> None:
    """But pickling.OURS, whose old paths stay valid: so classes and modules may be moved and renamed."""
    paths = {bytes(found) for found in re.findall(rb"sandbox\.[a-z_.]+", rich)}
    assert paths == {path.encode() for path in pickling.OURS}


def test_every_class_that_is_kept_of_is_in_the_rich_state(rich: bytes) -> None:
    """So that the fixtures hold each of them. Parts of the metric store are written as plain values; a Result is kept for moments."""
    of_the_metric_store = {f"cloudwatch.{name}" for name in ("Series", "Tier", "Distributions", "Distribution", "MetricId")}
    missing = {name for name in NAMES if name.encode() not in rich}
    assert missing <= of_the_metric_store | {"sns.Result"}


def test_every_class_in_a_field_of_a_saved_one_has_a_name() -> None:
    """Which the rich state may not show, where the field is rarely set."""
    unnamed = {
        f"{each.__module__}.{each.__qualname__} in {persisted.name}"
        for persisted in NAMES.values()
        for hint in _hints(persisted.cls)
        for each in _classes(hint)
        if each not in CLASSES and (is_dataclass(each) or issubclass(each, Enum))
    }
    assert unnamed == set()


def _hints(cls: type) -> Iterator[Any]:
    if is_dataclass(cls):
        yield from get_type_hints(cls).values()


def _classes(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and hint.__module__.startswith("sandbox."):
        yield hint
    for argument in get_args(hint):
        yield from _classes(argument)


def test_schema_3_has_a_name_for_each_of_its_classes() -> None:
    assert {row["name"] for row in schema_3.THEN.values()} <= NAMES.keys()


BACKENDS = {"ec2": "vpcs", "elbv2": "target_groups", "autoscaling": "policies", "cloudwatch": "alarms", "sns": "topics", "sqs": "queues"}


@pytest.mark.parametrize("service", BACKENDS)
def test_a_loaded_backend_has_every_attribute_of_a_new_one(service: str, on: VirtualSandbox) -> None:
    """An attribute that a later release adds to the class needs a default: persisted("ec2.Backend", sandbox_new=dict)."""
    module, name = state.KEPT[service]
    backends = getattr(import_module(module), name)["123456789012"]
    old, new = backends["us-east-1"], backends["ap-southeast-2"]
    assert sorted(set(vars(new)) - set(vars(old))) == []
    assert len(getattr(old, BACKENDS[service]))


def test_a_loaded_instance_and_group_have_every_attribute_of_new_ones(on: VirtualSandbox) -> None:
    from moto.autoscaling.models import autoscaling_backends
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends["123456789012"]["us-east-1"]
    groups = autoscaling_backends["123456789012"]["us-east-1"].autoscaling_groups
    old_instances = {i.id: i for r in ec2.reservations.values() for i in r.instances}
    old_group = groups["web"]
    made = on.client("ec2").run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    asked = {"LaunchConfigurationName": "web", "MinSize": 1, "MaxSize": 1, "AvailabilityZones": ["us-east-1a"]}
    on.client("autoscaling").create_auto_scaling_group(AutoScalingGroupName="new", **asked)
    on.run(60)
    new = next(i for r in ec2.reservations.values() for i in r.instances if i.id == made)
    for old in old_instances.values():
        assert sorted(set(vars(new)) - set(vars(old)) - {"sandbox_published"}) == []
    assert sorted(set(vars(groups["new"])) - set(vars(old_group))) == []
    assert sorted(set(vars(groups["new"].instances[0])) - set(vars(old_group.instances[0]))) == []
