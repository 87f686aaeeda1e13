"""What a client sees of one HTTP request: a failure's class, the response's status code, and who responded. Pure.

plan.py, records.py and the senders (load.py, sandbox/virtual/load.py) use it.
"""

from dataclasses import dataclass
from enum import Enum


class Failure(Enum):
    """Why a request failed, as its client sees it. Reports print the values."""

    REFUSED = "connection refused"  # nothing listens at the address
    CONNECT_TIMEOUT = "connect timeout"  # no connection within the connect timeout
    RESET = "reset"  # the connection ended before the response did
    BAD_GATEWAY = "502"  # the target refused or closed the connection (ALB-45)
    UNAVAILABLE = "503"  # no target is registered (TG-38)
    GATEWAY_TIMEOUT = "504"  # the target did not respond to the load balancer (ALB-45)
    SERVER_ERROR = "other 5xx"
    CLIENT_ERROR = "4xx"
    CLIENT_TIMEOUT = "client timeout"  # connected, but no complete response within the timeout: the client gave up
    INVALID_RESPONSE = "invalid response"  # not HTTP
    NOT_SENT = "not sent"  # the load generator's own limit (requests in flight, ports, descriptors): says nothing about the service


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOutcome:
    failure: Failure | None = None  # None: a response with a status code below 400
    status_code: int | None = None  # None: no response
    instance_id: str | None = None  # the instance that responded, if the response names it
    zone: str | None = None  # its Availability Zone, if the response names it
    node: str | None = None  # the address that the client connected to; None: no connection


def classify(status_code: int, instance_id: str | None = None, zone: str | None = None, node: str | None = None) -> RequestOutcome:
    """The outcome of a request that got a response."""
    named = {502: Failure.BAD_GATEWAY, 503: Failure.UNAVAILABLE, 504: Failure.GATEWAY_TIMEOUT}
    failure = named.get(status_code)
    if failure is None and status_code >= 400:
        failure = Failure.SERVER_ERROR if status_code >= 500 else Failure.CLIENT_ERROR
    return RequestOutcome(failure=failure, status_code=status_code, instance_id=instance_id, zone=zone, node=node)
