"""No metadata service, where none can run: documents are accepted and nobody reads them. `available()` says why."""

from collections.abc import Callable, Mapping

from sandbox.drivers.metadata.base import MetadataDocument, Uses


class UnsupportedMetadata:
    """`why_not`: one sentence with the next command."""

    def __init__(self, why_not: str) -> None:
        self._why_not = why_not
        self._documents: dict[str, MetadataDocument] = {}

    def publish(self, document: MetadataDocument) -> None:
        self._documents[document.instance_id] = document

    def withdraw(self, instance_id: str) -> None:
        self._documents.pop(instance_id, None)

    def served(self) -> Mapping[str, MetadataDocument]:
        """As if they were: an instance's options need no service to be applied to."""
        return dict(self._documents)

    def uses(self) -> Mapping[str, Uses]:
        return {}

    def endpoint(self, private_ip_address: str) -> str | None:
        return None

    def certificate(self) -> bytes | None:
        return None

    def on_change(self, callback: Callable[[str], None]) -> None:
        pass

    def available(self) -> str | None:
        return self._why_not

    def close(self, *, keep_serving: bool = True) -> None:
        pass
