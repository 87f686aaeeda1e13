"""Cuts address ranges off with the packet filter (nft) of the VPC router, through which all traffic between subnets goes.

It owns one table (ruleset.py), replaced as a whole in one transaction, so there is no moment with half of the rules. What is in force is
read back from the kernel: `cut_off()` never reports what was only asked for.
"""

import threading
from collections.abc import Callable

from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.base import Cut, Cuts, normal
from sandbox.drivers.network.namespace import Run, run_here
from sandbox.drivers.network.ruleset import TABLE, cuts_in, edge_in, ruleset
from sandbox.drivers.worker import Workers


class NftNetwork:
    def __init__(self, run: Run = run_here) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._wanted: Cuts | None = None  # None: `apply` was not called yet
        self._cut_off: Cuts = frozenset()
        self._why_not: str | None = None
        self._callbacks: list[Callable[[], None]] = []
        try:
            self._cut_off = self._read()
        except Misconfigured as error:
            self._why_not = str(error)
        self._workers = Workers(1, "network", lambda _, error: self._failed(error))

    def apply(self, cuts: Cuts) -> None:
        wanted = normal(cuts)
        with self._lock:
            if wanted == self._wanted and self._why_not is None:
                return
            self._wanted = wanted
        self._workers.submit(TABLE, self._carry_out)

    def cut_off(self) -> Cuts:
        return self._cut_off

    def on_change(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def available(self) -> str | None:
        return self._why_not

    def cannot(self, cut: Cut) -> str | None:
        return self._why_not

    def close(self) -> None:
        self._workers.close()

    # ---- worker thread -----------------------------------------------------------------------------------------------------------------

    def _carry_out(self) -> None:
        with self._lock:
            wanted = self._wanted or frozenset()
        edge = edge_in(self._run(["ip", "-j", "route", "show", "default"], None)) if wanted else None
        self._run(["nft", "-f", "-"], ruleset(wanted, edge))
        before, self._cut_off = self._cut_off, self._read()
        self._why_not = None
        if before != self._cut_off:
            for callback in self._callbacks:
                callback()

    def _failed(self, error: Exception) -> None:
        self._why_not = str(error) if isinstance(error, Misconfigured) else f"{type(error).__name__}: {error}"

    def _read(self) -> Cuts:
        return cuts_in(self._run(["nft", "-j", "list", "sets", "ip"], None))
