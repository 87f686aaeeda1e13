"""Publishes names for the DNS server of the VPC router's namespace (server/), and gives the router the addresses at which it answers."""

import threading
from collections.abc import Callable, Collection
from pathlib import Path

from sandbox.drivers.names import files
from sandbox.drivers.names.base import LINK_LOCAL_SERVER, Published
from sandbox.drivers.worker import Workers


class ServedNames:
    wanted = True

    def __init__(self, folder: Path, hold_addresses: Callable[[Collection[str]], None]) -> None:
        """`hold_addresses`: gives the router exactly these addresses (drivers/network/addresses.py)."""
        self._folder, self._hold = folder, hold_addresses
        self._lock = threading.Lock()
        self._wanted: dict[str, Published] = {}
        self._problem: str | None = None
        self._workers = Workers(1, "names", self._failed)

    def publish(self, service: str, published: Published) -> None:
        with self._lock:
            if self._wanted.get(service) == published and self._problem is None:
                return
            self._wanted[service] = published
        self._workers.submit(service, lambda: self._write(service))

    def available(self) -> str | None:
        return self._problem

    def close(self) -> None:
        self._workers.close()

    # ---- worker thread -----------------------------------------------------------------------------------------------------------------

    def _write(self, service: str) -> None:
        with self._lock:
            published = self._wanted[service]
        files.write(self._folder, service, published)
        if published.servers:
            self._hold({LINK_LOCAL_SERVER, *published.servers})
        self._problem = None

    def _failed(self, service: str, error: Exception) -> None:
        self._problem = f"names could not be published to {self._folder}: {error}"
