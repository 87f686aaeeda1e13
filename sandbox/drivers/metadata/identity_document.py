"""Signs instance identity documents (IMDS-14): the key of this sandbox, its certificate, and the three signatures beside a document.

AWS signs `signature` and `rsa2048` with RSA keys of each Region, and `pkcs7` with DSA. Here one RSA key of 2048 bits signs all three. It is
made for each sandbox, with a certificate that verifies the signatures, and kept in its state folder.
"""

import base64
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from sandbox.certificates import self_signed

KEY, CERTIFICATE = "identity.key", "identity.pem"  # in the folder
LINE = 64  # characters of base64, as in PEM


@dataclass(frozen=True, slots=True)
class IdentitySigner:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def signatures(self, document: str) -> dict[str, str]:
        """Name beside the document → text. PKCS #7 is without the lines that PEM begins and ends with, as on AWS."""
        signature = self.key.sign(document.encode(), padding.PKCS1v15(), hashes.SHA256())
        envelope = _lines(self._envelope(document.encode()))
        return {"signature": _lines(signature), "pkcs7": envelope, "rsa2048": envelope}

    def _envelope(self, content: bytes) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(self.certificate, self.key, hashes.SHA256())
        options = [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCerts, pkcs7.PKCS7Options.NoCapabilities]
        return builder.sign(serialization.Encoding.DER, options)


def signer(folder: Path) -> IdentitySigner:
    """That of the folder; a new one where there is none, or where it cannot be read."""
    try:
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        if isinstance(key, rsa.RSAPrivateKey) and certificate.public_key() == key.public_key():
            return IdentitySigner(key, certificate)
    except (OSError, ValueError):
        pass
    made = new_signer()
    _keep(folder, made)
    return made


def new_signer() -> IdentitySigner:
    """Takes about 50 ms."""
    return IdentitySigner(*self_signed("instance-identity.sandbox"))


def _keep(folder: Path, made: IdentitySigner) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pem = made.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    descriptor = os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    (folder / CERTIFICATE).write_bytes(made.pem)


def _lines(data: bytes) -> str:
    text = base64.b64encode(data).decode()
    return "\n".join(text[start : start + LINE] for start in range(0, len(text), LINE))
