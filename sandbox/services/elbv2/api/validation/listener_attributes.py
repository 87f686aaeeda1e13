"""Validates the request of ModifyListenerAttributes (ALB-17; U: the texts)."""

import re
from collections.abc import Iterable, Mapping

from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.data import LISTENER_ATTRIBUTES, SERVER_HEADER

LONGEST_HEADER_VALUE = 1024
OF_HTTPS = "routing.http.request."  # the names of headers with facts of the TLS connection

_RESPONSE = "routing.http.response."
_FORMS = {  # attribute: (form of its value, what the error says); other headers take any text
    SERVER_HEADER: (r"true|false", "true, false"),
    f"{_RESPONSE}strict_transport_security.header_value": (
        r"max-age=\d+(; ?includeSubDomains)?(; ?preload)?",
        "max-age=<seconds>[; includeSubDomains][; preload]",
    ),
    f"{_RESPONSE}access_control_allow_credentials.header_value": (r"true", "true"),
    f"{_RESPONSE}access_control_max_age.header_value": (r"-1|\d{1,5}", "-1, or a number of seconds up to 86400"),
    f"{_RESPONSE}x_content_type_options.header_value": (r"nosniff", "nosniff"),
    f"{_RESPONSE}x_frame_options.header_value": (r"DENY|SAMEORIGIN|ALLOW-FROM https?://\S+", "DENY, SAMEORIGIN, ALLOW-FROM <URL>"),
}


def attributes(asked: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The attributes by key. An empty value removes a header."""
    found = {each["Key"]: each["Value"] for each in asked}
    for key, value in found.items():
        _check(key, value)
    return found


def _check(key: str, value: str) -> None:
    if key.startswith(OF_HTTPS):
        raise errors.validation(f"Listener attribute key '{key}' is not supported for HTTP listeners")
    if key not in LISTENER_ATTRIBUTES:
        raise errors.validation(f"Listener attribute key '{key}' is not recognized")
    form, allowed = _FORMS.get(key, (r"[\x20-\x7e]*", "printable characters"))
    if not re.fullmatch(form, value) and (value or key == SERVER_HEADER):
        raise errors.validation(f"'{key}' value '{value}' must be one of [{allowed}]")
    if len(value) > LONGEST_HEADER_VALUE:
        raise errors.validation(f"'{key}' value cannot be longer than '{LONGEST_HEADER_VALUE}' characters")
