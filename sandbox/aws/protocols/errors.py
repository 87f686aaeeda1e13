"""What an error is called in each protocol, and its HTTP status, for services that spoke the query protocol first (CloudWatch, SQS).

In the query protocol, an error has a code (`InvalidParameterValue`). In JSON and CBOR it has the name of a shape of the model
(`InvalidParameterValueException`) in `__type`; the code is in the header x-amzn-query-error. CW-13.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.utils import get_service_model

NAMESPACES = {"cloudwatch": "com.amazonaws.cloudwatch.v2010_08_01#", "sqs": "com.amazonaws.sqs#"}
FRAMEWORK = {"ValidationException": "com.amazon.coral.validate#"}
"""Shapes that belong to the framework of the services, not to a service."""
BY_NAME = ("json", "smithy-rpc-v2-cbor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Of one error to one client."""

    type: str  # for __type
    code: str  # of the query protocol
    status: int


def named(service: str, code: str, protocol: str, environ: Mapping[str, Any]) -> Named:
    """The names and the status of the service's error with this code (or shape name); an unknown error keeps its code and is a 400."""
    known = _errors(service).get(code)
    if known is None:
        return Named(type=code, code=code, status=400)
    shape, known_code, status, query_compatible = known
    if not query_compatible or protocol not in BY_NAME:
        return Named(type=code, code=code if protocol in BY_NAME else known_code, status=status)
    asks = environ.get("HTTP_X_AMZN_QUERY_MODE", "").lower() == "true"
    type_name = FRAMEWORK.get(shape, NAMESPACES.get(service, "")) + shape
    return Named(type=type_name, code=known_code, status=status if asks or status >= 500 else 400)


@lru_cache(maxsize=64)
def _errors(service: str) -> dict[str, tuple[str, str, int, bool]]:
    """By code and by shape name: shape name, code, status, whether the service spoke query first."""
    model = get_service_model(service)
    compatible = "awsQueryCompatible" in model.metadata
    by_shape: dict[str, tuple[str, str, int, bool]] = {}
    for shape in model.error_shapes:
        status = int(shape.metadata.get("error", {}).get("httpStatusCode", 400))
        by_shape[shape.name] = (shape.name, str(shape.error_code), status, compatible)
    by_code = {entry[1]: entry for entry in by_shape.values()}
    return by_code | by_shape  # a code may be the name of another shape, which then is meant
