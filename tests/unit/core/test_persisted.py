"""How an object of the saved state is written and read when its class has changed since."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.core import persisted as module
from sandbox.core.errors import SandboxError
from sandbox.core.persisted import CLASSES, NAMES, Values, persisted, renamed


@pytest.fixture(autouse=True)
def own_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "CLASSES", dict(CLASSES))
    monkeypatch.setattr(module, "NAMES", dict(NAMES))
    yield


def read(cls: type, values: Values, schema: int = 4) -> Any:
    made = cls.__new__(cls)
    module.CLASSES[cls].fill(made, values, schema)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    x: int
    y: int = 2
    tags: tuple[str, ...] = field(default_factory=tuple)


def test_a_field_that_the_file_lacks_has_its_default() -> None:
    assert read(persisted("test.Point")(Point), {"x": 1}) == Point(x=1, y=2, tags=())


def test_a_field_that_the_class_no_longer_has_is_dropped() -> None:
    assert read(persisted("test.Point")(Point), {"x": 1, "y": 3, "colour": "red"}) == Point(x=1, y=3)


def test_a_field_without_default_must_be_there() -> None:
    with pytest.raises(SandboxError, match=r"test\.Point lacks x"):
        read(persisted("test.Point")(Point), {"y": 1})


def test_what_is_written_is_the_fields_by_name() -> None:
    persisted("test.Point")(Point)
    assert module.CLASSES[Point].values(Point(x=1)) == {"x": 1, "y": 2, "tags": ()}


@pytest.mark.parametrize(("schema", "x"), [(3, 111), (4, 110), (5, 100), (6, 0)])
def test_migrations_from_the_schema_of_the_file_are_applied_in_order(schema: int, x: int) -> None:
    migrations = {n: (lambda values, add=add: {**values, "x": values["x"] + add}) for n, add in ((5, 100), (3, 1), (4, 10))}
    assert read(persisted("test.Point", migrations=migrations)(Point), {"x": 0}, schema).x == x


def test_a_field_can_be_renamed() -> None:
    declared = persisted("test.Point", migrations={3: renamed(width="x")})(Point)
    assert read(declared, {"width": 1, "y": 3}, schema=3) == Point(x=1, y=3)


def test_a_class_without_fields_keeps_what_the_file_has_and_gets_what_it_lacks() -> None:
    class Backend:
        pass

    found = read(persisted("test.Backend", sandbox_tokens=dict)(Backend), {"vpcs": 1})
    assert vars(found) == {"vpcs": 1, "sandbox_tokens": {}}


def test_a_class_may_have_a_written_form_of_its_own() -> None:
    class Sum:
        def __init__(self, parts: list[int]) -> None:
            self.parts = parts

        def to_written(self) -> Values:
            return {"sum": sum(self.parts)}

        def from_written(self, values: Values) -> None:
            self.parts = [values["sum"]]

    persisted("test.Sum")(Sum)
    assert read(Sum, module.CLASSES[Sum].values(Sum([1, 2]))).parts == [3]


def test_a_name_is_of_one_class() -> None:
    persisted("test.Point")(Point)
    with pytest.raises(SandboxError, match=r"two classes are persisted as test\.Point"):
        persisted("test.Point")(type("Other", (), {}))
