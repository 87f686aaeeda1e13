"""Properties of a template as parameters of an API operation. Pure.

CloudFormation takes any JSON scalar where the API has one type: "80" for 80, "true" for true. The operation's own model says what is
needed, so no type lists this. A property that the operation does not know is refused by its name, at any depth.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.core.errors import ApiError

Properties = Mapping[str, Any]
JSON_NAMES = {bool: "Boolean", int: "Integer", float: "Number", str: "String", list: "JSONArray", dict: "JSONObject", type(None): "Null"}
TRUTH = {"true": True, "false": False}


class Unfit(ValueError):
    """A property that is no parameter. `path`: where, as a JSON pointer; `why`: in CloudFormation's words."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"#{path}: {why}")


def fitted(value: Any, shape: Any, path: str = "") -> Any:
    """The value in the types of botocore's `shape`. Raises Unfit."""
    fit = FITS.get(shape.type_name)
    return fit(value, shape, path) if fit else value


def _structure(value: Any, shape: Any, path: str) -> dict[str, Any]:
    made = {}
    for name, part in _expect(value, dict, path).items():
        member = _member(name, shape)
        if member is None:
            raise Unfit(path, f"extraneous key [{name}] is not permitted")
        made[member] = fitted(part, shape.members[member], f"{path}/{name}")
    return made


def _member(name: str, shape: Any) -> str | None:
    """Templates capitalize names that some services do not."""
    return next((known for known in (name, name[:1].lower() + name[1:]) if known in shape.members), None)


def _list(value: Any, shape: Any, path: str) -> list[Any]:
    return [fitted(part, shape.member, f"{path}/{index}") for index, part in enumerate(_expect(value, list, path))]


def _map(value: Any, shape: Any, path: str) -> dict[str, Any]:
    return {str(name): fitted(part, shape.value, f"{path}/{name}") for name, part in _expect(value, dict, path).items()}


def _string(value: Any, shape: Any, path: str) -> str:
    if isinstance(value, dict | list) or value is None:
        raise _wrong(value, "String", path)
    return text(value)


def _integer(value: Any, shape: Any, path: str) -> int:
    number = _number(value, "Integer", path)
    if number != int(number):
        raise _wrong(value, "Integer", path)
    return int(number)


def _float(value: Any, shape: Any, path: str) -> float:
    return _number(value, "Number", path)


def _number(value: Any, wanted: str, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(value, wanted, path)
    try:
        number = float(value)
    except ValueError:
        raise _wrong(value, wanted, path) from None
    if not math.isfinite(number):
        raise _wrong(value, wanted, path)
    return number


def _boolean(value: Any, shape: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in TRUTH:
        return TRUTH[value.lower()]
    raise _wrong(value, "Boolean", path)


def _expect(value: Any, kind: type, path: str) -> Any:
    if not isinstance(value, kind):
        raise _wrong(value, JSON_NAMES[kind], path)
    return value


def _wrong(value: Any, wanted: str, path: str) -> Unfit:
    return Unfit(path, f"expected type: {wanted}, found: {JSON_NAMES.get(type(value), 'String')}")


FITS: dict[str, Callable[[Any, Any, str], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
}


# ---- values and names -------------------------------------------------------------------------------------------------------------------


def text(value: Any) -> str:
    """A scalar as text, as JSON writes it: true, 80."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def document(value: Any) -> str:
    """A property that is JSON on AWS's side: a template gives it as an object or as text."""
    return value if isinstance(value, str) else json.dumps(value)


def true(value: Any) -> bool:
    """A property that is a boolean and no parameter of its own."""
    return bool(_boolean(value, None, ""))


def pick(properties: Properties, *names: str, **renamed: str) -> dict[str, Any]:
    """Those that are present. pick(p, "Port", DefaultCooldown="Cooldown") → {"Port": …, "DefaultCooldown": p["Cooldown"]}."""
    sources = {name: name for name in names} | renamed
    return {target: properties[source] for target, source in sources.items() if source in properties}


def changed(old: Properties, new: Properties) -> set[str]:
    """Names of the properties that differ; scalars are compared as CloudFormation does: 80 is "80"."""
    return {name for name in old.keys() | new.keys() if _plain(old.get(name)) != _plain(new.get(name))}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value if value is None else text(value)


def refused(logical_id: str, unfit: Unfit) -> ApiError:
    return ApiError("ValidationError", f"Properties validation failed for resource {logical_id} with message:\n{unfit}")
