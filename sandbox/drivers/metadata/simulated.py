"""The metadata service of simulated machines: the server's own answers, without a socket, in sandbox time. Tests `ask` it."""

from collections.abc import Callable, Mapping
from functools import cache

from sandbox.core.clock import Clock
from sandbox.drivers.metadata.base import IMDS_ADDRESS, MetadataDocument, Uses
from sandbox.drivers.metadata.identity_document import IdentitySigner, new_signer
from sandbox.drivers.metadata.server.answers import Caller, Request, Response
from sandbox.drivers.metadata.server.service import Served, Service
from sandbox.drivers.metadata.server.tokens import KEY_BYTES, Tokens
from sandbox.drivers.metadata.signing import signed


class SimulatedMetadata:
    """`now`: the clock, which wiring may replace (world.clock)."""

    def __init__(self, now: Callable[[], Clock]) -> None:
        self._now = now
        self._documents: dict[str, MetadataDocument] = {}
        self._service = Service(Tokens(bytes(KEY_BYTES), self._seconds), self._seconds)
        self._stale: dict[str, MetadataDocument | None] = {}  # published, and not asked for yet

    def publish(self, document: MetadataDocument) -> None:
        self._documents[document.instance_id] = self._stale[document.instance_id] = document

    def withdraw(self, instance_id: str) -> None:
        if self._documents.pop(instance_id, None) is not None:
            self._stale[instance_id] = None

    def served(self) -> Mapping[str, MetadataDocument]:
        return self._documents

    def uses(self) -> Mapping[str, Uses]:
        return self._service.uses

    def endpoint(self, private_ip_address: str) -> str | None:
        return f"http://{IMDS_ADDRESS}/"

    def certificate(self) -> bytes | None:
        return _signer().pem

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Nothing changes but by `publish`, whose effect is there at once."""

    def available(self) -> str | None:
        return None

    def close(self, *, keep_serving: bool = True) -> None:
        pass

    # ---- what an instance does ----------------------------------------------------------------------------------------------------------

    def ask(self, address: str, request: Request) -> Response:
        """The answer to a request from that private address."""
        changed = [document for document in self._stale.values() if document is not None]
        gone = [instance_id for instance_id, document in self._stale.items() if document is None]
        self._service.update((self._served(document) for document in changed), gone)
        self._stale.clear()
        return self._service.respond(address, request)

    def get(self, address: str, path: str) -> Response:
        """A read of IMDSv1."""
        return self.ask(address, Request("GET", path))

    def _served(self, document: MetadataDocument) -> Served:
        return Served(Caller.of(signed(document, _signer())), document.private_ip_addresses)

    def _seconds(self) -> float:
        return self._now().now().timestamp()


@cache
def _signer() -> IdentitySigner:
    """One for all simulated sandboxes of this process: making its key takes longer than many a simulated minute."""
    return new_signer()
