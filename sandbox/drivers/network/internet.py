"""Which instances the VPC router lets out to the internet (NET-2). Nothing is let out by default."""

import threading
from collections.abc import Collection
from typing import Protocol

from sandbox.core.errors import DriverUnavailable, Misconfigured
from sandbox.drivers.network.namespace import Run, run_here
from sandbox.drivers.worker import Workers

_SET = "ip sandbox internet"  # of the router's table (runtime/docker/router.py)


class Internet(Protocol):
    def let_out(self, addresses: Collection[str]) -> None:
        """Exactly the instances with these private addresses reach the internet. Idempotent; returns at once. Established connections go
        on."""
        ...

    def close(self) -> None: ...


class RouterInternet:
    """The router's table exists when the first subnet has an instance: until then it is tried again."""

    def __init__(self, run: Run = run_here) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._wanted: frozenset[str] | None = None
        self._workers = Workers(1, "internet", lambda _, error: None)

    def let_out(self, addresses: Collection[str]) -> None:
        wanted = frozenset(addresses)
        with self._lock:
            if wanted == self._wanted:
                return
            self._wanted = wanted
        self._workers.submit(_SET, self._carry_out)

    def close(self) -> None:
        self._workers.close()

    def _carry_out(self) -> None:
        with self._lock:
            wanted = self._wanted or frozenset()
        elements = f"add element {_SET} {{ {', '.join(sorted(wanted))} }}\n" if wanted else ""
        try:
            self._run(["nft", "-f", "-"], f"flush set {_SET}\n{elements}")
        except Misconfigured as error:
            raise DriverUnavailable(str(error)) from error


class NoInternet:
    """Where instances have no network of their own, they have that of the machine."""

    def let_out(self, addresses: Collection[str]) -> None:
        pass

    def close(self) -> None:
        pass
