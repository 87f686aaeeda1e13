"""Smithy's RPC v2 over CBOR for moto, which speaks query, JSON and REST: what current SDKs of Go and Rust speak to CloudWatch.

A request is `POST /service/<target prefix>/operation/<operation>` with the header `smithy-protocol: rpc-v2-cbor`. `routed` gives it the
path and the headers by which moto finds an operation; `CborParser` and `CborSerializer` are entered in moto's tables of protocols.
"""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from botocore.utils import parse_to_aware_datetime
from moto.core import parse, serialize

from sandbox.aws.protocols import cbor
from sandbox.aws.seams import REGISTRY, Seam
from sandbox.core.errors import ApiError, SandboxError

PROTOCOL = "smithy-rpc-v2-cbor"
CONTENT_TYPE, VERSION = "application/cbor", "rpc-v2-cbor"  # VERSION: of the header smithy-protocol

_PATH = re.compile(r"(?:/[^/]+)*?/service/([^/]+)/operation/([^/]+)")
_FORM = "application/x-www-form-urlencoded"


def speaks(environ: Mapping[str, Any]) -> bool:
    """Whether the client speaks RPC v2 over CBOR, by its headers."""
    return environ.get("HTTP_SMITHY_PROTOCOL") == VERSION or "cbor" in environ.get("CONTENT_TYPE", "")


def routed(environ: dict[str, Any]) -> dict[str, Any]:
    """The request as moto routes it: the operation in x-amz-target, and a content type, which moto takes the protocol from."""
    if not speaks(environ):
        by_link = not environ.get("CONTENT_TYPE") and "Action=" in environ.get("QUERY_STRING", "") and environ["PATH_INFO"] == "/"
        return environ | {"CONTENT_TYPE": _FORM} if by_link else environ
    match = _PATH.fullmatch(environ["PATH_INFO"])
    if match is None or environ["REQUEST_METHOD"] != "POST":
        return environ
    target = {"HTTP_X_AMZ_TARGET": f"{match[1]}.{match[2]}", "PATH_INFO": "/", "REQUEST_URI": "/"}
    return environ | target | ({} if environ.get("CONTENT_TYPE") else {"CONTENT_TYPE": CONTENT_TYPE})


def check_content_type(environ: Mapping[str, Any]) -> None:
    """Raises ApiError for a body that is declared as something else than CBOR."""
    given = environ.get("CONTENT_TYPE", "")
    if given.partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise ApiError("UnsupportedMediaTypeException", f"The content type of a request in this protocol is {CONTENT_TYPE}.", status=415)


class CborParser(parse.BaseJSONParser):
    """From a request to parameters. The gateway has checked their types."""

    def _do_parse(self, request_dict: Any, shape: Any) -> Any:
        document = cbor.decode(request_dict["body"]) if request_dict["body"] else {}
        if not isinstance(document, dict):
            raise cbor.CborError("it is not a map")
        return self._parse_shape(shape, document)

    def _parse_blob(self, shape: Any, value: Any) -> Any:
        return value if isinstance(value, bytes) else super()._parse_blob(shape, value)

    def _parse_timestamp(self, shape: Any, value: Any) -> Any:
        """Without a time zone, as moto's other parsers return it. A number without a tag is read, too."""
        return value.replace(tzinfo=None) if isinstance(value, datetime) else super()._parse_timestamp(shape, value)


class CborSerializer(serialize.BaseJSONSerializer):
    """From a result to a response: JSON's structure, with times and bytes as CBOR has them."""

    CONTENT_TYPE = CONTENT_TYPE

    def _create_default_response(self) -> serialize.ResponseDict:
        response = super()._create_default_response()
        response["headers"]["smithy-protocol"] = VERSION
        return response

    def _serialized_result_to_response(
        self, resp: serialize.ResponseDict, result: Any, shape: Any, serialized_result: MutableMapping[str, Any]
    ) -> serialize.ResponseDict:
        """An operation without output has no body, and so no content type."""
        if shape is None:
            return resp
        return super()._serialized_result_to_response(resp, result, shape, serialized_result)

    def _get_protocol_specific_content_type(self) -> str:
        return CONTENT_TYPE

    def _serialize_body(self, body: Mapping[str, Any]) -> bytes:
        return cbor.encode(body)

    def _serialize_type_timestamp(self, serialized: Any, value: Any, shape: Any, key: str) -> None:
        self._default_serialize(serialized, parse_to_aware_datetime(value), shape, key)

    def _serialize_type_blob(self, serialized: Any, value: Any, shape: Any, key: str) -> None:
        self._default_serialize(serialized, value.encode() if isinstance(value, str) else value, shape, key)


class _Protocol:
    """Enters the protocol in moto's tables."""

    def __init__(self) -> None:
        self._installed = False

    def install(self) -> None:
        if self._installed:
            return
        if PROTOCOL in parse.PROTOCOL_PARSERS or PROTOCOL in serialize.SERIALIZERS:
            raise SandboxError(f"moto speaks {PROTOCOL} itself now: decide which implementation to use")
        parse.PROTOCOL_PARSERS[PROTOCOL] = CborParser
        serialize.SERIALIZERS[PROTOCOL] = CborSerializer
        self._installed = True

    def seams(self) -> Iterator[Seam]:
        for table, ours in (("parse.PROTOCOL_PARSERS", CborParser), ("serialize.SERIALIZERS", CborSerializer)):
            if self._installed:
                yield Seam(seam="S6", where=f"moto.core.{table}", by=f"{__name__}.{ours.__name__}", why="moto does not speak CBOR")


REGISTRY.declare(_Protocol())
