"""Parses one API call before moto handles it: which operation, by which caller, in which Region, with which parameters.

The gateway parses the request with botocore's model, so that it can refuse a malformed request with AWS's own error and record the call in
the journal. moto parses the same request again in its own way.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from sandbox.aws.http.answers import CBOR, EC2, JSON, QUERY, REST_JSON, REST_XML
from sandbox.aws.protocols import cbor, rpc_v2
from sandbox.aws.requests import words
from sandbox.aws.requests.check import document_parameters, form_parameters, json_parameters
from sandbox.aws.requests.problems import Kind, Problem, Step
from sandbox.core.errors import ApiError

READ_ONLY = ("Describe", "List", "Get", "Head", "Lookup", "Search")

DATA_EVENTS = frozenset(
    {
        "PutMetricData",
        "ReceiveMessage",
        "SendMessage",
        "SendMessageBatch",
        "DeleteMessage",
        "DeleteMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
    }
)
"""Data events: CloudTrail does not record them by default (Logging data events), and the journal never does."""


SIGNED_LIKE = {
    "apigateway": ("apigatewayv2",),
    "es": ("opensearch",),
    "kinesisvideo": ("kinesis-video-archived-media",),
    "sagemaker": ("sagemaker-runtime",),
    "servicecatalog": ("servicecatalog-appregistry",),
    "timestream-write": ("timestream-query",),
}
"""Services whose clients sign with the name of another one. On AWS their host tells them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    service: str  # botocore's name: "elbv2"
    source: str  # what CloudTrail and EventBridge call it: "elasticloadbalancing"
    operation: str  # "TerminateInstances"
    protocol: str
    region: str
    caller: str | None = None  # an AWS service; None: a user
    address: str = "127.0.0.1"
    user_agent: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)  # botocore-shaped

    @property
    def read_only(self) -> bool:
        return self.operation.startswith(READ_ONLY)

    @property
    def recorded(self) -> bool:
        return not self.read_only and self.operation not in DATA_EVENTS


def guess_protocol(environ: Mapping[str, Any]) -> str:
    """The protocol for an error when the service is not known, guessed from the request's headers."""
    kind = environ.get("CONTENT_TYPE", "")
    if rpc_v2.speaks(environ):
        return CBOR
    if "x-amz-json" in kind or "HTTP_X_AMZ_TARGET" in environ:
        return JSON
    if "json" in kind:
        return REST_JSON
    return EC2 if "/ec2/aws4_request" in environ.get("HTTP_AUTHORIZATION", "") else QUERY


def protocol_of(service: str, environ: Mapping[str, Any]) -> str:
    """The protocol that the client uses. For services with several protocols, the content type decides."""
    try:
        if guess_protocol(environ) == CBOR:
            return CBOR
        found = str(determine_request_protocol(get_service_model(service), environ.get("CONTENT_TYPE", "")))
    except NotImplementedError:
        return guess_protocol(environ)
    return guess_protocol(environ) if found == CBOR else found  # the service's first choice, and not this client's


def service_of(service: str, request: Request) -> str:
    """The service, or one that shares its signing name and alone has the operation of the request."""
    others = SIGNED_LIKE.get(service)
    if others is None:
        return service
    for each in (service, *others):
        with suppress(ApiError):
            operation_of(each, protocol_of(each, request.environ), request)
            return each
    return service


def operation_of(service: str, protocol: str, request: Request) -> tuple[OperationModel, dict[str, Any]]:
    """→ the operation's model, and the parameters in the path. Raises ApiError if AWS's service has no such operation."""
    try:
        if protocol == CBOR:
            return _of_target(service, request), {}
        operation, in_path = get_service_router(service).match(request)
        return operation, in_path
    except (HTTPException, NotImplementedError, OperationNotFoundError) as error:
        raise _unknown_operation(protocol, request) from error


class ServiceNotSupported(Exception):
    """The sandbox does not have the service. Holds the error, and the protocol that this service's clients use."""

    def __init__(self, error: ApiError, protocol: str) -> None:
        super().__init__(str(error))
        self.error, self.protocol = error, protocol


