"""moto's list of every object it ever made lets go of those that nobody else keeps."""

import gc
from collections.abc import Iterator

import pytest
from moto.core.common_models import BaseModel
from moto.core.model_instances import model_data, reset_model_data
from moto.elbv2.models import FakeHealthStatus
from moto.meteringmarketplace.models import UsageRecord

from sandbox.aws.hosting import weak_instances  # with tests/conftest.py, environment.py has let it go already
from sandbox.aws.hosting.weak_instances import WeakInstances


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    reset_model_data()
    yield
    reset_model_data()


def health(number: int) -> FakeHealthStatus:
    return FakeHealthStatus(f"i-{number}", "80", "80", "healthy")


def tracked(cls: type = FakeHealthStatus) -> list[object]:
    return list(cls.instances_tracked)  # type: ignore[attr-defined]


def test_what_nobody_keeps_is_gone() -> None:
    for number in range(1000):
        health(number)
    gc.collect()
    assert tracked() == []


def test_what_somebody_keeps_is_there_in_order() -> None:
    kept = [health(1), health(2)]
    health(3)
    gc.collect()
    assert tracked() == kept
    assert tracked(model_data["elbv2"]["FakeHealthStatus"]) == kept  # type: ignore[arg-type] - as moto's own page reads it


def test_after_moto_s_reset_it_begins_anew() -> None:
    old = health(1)
    reset_model_data()
    new = health(2)
    assert tracked() == [new]
    assert old.instance_id == "i-1"


def test_a_model_that_is_a_dict_is_made_as_moto_makes_it() -> None:
    record = UsageRecord(timestamp=1, customer_identifier="c", dimension="d")
    assert isinstance(record, dict)
    assert tracked(UsageRecord) == [record]


def test_a_new_object_with_the_id_of_one_that_is_gone_stays() -> None:
    instances = WeakInstances()
    gone, there = health(1), health(2)
    instances.append(gone)
    (reference,) = instances._references.values()
    instances._references[id(gone)] = weak = type(reference)(there)
    weak_instances._forget(instances._references, id(gone), reference)
    assert list(instances) == [there]
    weak_instances._forget(instances._references, id(gone), weak)
    assert len(instances) == 0


def test_it_is_in_force_for_every_model() -> None:
    assert BaseModel.__new__ is weak_instances._new
