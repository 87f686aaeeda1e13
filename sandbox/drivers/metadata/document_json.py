"""A document as JSON: the form in which the control plane leaves it for the server in the state folder. Pure."""

import json
from base64 import b64decode, b64encode
from dataclasses import asdict

from sandbox.drivers.metadata.base import AccessOptions, MetadataDocument


def to_json(document: MetadataDocument, addresses: tuple[str, ...], version: int) -> str:
    """`addresses`: at which the server knows the caller. `version`: rises with each publication."""
    value = asdict(document) | {"addresses": addresses, "version": version}
    if document.user_data is not None:
        value["user_data"] = b64encode(document.user_data).decode()
    return json.dumps(value)


def from_json(text: str) -> tuple[MetadataDocument, tuple[str, ...], int]:
    """→ the document, the addresses and the version. Raises ValueError if it is not a document."""
    try:
        value = json.loads(text)
        addresses, version = tuple(value.pop("addresses")), int(value.pop("version"))
        value["options"] = AccessOptions(**value["options"])
        value["private_ip_addresses"] = tuple(value["private_ip_addresses"])
        value["user_data"] = None if value["user_data"] is None else b64decode(value["user_data"])
        return MetadataDocument(**value), addresses, version
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a metadata document: {error!r}") from error
