"""Tokens of IMDSv2 (IMDS-2, IMDS-3): an expiry and a signature over it and the instance.

So nothing is remembered for a token: any number can be valid at once, and they stay valid when the server starts again. They live in real
time, like the programs that count their seconds.
"""

import binascii
import hashlib
import hmac
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

LONGEST_TTL = 21600  # seconds
KEY_BYTES = 32
_HEAD = struct.Struct(">QQ")  # expiry in milliseconds since 1970, and a random number
_SIGNATURE_BYTES = 24
_LENGTH = len(urlsafe_b64encode(b"\0" * (_HEAD.size + _SIGNATURE_BYTES)))


class Tokens:
    """`now`: seconds since 1970."""

    def __init__(self, key: bytes, now: Callable[[], float]) -> None:
        self._key, self._now = key, now

    def issue(self, instance_id: str, ttl: int) -> str:
        """`ttl`: seconds."""
        head = _HEAD.pack(int((self._now() + ttl) * 1000), secrets.randbits(64))
        return urlsafe_b64encode(head + self._signature(instance_id, head)).decode()

    def seconds_left(self, instance_id: str, token: str) -> int | None:
        """For how long it is still valid; None: it is not a token of this instance, or it has expired."""
        if len(token) != _LENGTH or not token.isascii():
            return None
        try:
            raw = urlsafe_b64decode(token)
        except binascii.Error:
            return None
        head, signature = raw[: _HEAD.size], raw[_HEAD.size :]
        if not hmac.compare_digest(signature, self._signature(instance_id, head)):
            return None
        left: float = _HEAD.unpack(head)[0] / 1000 - self._now()
        return int(left) if left > 0 else None

    def _signature(self, instance_id: str, head: bytes) -> bytes:
        return hmac.new(self._key, instance_id.encode() + head, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def valid_ttl(text: str | None) -> int | None:
    """The seconds that X-aws-ec2-metadata-token-ttl-seconds asks for; None: it is missing, or not from 1 to 21600."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 5:
        return None
    return int(text) if 1 <= int(text) <= LONGEST_TTL else None
