"""Puts responses into the exact shape that AWS gives them, where moto's and ours differ: the namespace of an error, one message, EC2's
error without a namespace and with a request id, the content type of JSON. Pure, but for new request ids.
"""

import re
from functools import lru_cache
from uuid import uuid4

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.utils import get_service_model

LOWER_CASE_MESSAGE = re.compile(rb"<message>.*?</message>|<message ?/>", re.DOTALL)
MADE_UP_ID = b"<RequestID>request-id</RequestID>"
EC2_NAMESPACE = re.compile(rb"<Response xmlns=\"[^\"]*\">")


def error_body(body: bytes, service: str, protocol: str) -> bytes:
    """Of an error in XML. The model's member `message` of an error is what every error has as Message: moto writes both."""
    if protocol == "ec2":
        body = body.replace(MADE_UP_ID, f"<RequestID>{uuid4()}</RequestID>".encode())
        return EC2_NAMESPACE.sub(b"<Response>", body)
    if protocol != "query":
        return body
    if b"<Message>" in body:
        body = LOWER_CASE_MESSAGE.sub(b"", body)
    namespace = xml_namespace(service)
    return body.replace(b"<ErrorResponse>", f'<ErrorResponse xmlns="{namespace}">'.encode(), 1) if namespace else body


def content_type(given: str, service: str, protocol: str) -> str:
    """Flask says text/html of a body that moto's older services write as a string."""
    if protocol == "json" and given.startswith(("text/html", "application/")):
        return f"application/x-amz-json-{_metadata(service).get('jsonVersion', '1.0')}"
    return "application/json" if protocol == "rest-json" and given.startswith("text/html") else given


def xml_namespace(service: str) -> str:
    """Empty for a service that has none."""
    return str(_metadata(service).get("xmlNamespace", ""))


@lru_cache(maxsize=64)
def _metadata(service: str) -> dict[str, str]:
    return dict(get_service_model(service).metadata)
