"""The metadata service as a server in a process of its own. This side writes each document to the state folder and tells the server.

The server answers from the files, so a document is served also when it, or this process, starts again. In docker-compose.yml the server is
a service beside this one; in the process runtime it is started here (server_process.py) and goes on when the control plane ends.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.metadata.base import MetadataDocument, Uses
from sandbox.drivers.metadata.document_json import from_json, to_json
from sandbox.drivers.metadata.files import DOCUMENTS
from sandbox.drivers.metadata.identity_document import signer
from sandbox.drivers.metadata.server_link import ServerLink, Status
from sandbox.drivers.metadata.server_process import ServerProcess
from sandbox.drivers.metadata.signing import signed, unsigned
from sandbox.drivers.worker import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where instances reach the service."""

    url: Callable[[str], str]  # private address → URL
    known_by: Callable[[str], str]  # private address → the address by which the server knows the caller


class ServedMetadata:
    """`folder`: of the service, in the state folder. `process` None: something else runs the server."""

    def __init__(self, folder: Path, place: Place, process: ServerProcess | None) -> None:
        self._folder, self._place = folder, place
        (folder / DOCUMENTS).mkdir(parents=True, exist_ok=True)
        self._signer = signer(folder)
        self._lock = threading.Lock()
        self._wanted: dict[str, MetadataDocument | None] = {}  # not written yet; None: to be removed
        self._written: dict[str, tuple[int, MetadataDocument]] = dict(self._read())
        self._version = max((version for version, _ in self._written.values()), default=0)
        self._versions: Mapping[str, int] = {}  # as the server says
        self._served: Mapping[str, MetadataDocument] = {}  # replaced as a whole
        self._callbacks: list[Callable[[str], None]] = []
        self._workers = Workers(1, "metadata", self._failed)
        self._problem: str | None = None
        self._link = ServerLink(folder, self._take, process)
        self._link.start()

    def publish(self, document: MetadataDocument) -> None:
        self._want(document.instance_id, document)

    def withdraw(self, instance_id: str) -> None:
        with self._lock:
            known = instance_id in self._written or instance_id in self._wanted
        if known:
            self._want(instance_id, None)

    def served(self) -> Mapping[str, MetadataDocument]:
        return self._served

    def uses(self) -> Mapping[str, Uses]:
        return self._link.uses()

    def endpoint(self, private_ip_address: str) -> str | None:
        return self._place.url(private_ip_address)

    def certificate(self) -> bytes | None:
        return self._signer.pem

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def available(self) -> str | None:
        return self._problem or self._link.why_not()

    def close(self, *, keep_serving: bool = True) -> None:
        self._workers.close()
        self._link.close(keep_serving=keep_serving)

    # ---- writing (worker thread) --------------------------------------------------------------------------------------------------------

    def _want(self, instance_id: str, document: MetadataDocument | None) -> None:
        with self._lock:
            self._wanted[instance_id] = document
        self._workers.submit(instance_id, lambda: self._write(instance_id))

    def _write(self, instance_id: str) -> None:
        """Writes what is wanted now: it may be newer than what this job was submitted for. Raises DriverUnavailable: tried again."""
        with self._lock:
            if instance_id not in self._wanted:
                return
            document = self._wanted[instance_id]
            self._version = version = max(self._version + 1, time.time_ns())
        try:
            self._write_file(instance_id, document, version)
        except OSError as error:
            self._problem = f"The metadata of {instance_id} could not be written: {error.strerror or error}."
            raise DriverUnavailable(self._problem) from error
        with self._lock:
            if self._wanted.get(instance_id) is document:
                del self._wanted[instance_id]
            self._written.pop(instance_id, None)
            if document is not None:
                self._written[instance_id] = version, document
            self._note_served()
        self._problem = None
        self._link.look()

    def _write_file(self, instance_id: str, document: MetadataDocument | None, version: int) -> None:
        file = self._folder / DOCUMENTS / f"{instance_id}.json"
        if document is None:
            file.unlink(missing_ok=True)
            return
        addresses = tuple(self._place.known_by(address) for address in document.private_ip_addresses)
        _replace(file, to_json(signed(document, self._signer), addresses, version))

    def _failed(self, instance_id: str, error: Exception) -> None:
        """A bug."""
        self._problem = f"The metadata of {instance_id} could not be written: {type(error).__name__}: {error}."

    def _read(self) -> Mapping[str, tuple[int, MetadataDocument]]:
        """What an earlier control plane published."""
        found = {}
        for file in (self._folder / DOCUMENTS).glob("i-*.json"):
            with suppress(OSError, ValueError):
                document, _, version = from_json(file.read_text())
                found[document.instance_id] = version, unsigned(document)
        return found

    # ---- what the server says (link's thread) -------------------------------------------------------------------------------------------

    def _take(self, status: Status) -> None:
        with self._lock:
            before, self._versions = self._versions, status.versions
            self._note_served()
        changed = [instance_id for instance_id, version in status.versions.items() if before.get(instance_id) != version]
        for instance_id in [*changed, *(before.keys() - status.versions.keys())]:
            for callback in self._callbacks:
                callback(instance_id)

    def _note_served(self) -> None:
        """The caller holds the lock."""
        written, served = self._written, self._versions
        self._served = {each: document for each, (version, document) in written.items() if served.get(each) == version}


def _replace(file: Path, text: str) -> None:
    """The server reads the old file or the new one. It has credentials of roles: only this user may read it."""
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
    new.replace(file)
