"""The instance metadata service: what each instance can read about itself (rules IMDS-1 to IMDS-15).

Implementations: served.py (a server in a process of its own), simulated.py, unsupported.py; one contract suite:
tests/contract/test_metadata.py.

EC2's metadata controller publishes one document for each instance, whole, whenever it changes. The server answers from the last published
documents, which are files in the state folder: it goes on without the control plane, as on AWS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

IMDS_ADDRESS = "169.254.169.254"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessOptions:
    """What MetadataOptions of an instance says about access (IMDS-4, IMDS-6)."""

    endpoint_enabled: bool = True  # HttpEndpoint
    tokens_required: bool = False  # HttpTokens is `required`
    hop_limit: int = 1  # HttpPutResponseHopLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataDocument:
    """Everything that the metadata service says to one instance."""

    instance_id: str
    private_ip_addresses: tuple[str, ...]  # by which the caller is known (IMDS-1)
    options: AccessOptions = AccessOptions()
    entries: Mapping[str, str] = field(default_factory=dict)
    """Path below the version → text: "meta-data/instance-id". Directories follow from the paths; a path that ends in / is the text of a
    directory whose entries have other names than their paths (IMDS-13)."""
    user_data: bytes | None = None  # None: /latest/user-data does not exist (UD-3)


IDENTITY_DOCUMENT = "dynamic/instance-identity/document"
"""The entry that the service signs: it adds `pkcs7`, `rsa2048` and `signature` beside it (IMDS-14)."""


@dataclass(frozen=True, slots=True)
class Uses:
    """How often an instance was answered, since this driver first heard of it."""

    without_token: int = 0  # IMDSv1, answered (metric MetadataNoToken)
    rejected: int = 0  # IMDSv1, refused because tokens are required (metric MetadataNoTokenRejected)
    throttled: int = 0  # answered 503 (IMDS-15)


class Metadata(Protocol):
    def publish(self, document: MetadataDocument) -> None:
        """From now on the instance reads this. Idempotent; returns at once. The newest document counts."""
        ...

    def withdraw(self, instance_id: str) -> None:
        """The instance reads nothing any more. Idempotent; returns at once."""
        ...

    def served(self) -> Mapping[str, MetadataDocument]:
        """What the server answers from, by instance id, also documents of an earlier control plane. No I/O."""
        ...

    def uses(self) -> Mapping[str, Uses]:
        """By instance id. No I/O."""
        ...

    def endpoint(self, private_ip_address: str) -> str | None:
        """The URL of the service for the instance with that address; None: the service does not run here."""
        ...

    def certificate(self) -> bytes | None:
        """The certificate that verifies identity documents, in PEM. None: the service does not run here."""
        ...

    def on_change(self, callback: Callable[[str], None]) -> None:
        """`callback(instance_id)` when what is served to an instance has changed."""
        ...

    def available(self) -> str | None:
        """None when instances are answered, else one sentence why not."""
        ...

    def close(self, *, keep_serving: bool = True) -> None:
        """Releases resources. The server goes on, unless `keep_serving` is False."""
        ...
