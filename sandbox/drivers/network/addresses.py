"""Addresses that the VPC router itself has, beside the gateways of the subnets: those of load balancer nodes and of the VPC's DNS server.

They are on the loopback interface of the router's namespace. Linux answers ARP for them on the subnets' interfaces too, so instances reach
them, also in a subnet whose network is made later. A label on each tells whose it is, so that a holder reads back and changes only its own.
"""

import json
import threading
from collections.abc import Collection

from sandbox.drivers.network.namespace import Run, run_here
from sandbox.drivers.worker import Workers


class RouterAddresses:
    """`label`: short, of whoever holds them ("lb"). `hold` returns at once; a failure is retried with the next call and counted as none."""

    def __init__(self, label: str, run: Run = run_here) -> None:
        self._label, self._run = f"lo:{label}", run
        self._lock = threading.Lock()
        self._wanted: frozenset[str] | None = None
        self._failed: str | None = None
        self._workers = Workers(1, f"addresses-{label}", self._record)

    def hold(self, addresses: Collection[str]) -> None:
        """The router has exactly these. Idempotent."""
        wanted = frozenset(addresses)
        with self._lock:
            if wanted == self._wanted and self._failed is None:
                return
            self._wanted, self._failed = wanted, None
        self._workers.submit(self._label, self._carry_out)

    def problem(self) -> str | None:
        """Why the addresses that were asked for last could not be put; None: they are there, or will be at once."""
        return self._failed

    def close(self) -> None:
        self._workers.close()

    # ---- worker thread -----------------------------------------------------------------------------------------------------------------

    def _carry_out(self) -> None:
        with self._lock:
            wanted = self._wanted or frozenset()
        present = addresses_in(self._run(["ip", "-j", "-4", "addr", "show", "dev", "lo", "label", self._label], None))
        lines = [f"addr add {each}/32 dev lo label {self._label}" for each in sorted(wanted - present)]
        lines += [f"addr del {each}/32 dev lo" for each in sorted(present - wanted)]
        if lines:
            self._run(["ip", "-batch", "-"], "\n".join(lines) + "\n")

    def _record(self, key: str, error: Exception) -> None:
        self._failed = str(error)


def addresses_in(listing: str) -> frozenset[str]:
    """What `ip -j addr show` prints; older versions print empty objects for interfaces without a match."""
    links = json.loads(listing or "[]")
    return frozenset(str(known["local"]) for link in links for known in link.get("addr_info", ()) if "local" in known)
