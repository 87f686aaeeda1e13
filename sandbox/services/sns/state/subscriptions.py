"""What Subscribe takes, and what a subscription of ours knows beside moto's: its token, since when it waits, when it may be told again."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sandbox.core.own_ports import OwnPort, addresses, find
from sandbox.core.persisted import persisted
from sandbox.services.sns.decide.publishing import E164, Refused
from sandbox.services.sns.model import Protocol

TOKEN = re.compile(r"[0-9a-f]{224}")
QUEUE_ARN = re.compile(r"arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w-]{1,80}(\.fifo)?")
MAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
MARKS_IN_NUMBERS = re.compile(r"[./-]")


@persisted("sns.SubscriptionExtra")
@dataclass
class SubscriptionExtra:
    """On moto's Subscription as `.sandbox`."""

    since: datetime
    cause: str | None
    next_slot: datetime  # before it no further delivery is begun (maxReceivesPerSecond)
    authenticate_on_unsubscribe: bool = False


@persisted("sns.Token")
@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What ConfirmSubscription is given: it confirms, or takes an Unsubscribe back."""

    subscription_arn: str
    until: datetime


def check_endpoint(protocol: Protocol, endpoint: str) -> None:
    """Raises Refused."""
    match protocol:
        case Protocol.HTTP | Protocol.HTTPS:
            if not endpoint.startswith(f"{protocol.value}://"):
                raise Refused("Endpoint must match the specified protocol")
            _check_url(endpoint)
        case Protocol.EMAIL | Protocol.EMAIL_JSON:
            if not MAIL_ADDRESS.fullmatch(endpoint):
                raise Refused("Email address")
        case Protocol.SMS:
            if not is_number(endpoint):
                raise Refused(f"Invalid SMS endpoint: {endpoint}")
        case Protocol.SQS:
            if not QUEUE_ARN.fullmatch(endpoint):
                raise Refused("SQS endpoint ARN")


def check_not_ours(url: str, own_ports: Iterable[OwnPort]) -> None:
    """Raises Refused for a URL that leads to the sandbox itself. A name is resolved, and checked again, when something is sent to it
    (drivers/delivery/posting.py). Ports of load balancers may subscribe: on AWS, too, an application behind one may be the endpoint."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    closed = [own for own in own_ports if not own.of_load_balancer]
    if own := next(filter(None, (find(closed, address, port) for address in addresses(host))), None):
        raise Refused(f"Endpoint Reason: {host}:{port} is {own.what}; use a port on which your own program listens")


def is_number(text: str) -> bool:
    """A phone number in E.164, with single marks between its digits at most."""
    if re.search(r"[./-]{2,}|^[./-]|[./-]$", text):
        return False
    return E164.fullmatch(MARKS_IN_NUMBERS.sub("", text)) is not None


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", url):
        raise Refused("Endpoint Reason: Please provide a valid HTTP endpoint")  # (U)
