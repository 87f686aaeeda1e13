"""Where the control plane asks the server what it serves: a Unix socket with one JSON value per line.

→ {"look": true}      the folder has changed
→ {"stop": true}      end
← {"identity": "…", "versions": {"i-…": 17…}, "uses": {"i-…": [3, 0, 0]}, "problem": null}      after each look, and when a count rose
"""

import asyncio
import json
import os
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path

from sandbox.drivers.metadata.server.documents import Documents
from sandbox.drivers.metadata.server.identity import identity
from sandbox.drivers.metadata.server.listeners import Listeners
from sandbox.drivers.metadata.server.service import Service

MOST_WAITS = 10


class Link:
    """`folder`: of the documents."""

    def __init__(self, path: Path, folder: Path, service: Service, listeners: Listeners, stop: asyncio.Event) -> None:
        self._path, self._folder, self._service, self._listeners, self._stop = path, folder, service, listeners, stop
        self._documents = Documents(folder)
        self._started = os.urandom(8).hex()  # counts begin again with each start
        self._clients: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._looked = 0  # when the folder was last changed, as of the last look
        self._waits = 0  # how often look_if_changed found it unchanged since
        self._told = ""

    async def open(self) -> None:
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self._path))
        self._path.chmod(0o600)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)
        for client in tuple(self._clients):
            client.close()
        while self._clients:  # each ends with its connection
            await asyncio.sleep(0)

    async def look(self) -> None:
        """Reads what has changed in the folder, listens accordingly, and tells the control plane."""
        self._looked, self._waits = self._folder_state(), 0
        gone = self._documents.gone()
        self._service.update(self._documents.changed(), gone)
        await self._listeners.listen(self._service.addresses)
        self._tell()

    async def look_if_changed(self) -> None:
        """Two changes in one tick of the file system's clock look like one: so it looks now and then in any case."""
        self._waits += 1
        if self._listeners.problems or self._waits > MOST_WAITS or self._folder_state() != self._looked:
            await self.look()
        elif self._status() != self._told:
            self._tell()

    def _folder_state(self) -> int:
        """0: it cannot be read."""
        try:
            return self._folder.stat().st_mtime_ns
        except OSError:
            return 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            self._tell()
            while line := await reader.readline():
                await self._obey(line)
        except (ConnectionError, ValueError):
            pass
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _obey(self, line: bytes) -> None:
        with suppress(json.JSONDecodeError):
            asked = json.loads(line)
            if asked.get("look"):
                await self.look()
            if asked.get("stop"):
                self._stop.set()

    def _tell(self) -> None:
        self._told = self._status()
        for client in self._clients:
            client.write(self._told.encode())

    def _status(self) -> str:
        value = {
            "identity": identity(),
            "started": self._started,
            "versions": self._service.versions(),
            "uses": {instance_id: astuple(uses) for instance_id, uses in self._service.uses.items()},
            "problem": next(iter(self._listeners.problems.values()), None),
        }
        return json.dumps(value) + "\n"
