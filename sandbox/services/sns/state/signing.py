"""Signs messages: the key of this process, its certificate, and the string that is signed.

The certificate is stored on the backend too (outbox.py), so that messages of an earlier run can still be verified. The key is generated at
the first message: it takes 40 ms, and most sandboxes send none. It does not come from the seeded random numbers: no decision depends on it.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.certificates import self_signed

NOTIFICATION_FIELDS = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION_FIELDS = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@dataclass(frozen=True, slots=True)
class Signer:
    key: rsa.RSAPrivateKey
    certificate: bytes  # PEM
    file_name: str  # "SimpleNotificationService-0123….pem"

    def sign(self, fields: Mapping[str, str], version: str) -> str:
        """The signature in base64. Version "1" is SHA1, "2" SHA256, as in a topic's SignatureVersion."""
        algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
        signature = self.key.sign(string_to_sign(fields).encode(), padding.PKCS1v15(), algorithm)
        return base64.b64encode(signature).decode()


def string_to_sign(fields: Mapping[str, str]) -> str:
    """Name and value of each signed field, each on a line of its own, in the order of the names."""
    names = NOTIFICATION_FIELDS if fields["Type"] == "Notification" else CONFIRMATION_FIELDS
    return "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields)


@cache
def signer() -> Signer:
    """The signer of this process."""
    key, certificate = self_signed("sns.amazonaws.com")
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return Signer(key, pem, f"SimpleNotificationService-{secrets.token_hex(16)}.pem")
