"""What a saved state may hold: data, and our classes by their names."""

import io
import os
import pickle
import threading
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from ipaddress import IPv4Network
from typing import Any

import pytest

from sandbox.aws import pickling, schema_3
from sandbox.core import persisted as module
from sandbox.core.errors import SandboxError


@pytest.fixture(autouse=True)
def own_names() -> Any:
    """The names of these tests go with them."""
    classes, names = dict(module.CLASSES), dict(module.NAMES)
    yield
    for table, before in ((module.CLASSES, classes), (module.NAMES, names)):
        table.clear()
        table.update(before)  # type: ignore[arg-type]
    pickling._WAYS.clear()


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    colour: Colour = Colour.RED


@dataclass
class Node:
    name: str
    next: "Node | None" = None


def named() -> None:
    for cls, name in ((Colour, "test.Colour"), (Point, "test.Point"), (Node, "test.Node")):
        module.persisted(name)(cls)


def again(value: Any, schema: int = 4) -> Any:
    return pickling.loads(pickling.dumps(value), schema)


def test_objects_are_written_by_name_and_come_back_equal() -> None:
    named()
    written = pickling.dumps([Point(1), Point(2), Colour.RED])
    assert pickling.loads(written, 4) == [Point(1), Point(2), Colour.RED]
    assert b"test.Point" in written
    assert __name__.encode() not in written and b"Point\x94" not in written.replace(b"test.Point", b"")


def test_objects_that_refer_to_each_other_still_do() -> None:
    named()
    first = Node("a")
    first.next = Node("b", first)
    found = again([first, first])
    assert found[0] is found[1] and found[0].next.next is found[0]


def test_a_class_that_was_renamed_and_moved_is_found_by_its_name() -> None:
    named()
    written = pickling.dumps(Point(7))
    del module.NAMES["test.Point"]

    @module.persisted("test.Point")
    @dataclass(frozen=True, slots=True)
    class Place:
        x: int
        y: int = 5

    assert pickling.loads(written, 4) == Place(7, 5)


PLAIN = [
    {"a": [1, 2.5, None, True, b"x", "é"], "b": {1, 2}, "c": frozenset({3})},
    OrderedDict(a=1),
    defaultdict(list, a=[1]),
    deque([1, 2], maxlen=5),
    datetime(2026, 5, 7, tzinfo=UTC),
    timedelta(seconds=5),
    IPv4Network("10.0.0.0/8"),
    range(3),
]


@pytest.mark.parametrize("value", PLAIN)
def test_plain_values_come_back_equal(value: Any) -> None:
    assert again(value) == value


def test_locks_come_back_open() -> None:
    condition = again(threading.Condition())
    with condition:
        condition.notify_all()


def test_a_class_without_a_name_fails_the_save() -> None:
    with pytest.raises(SandboxError, match=r"test_pickling\.Node has no name in the saved state"):
        pickling.dumps({"a": Node("x")})


class Evil:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> Any:
        return self.call, self.arguments


EVIL = [
    Evil(os.system, "true"),
    Evil(eval, "1"),
    Evil(getattr, "text", "upper"),
    Evil(getattr, Evil(threading.RLock), "__class__"),
    Evil(io.open, "/etc/hostname"),
]


@pytest.mark.parametrize("evil", EVIL, ids=["system", "eval", "getattr", "dunder", "open"])
def test_a_file_cannot_call_anything(evil: Evil) -> None:
    written = pickle.dumps(evil)
    for load in (lambda: pickling.loads(written, 4), lambda: schema_3.loads(written)):
        with pytest.raises(SandboxError, match="which is not allowed in a saved state"):
            load()


def naming(path: str, name: str) -> bytes:
    """A pickle of nothing but a reference."""
    return b"c" + path.encode() + b"\n" + name.encode() + b"\n."


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("moto.core.utils", "utcnow"),
        ("moto.ec2.models", "random"),
        ("moto.ec2.models.instances", "ec2_backends"),
        ("moto.awslambda.models", "LambdaFunction"),
        ("sandbox.core.clock", "WallClock"),
        ("subprocess", "Popen"),
    ],
)
def test_a_file_names_no_function_of_moto_and_nothing_else(path: str, name: str) -> None:
    for load in (lambda: pickling.loads(naming(path, name), 4), lambda: schema_3.loads(naming(path, name))):
        with pytest.raises(SandboxError):
            load()


@pytest.mark.parametrize("damage", [b"", b"no pickle", b"\x80\x05]", b"\x80\x05."])
def test_damage_is_an_error_of_ours(damage: bytes) -> None:
    for load in (lambda: pickling.loads(damage, 4), lambda: schema_3.loads(damage)):
        with pytest.raises(SandboxError, match="it is damaged"):
            load()


def test_a_name_that_this_release_lacks_is_an_error() -> None:
    named()
    written = pickling.dumps(Point(1))
    del module.NAMES["test.Point"]
    with pytest.raises(SandboxError, match=r"it contains test\.Point, which this release does not know"):
        pickling.loads(written, 4)
