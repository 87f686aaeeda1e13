"""Validates the parameters of Subscribe and ConfirmSubscription. Each raises BadParameter, whose text follows `Invalid parameter: `."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from sandbox.core.own_ports import OwnPort, addresses, find
from sandbox.services.sns import errors
from sandbox.services.sns.errors import BadParameter
from sandbox.services.sns.model import E164, Protocol

TOKEN = re.compile(r"[0-9a-f]{224}")
QUEUE_ARN = re.compile(r"arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w-]{1,80}(\.fifo)?")
MAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
PUNCTUATION = re.compile(r"[./-]")


def check_endpoint(protocol: Protocol, endpoint: str) -> None:
    """Raises BadParameter; of a phone number, the error itself."""
    match protocol:
        case Protocol.HTTP | Protocol.HTTPS:
            if not endpoint.startswith(f"{protocol.value}://"):
                raise BadParameter("Endpoint must match the specified protocol")
            _check_url(endpoint)
        case Protocol.EMAIL | Protocol.EMAIL_JSON:
            if not MAIL_ADDRESS.fullmatch(endpoint):
                raise BadParameter("Email address")
        case Protocol.SMS:
            if not is_number(endpoint):
                raise errors.bad_sms_endpoint(endpoint)
        case Protocol.SQS:
            if not QUEUE_ARN.fullmatch(endpoint):
                raise BadParameter("SQS endpoint ARN")


def check_not_ours(url: str, own_ports: Iterable[OwnPort]) -> None:
    """Raises BadParameter for a URL of the sandbox itself. A host name is resolved and checked again before each delivery
    (drivers/delivery/posting.py). Ports of load balancers are allowed: on AWS, too, the endpoint may be an application behind one."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    closed = [own for own in own_ports if not own.of_load_balancer]
    if own := next(filter(None, (find(closed, address, port) for address in addresses(host))), None):
        raise BadParameter(f"Endpoint Reason: {host}:{port} is {own.what}; use a port on which your own program listens")


def is_number(text: str) -> bool:
    """Whether the text is a phone number in E.164, possibly with single punctuation marks between its digits."""
    if re.search(r"[./-]{2,}|^[./-]|[./-]$", text):
        return False
    return E164.fullmatch(PUNCTUATION.sub("", text)) is not None


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", url):
        raise BadParameter("Endpoint Reason: Please provide a valid HTTP endpoint")  # (U)
