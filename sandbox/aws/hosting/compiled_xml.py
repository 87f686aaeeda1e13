"""Writes the XML of an answer directly from moto's objects, instead of by way of a dictionary of the whole answer.

moto's serializer asks anew, for each member of each object, under which of up to a dozen names the object has it. A `_Structure` works this
out once for all objects of one class with the same attributes (a plan), and then only reads and writes. Answers are the same to the byte
(tests/seams/test_compiled_xml.py compares them); DescribeInstances of 500 instances takes a fifth of the time. What is rare (maps, XML
attributes, namespaces inside a body, other protocols) is left to moto's own serializer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, auto
from functools import partial
from typing import Any, NamedTuple, Protocol
from xml.sax.saxutils import escape

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core import serialize
from moto.core.utils import MISSING, get_value

from sandbox.aws.function_seams import wrap_function

KEPT = "sandbox_xml"  # attribute of a botocore operation model: its compiled answers
MOST_PLANS = 500  # of one structure; objects of the same class may differ in their attributes
DEEPEST = 25  # structures that contain themselves are not compiled
MOST_VARIANTS = 8  # of one operation
Transform = Callable[[Any], Any]
Transforms = tuple[tuple[str, Transform], ...]
"""The end of a path of members, such as `Instance.tags`, and what makes the value that is returned."""


class Unusual(Exception):
    """A shape that moto's own serializer has to write."""


class Writer(Protocol):
    """Appends the element of a value that is not None. → whether it wrote one."""

    def __call__(self, value: Any, parts: list[str]) -> bool: ...


@wrap_function("moto.core.serialize", "ResponseSerializer._serialize_result", why="DescribeInstances took 1.1 ms for each instance")
def compiled_result(theirs: Callable[..., Any], self: Any, resp: Any, result: Any) -> Any:
    picker = self._value_picker
    if type(self) not in _FRAMES or self.pretty_print or type(picker) is not serialize.XFormedAttributePicker:
        return theirs(self, resp, result)
    root = _compiled(self, picker)
    if root is None or picker.alias_providers is not serialize.DEFAULT_ALIAS_PROVIDERS:
        return theirs(self, resp, result)
    parts: list[str] = []
    if result is not None:
        root.members_of(result, parts)
    resp["body"] = _FRAMES[type(self)](self, "".join(parts))
    resp["headers"]["Content-Type"] = self.CONTENT_TYPE
    return resp


# ---- the elements around a result


def _query(self: Any, body: str) -> str:
    operation, shape = self.operation_model, self.operation_model.output_shape
    name = shape.serialization.get("resultWrapper", f"{shape.name}Result")
    inner = f"<{name}>{body}</{name}>" if body else f"<{name}/>"
    request = f"<RequestId>{escape(str(self.context.request_id))}</RequestId>" if self.context.request_id else "<RequestId/>"
    end = f"{operation.name}Response>"
    return f"<{operation.name}Response{_namespace(self)}>{inner}<ResponseMetadata>{request}</ResponseMetadata></{end}"


def _ec2(self: Any, body: str) -> str:
    name = self.operation_model.name
    request = f"<requestId>{escape(str(self.context.request_id))}</requestId>" if self.context.request_id else "<requestId/>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{name}Response{_namespace(self)}>{body}{request}</{name}Response>'


def _namespace(self: Any) -> str:
    namespace = self.operation_model.metadata.get("xmlNamespace")
    return f' xmlns="{escape(namespace)}"' if namespace else ""


_FRAMES: Mapping[type, Callable[[Any, str], str]] = {serialize.QuerySerializer: _query, serialize.EC2Serializer: _ec2}


# ---- compiling