def service_not_supported(service: str, request: Request) -> ServiceNotSupported:
    try:
        get_service_model(service)
        protocol = protocol_of(service, request.environ)
    except (UnknownServiceError, ValueError):
        error = ApiError("UnknownService", f"AWS has no service with the signing name {service!r}.")
        return ServiceNotSupported(error, guess_protocol(request.environ))
    try:
        return ServiceNotSupported(not_supported(operation_of(service, protocol, request)[0].name, service), protocol)
    except ApiError as error:
        return ServiceNotSupported(error, protocol)


def not_supported(operation: str, service: str, why: str = "") -> ApiError:
    """HTTP 501: SDKs retry 500, 502, 503 and 504, and a retry cannot succeed here."""
    more = "" if not why or "has not been implemented" in why else f" ({why})"
    return _not_here(f"The sandbox does not support {operation} of {service}{more}.", service)


def refused(operation: str, service: str, why: str) -> ApiError:
    """For an operation that moto answers and the sandbox cannot carry out. `why`: a clause ("the sandbox does not run functions")."""
    return _not_here(f"The sandbox refuses {operation} of {service}: {why}.", service)


def _not_here(sentence: str, service: str) -> ApiError:
    return ApiError("NotImplemented", f"{sentence} See: sandbox services {service}", status=501)


def _of_target(service: str, request: Request) -> OperationModel:
    """rpc_v2.routed has put service and operation of the path there."""
    model = get_service_model(service)
    prefix, _, name = request.headers.get("X-Amz-Target", "").rpartition(".")
    if CBOR not in model.metadata.get("protocols", ()) or prefix != model.metadata.get("targetPrefix"):
        raise OperationNotFoundError(name)
    return model.operation_model(name)


def _unknown_operation(protocol: str, request: Request) -> ApiError:
    name = request.values.get("Action") or request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if protocol in (QUERY, EC2):
        if not name:
            return ApiError("MissingAction", "The request must contain the parameter Action.")
        return ApiError("InvalidAction", f"The action {name} is not valid for this web service.")
    if protocol == JSON or (protocol == CBOR and name):
        return ApiError("UnknownOperationException", f"The operation {name or request.path} does not exist.")
    return ApiError("UnknownOperationException", f"There is no operation at {request.method} {request.path}.", status=404)


def parameters_of(operation: OperationModel, in_path: dict[str, Any], protocol: str, request: Request) -> dict[str, Any]:
    """The parameters by botocore's model, with numbers as numbers, checked. Raises ApiError with the service's code."""
    if protocol in (QUERY, EC2):
        return form_parameters(operation, protocol, request)
    if protocol == JSON:
        return json_parameters(operation, protocol, request)
    if protocol == CBOR:
        return document_parameters(operation, protocol, _cbor_document(request))
    if protocol not in PROTOCOL_PARSERS:
        return {}
    if protocol == REST_JSON and request.data:
        _check_json(operation, request)
    parser = PROTOCOL_PARSERS[protocol](operation)
    try:
        parsed = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": in_path,
            }
        )
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError, HTTPException, RequestParserError) as error:
        raise malformed(protocol, str(error)) from error
    found = dict(parsed or {})
    _check_required(operation, found)
    return found


def _cbor_document(request: Request) -> Any:
    if not request.data:
        return {}
    rpc_v2.check_content_type(request.environ)
    try:
        return cbor.decode(request.data)
    except cbor.CborError as error:
        raise ApiError("SerializationException", f"The request body is not valid CBOR: {error}.") from error


def malformed(protocol: str, why: str) -> ApiError:
    if protocol == REST_JSON:
        return ApiError("SerializationException", f"The request body cannot be read: {why}")
    return ApiError("MalformedXML" if protocol == REST_XML else "MalformedInput", f"A parameter value has the wrong type: {why}")


def _check_json(operation: OperationModel, request: Request) -> None:
    """The body, unless it is one member as it is (a file)."""
    shape = operation.input_shape
    if shape is not None and "payload" not in shape.serialization:
        json_parameters(operation, REST_JSON, request)


def _check_required(operation: OperationModel, found: Mapping[str, Any]) -> None:
    shape = operation.input_shape
    missing = [name for name in (shape.required_members if shape is not None else ()) if name not in found]
    if missing:
        problems = [Problem(Kind.MISSING, Step(None, name, name)) for name in missing]
        raise words.error(problems, operation.service_model.service_name, REST_JSON)
