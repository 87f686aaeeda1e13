"""Enforces the policy with the packet filter (nft) of the VPC router, through which all packets of instances go.

It owns one table (ruleset.py), replaced as a whole in one transaction, so there is no moment without rules. Connection tracking is not
touched: established connections go on (SG-4). What is in force is read back from the kernel. The table stays when the control plane ends.
"""

import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

from sandbox.core.errors import Misconfigured
from sandbox.drivers.firewall.base import Address, Drops
from sandbox.drivers.firewall.policy import Connection, Policy
from sandbox.drivers.firewall.ruleset import DROPPED, TABLE, drops_in, mark, mark_in, ruleset
from sandbox.drivers.network.namespace import Run, run_here
from sandbox.drivers.worker import Workers

LOOK_EVERY = 2.0  # real seconds between two looks at the dropped connections


class NftFirewall:
    def __init__(self, run: Run = run_here) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._wanted: Policy | None = None
        self._in_force: Policy | None = None
        self._why_not: str | None = None
        self._seen: frozenset[Connection] = frozenset()  # dropped, at the last look
        self._changed: list[Callable[[], None]] = []
        self._dropped: list[Drops] = []
        self._closing = threading.Event()
        self._workers = Workers(1, "firewall", lambda _, error: self._failed(error))
        self._watcher = threading.Thread(target=self._watch, name="firewall-drops", daemon=True)
        self._watcher.start()

    def apply(self, policy: Policy) -> None:
        with self._lock:
            if policy == self._wanted and self._why_not is None:
                return
            self._wanted = policy
        self._workers.submit(TABLE, self._carry_out)

    def in_force(self) -> Policy | None:
        return self._in_force

    def on_change(self, callback: Callable[[], None]) -> None:
        self._changed.append(callback)

    def on_drop(self, callback: Drops) -> None:
        self._dropped.append(callback)

    def endpoint(self, sources: Sequence[IPv4Address], to: Connection, at: Address) -> Address:
        return at

    def available(self) -> str | None:
        return self._why_not

    def close(self) -> None:
        self._closing.set()
        self._workers.close()
        self._watcher.join(timeout=5)

    # ---- worker thread -----------------------------------------------------------------------------------------------------------------

    def _carry_out(self) -> None:
        """The policy that is wanted last: of several that wait, the first job carries out the newest."""
        with self._lock:
            wanted = self._wanted
        if wanted is None or (wanted == self._in_force and self._why_not is None):
            return
        if self._in_force is not None or self._mark() != mark(wanted):  # an earlier control plane may have left just this policy
            self._run(["nft", "-f", "-"], ruleset(wanted))
            if self._mark() != mark(wanted):
                raise Misconfigured(f"The packet filter of the VPC router does not have the table {TABLE} that was loaded into it.")
        self._in_force, self._why_not = wanted, None
        for callback in self._changed:
            callback()

    def _mark(self) -> str | None:
        return mark_in(self._run(["nft", "-j", "list", "chains", "ip"], None))

    def _failed(self, error: Exception) -> None:
        self._why_not = str(error) if isinstance(error, Misconfigured) else f"{type(error).__name__}: {error}"

    # ---- drops ------------------------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._closing.wait(LOOK_EVERY):
            if self._in_force is None or not self._dropped:
                continue
            try:
                now = frozenset(drops_in(self._run(["nft", "-j", "list", "set", "ip", TABLE, DROPPED], None)))
            except Misconfigured:
                continue  # the table is being made; `available` tells of one that cannot be
            new, self._seen = now - self._seen, now
            if new:
                for callback in self._dropped:
                    callback(sorted(new, key=str))
