"""A document with the signatures of its identity document, and without them."""

from dataclasses import replace

from sandbox.drivers.metadata.base import IDENTITY_DOCUMENT, MetadataDocument
from sandbox.drivers.metadata.identity_document import IdentitySigner

FOLDER = IDENTITY_DOCUMENT.rpartition("/")[0]
NAMES = ("pkcs7", "rsa2048", "signature")


def signed(document: MetadataDocument, signer: IdentitySigner) -> MetadataDocument:
    text = document.entries.get(IDENTITY_DOCUMENT)
    if text is None:
        return document
    added = {f"{FOLDER}/{name}": value for name, value in signer.signatures(text).items()}
    return replace(document, entries={**document.entries, **added})


def unsigned(document: MetadataDocument) -> MetadataDocument:
    added = {f"{FOLDER}/{name}" for name in NAMES}
    return replace(document, entries={path: text for path, text in document.entries.items() if path not in added})