def _compiled(self: Any, picker: Any) -> "_Structure | None":
    """The operation's compiled answer; None if moto's serializer has to write it."""
    kept: dict[tuple[type, Transforms], _Structure | None] = vars(self.operation_model).setdefault(KEPT, {})
    variant = type(self), tuple(picker.response_transformers.items())
    if variant not in kept:
        if len(kept) >= MOST_VARIANTS:
            kept.clear()
        kept[variant] = _compile(self, variant[1])
    return kept[variant]


def _compile(self: Any, transforms: Transforms) -> "_Structure | None":
    shape = self.operation_model.output_shape
    if shape is None or shape.serialization.get("payload"):
        return None
    try:
        return _Structure(_Compiler(self, transforms), shape, f"{self.operation_name}.{shape.name}")
    except Unusual:
        return None


class _Compiler:
    """Makes the writers of one operation."""

    def __init__(self, serializer: Any, transforms: Transforms) -> None:
        self.names = serializer.get_serialized_name
        self.timestamp = serializer._timestamp_serializer
        self.base64 = serializer._base64
        self.transforms = transforms
        self.picker = serialize.XFormedAttributePicker()

    def writer(self, shape: Any, name: str, path: str) -> Writer:
        """`name`: the element's; `path`: the names of members that lead here, as transformations name them."""
        if shape.serialization.get("xmlNamespace") or shape.serialization.get("xmlAttribute"):
            raise Unusual
        if shape.type_name == "structure":
            return _Structure(self, shape, path).element(name)
        if shape.type_name == "list":
            return self._list(shape, name, path)
        return _scalar(name, self._text_of(shape))

    def _list(self, shape: Any, name: str, path: str) -> Writer:
        member = shape.member
        inside = f"{path}.{member.name}"
        if shape.serialization.get("flattened"):
            return _flat_list(self.writer(member, self.names(member, name), inside), member.type_name == "structure")
        item = self.writer(member, self.names(member, "member"), inside)
        return _list(name, item, member.type_name == "structure")

    def _text_of(self, shape: Any) -> Callable[[Any], str]:
        kind = shape.type_name
        if kind == "timestamp":
            return partial(self._timestamp, shape)
        if kind == "blob":
            return self.base64
        if kind not in _TEXTS:
            raise Unusual
        return _TEXTS[kind]

    def _timestamp(self, shape: Any, value: Any) -> str:
        into: dict[str, Any] = {}
        self.timestamp.serialize(into, value, shape, "timestamp")
        return str(into["timestamp"])


def _boolean(value: Any) -> str:
    return "true" if value is True or str(value).lower() == "true" else "false"


_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "string": lambda value: value if type(value) is str else str(value),
    "boolean": _boolean,
    "integer": lambda value: str(int(value)),
    "long": lambda value: str(int(value)),
    "float": lambda value: str(float(value)),
    "double": lambda value: str(float(value)),
}


# ---- writers


def _scalar(name: str, text_of: Callable[[Any], str]) -> Writer:
    start, end, empty = f"<{name}>", f"</{name}>", f"<{name}/>"

    def write(value: Any, parts: list[str]) -> bool:
        text = text_of(value)
        if not text:
            parts.append(empty)
        elif "&" in text or "<" in text or ">" in text:
            parts.append(f"{start}{escape(text)}{end}")
        else:
            parts.append(f"{start}{text}{end}")
        return True

    return write


def _list(name: str, item: Writer, of_structures: bool) -> Writer:
    start, end, empty = f"<{name}>", f"</{name}>", f"<{name}/>"
    items = _flat_list(item, of_structures)

    def write(value: Any, parts: list[str]) -> bool:
        at = len(parts)
        parts.append(start)
        if items(value, parts):
            parts.append(end)
        else:
            parts[at] = empty
        return True

    return write


def _flat_list(item: Writer, of_structures: bool) -> Writer:
    """An item that is a structure without anything is left out."""

    def write(value: Any, parts: list[str]) -> bool:
        written = False
        for each in value:
            if not of_structures:
                written = item(each, parts) or written
            elif each is not None:
                at = len(parts)
                if item(each, parts):
                    written = True
                else:
                    del parts[at:]
        return written

    return write


