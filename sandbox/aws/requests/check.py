"""The one check of a request by the model: parameters out, or the service's error."""

import json
from typing import Any

from moto.core.model import OperationModel
from moto.core.request import Request

from sandbox.aws.requests import sqs, words
from sandbox.aws.requests.documents import DocumentReader
from sandbox.aws.requests.form import FormReader
from sandbox.aws.requests.model import Compiler, Node
from sandbox.aws.requests.problems import Problem
from sandbox.core.errors import ApiError

JSONS = ("json", "rest-json")
_compiled: dict[tuple[str, str, str], Node] = {}


def form_parameters(operation: OperationModel, protocol: str, request: Request) -> dict[str, Any]:
    """Of the protocols query and ec2. Raises ApiError."""
    reader = FormReader(strict=protocol == "ec2")
    found = reader.read(compiled(operation, protocol), request.values.items())
    return _found(found, reader.problems, operation, protocol)


def json_parameters(operation: OperationModel, protocol: str, request: Request) -> dict[str, Any]:
    """Of the JSON in the body of the protocols json and rest-json. Raises ApiError."""
    return document_parameters(operation, protocol, read_json(request.data) if request.data else {})


def document_parameters(operation: OperationModel, protocol: str, document: Any) -> dict[str, Any]:
    """Of a document that is read already, for instance from CBOR. Raises ApiError."""
    if not isinstance(document, dict):
        raise ApiError("SerializationException", "The request body is not a structure.")
    reader = DocumentReader(binary=protocol not in JSONS)
    try:
        found = reader.read(compiled(operation, protocol), document)
    except RecursionError as error:
        raise ApiError("SerializationException", "The request body is nested too deeply.") from error
    return _found(found, reader.problems, operation, protocol)


def read_json(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_no_constant)
    except RecursionError as error:
        raise ApiError("SerializationException", "The request body is nested too deeply.") from error
    except ValueError as error:
        raise ApiError("SerializationException", "The request body is not a JSON object.") from error


def compiled(operation: OperationModel, protocol: str) -> Node:
    key = (operation.service_model.service_name, operation.name, protocol)
    if key not in _compiled:
        shape = operation.input_shape
        _compiled[key] = Node(kind="structure") if shape is None else Compiler(operation, protocol).node(shape)
    return _compiled[key]


def _found(found: dict[str, Any], problems: list[Problem], operation: OperationModel, protocol: str) -> dict[str, Any]:
    if problems:
        raise words.error(problems, operation.service_model.service_name, protocol, operation.name)
    if operation.service_model.service_name == "sqs":
        sqs.check(operation.name, found)
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")
