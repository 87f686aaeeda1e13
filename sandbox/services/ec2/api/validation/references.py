"""Objects that a request names must exist. moto looks some of them up late, some never, and makes a security group that it does not know.

Pure but for the errors it raises. Only parameters at the top of a request; what a launch names deeper is in launches.py.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.validation.kinds import KINDS, Kind

ID_DIGITS = (8, 17)  # DNS-5, and the short ids of old


def check_references(backend: Any, parameters: Mapping[str, Any]) -> None:
    """NotFound, in AWS's words, for the first id of the request that nothing has."""
    for kind in KINDS:
        named = tuple(_ids(parameters, kind.names))
        if named:
            check_ids(backend, kind, named)


def check_ids(backend: Any, kind: Kind, named: Collection[str]) -> None:
    known = kind.ids(backend)
    for one in named:
        if one not in known:
            raise ApiError(kind.code, kind.text.format(one))


def check_instance_ids(instance_ids: Iterable[str]) -> None:
    """InvalidInstanceID.Malformed for the first that is no id (EC2-14)."""
    for instance_id in instance_ids:
        digits = instance_id.removeprefix("i-")
        if digits == instance_id or len(digits) not in ID_DIGITS or set(digits) - set("0123456789abcdef"):
            raise errors.malformed_id(instance_id)


def _ids(parameters: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = parameters.get(name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))