class By(Enum):
    """How a member's value is read."""

    ATTRIBUTE = auto()
    ITEM = auto()
    SEARCH = auto()  # under all its names, each time
    NOTHING = auto()  # the objects have none, but a transformation may make one


class Member(NamedTuple):
    """One member of objects that have the same attributes. `name`: the botocore model's; `key`: the objects'."""

    by: By
    key: str
    transform: Transform | None
    name: str
    write: Writer


class _Structure:
    def __init__(self, compiler: _Compiler, shape: Any, path: str) -> None:
        if path.count(".") > DEEPEST:
            raise Unusual
        self.compiler, self.shape, self.path = compiler, shape, path
        self.plans: dict[tuple[type, tuple[Any, ...]], tuple[Member, ...]] = {}
        self.writers: dict[str, Writer] = {}  # by the botocore model's names, in its order
        names: set[str] = set()
        for key, member in shape.members.items():
            member.parent = shape
            name = compiler.names(member, key)
            if name in names:
                raise Unusual
            names.add(name)
            self.writers[key] = compiler.writer(member, name, f"{path}.{key}")

    def element(self, name: str) -> Writer:
        start, end, empty = f"<{name}>", f"</{name}>", f"<{name}/>"

        def write(value: Any, parts: list[str]) -> bool:
            at = len(parts)
            parts.append(start)
            self.members_of(value, parts)
            if len(parts) == at + 1:
                parts[at] = empty
                return False
            parts.append(end)
            return True

        return write

    def members_of(self, value: Any, parts: list[str]) -> None:
        for by, key, transform, name, write in self._plan(value):
            if by is By.ATTRIBUTE:
                found = getattr(value, key, MISSING)
                if found is MISSING:  # a property that raised AttributeError
                    found = self._searched(value, name)
            elif by is By.ITEM:
                found = value[key]
            else:
                found = self._searched(value, name) if by is By.SEARCH else None
            if transform is not None:
                found = transform(found)
            if found is not None:
                write(found, parts)

    def _plan(self, value: Any) -> tuple[Member, ...]:
        kind = type(value)
        having = kind, tuple(value) if kind is dict else tuple(getattr(value, "__dict__", ()))
        plan = self.plans.get(having)
        if plan is None:
            if len(self.plans) >= MOST_PLANS:
                self.plans.clear()
            plan = self.plans[having] = tuple(self._members(value))
        return plan

    def _members(self, value: Any) -> Iterator[Member]:
        for name, write in self.writers.items():
            path = f"{self.path}.{name}"
            transform = next((function for end, function in self.compiler.transforms if path.endswith(end)), None)
            by, key = self._reading(value, name)
            if by is not By.NOTHING or transform is not None:
                yield Member(by, key, transform, name, write)

    def _reading(self, value: Any, name: str) -> tuple[By, str]:
        keys = self._keys(value, name)
        kind = type(value)
        if any("." in key for key in keys):
            return By.SEARCH, name
        if kind is dict:
            return next(((By.ITEM, key) for key in keys if key in value), (By.NOTHING, name))
        if any(hasattr(kind, special) for special in ("__getitem__", "__getattr__")):
            return By.SEARCH, name
        there = set(getattr(value, "__dict__", ())).union(*(vars(each) for each in kind.__mro__))
        return next(((By.ATTRIBUTE, key) for key in keys if key in there), (By.NOTHING, name))

    def _keys(self, value: Any, name: str) -> Iterable[str]:
        context = serialize.AttributePickerContext(obj=value, key=name, shape=self.shape.members[name])
        return tuple(self.compiler.picker.get_possible_keys(context))

    def _searched(self, value: Any, name: str) -> Any:
        for key in self._keys(value, name):
            found = get_value(value, key, MISSING)
            if found is not MISSING:
                return found
        return None
