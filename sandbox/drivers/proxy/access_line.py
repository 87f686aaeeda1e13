"""One line of an ALB's access log, field by field as AWS documents it (LBM-6), from an AccessRecord. Pure."""

from datetime import datetime
from hashlib import md5

from sandbox.drivers.proxy.base import AccessRecord

_NOT_DISPATCHED = -1.0


def line(record: AccessRecord) -> str:
    """33 fields, without a newline. Durations are measured real seconds; the connection id is a hash of the client's address."""
    connection = md5(record.client.encode(), usedforsecurity=False).hexdigest()[:16]
    status = _or_dash(record.target_status_code)
    fields = (
        "http",
        _time(record.time),
        record.load_balancer,
        record.client,
        _or_dash(record.target),
        _seconds(record.request_processing_time),
        _seconds(record.target_processing_time),
        _seconds(record.response_processing_time),
        str(record.elb_status_code),
        status,
        str(record.received_bytes),
        str(record.sent_bytes),
        _quoted(record.request),
        _quoted(record.user_agent),
        "-",  # ssl_cipher
        "-",  # ssl_protocol
        _or_dash(record.target_group),
        _quoted(record.trace_id),
        '"-"',  # domain_name: TLS only
        '"-"',  # chosen_cert_arn
        str(record.rule_priority),
        _time(record.request_creation_time),
        _quoted(record.actions_executed),
        _quoted(record.redirect_url),
        _quoted(record.error_reason),
        _quoted(_or_dash(record.target)),  # target:port_list
        _quoted(status),  # target_status_code_list
        '"-"',  # classification
        '"-"',  # classification_reason
        f"TID_{connection}",
        '"-"',  # transformed_host
        '"-"',  # transformed_uri
        '"-"',  # request_transform_status
    )
    return " ".join(fields)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _seconds(duration: float) -> str:
    return "-1" if duration == _NOT_DISPATCHED else f"{duration:.3f}"


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


def _quoted(text: str) -> str:
    """Quotes and unprintable characters are escaped as \\x22 and the like, as AWS does."""
    safe = "".join(c if c.isprintable() and c != '"' else f"\\x{ord(c):02X}" for c in text)
    return f'"{safe}"'
