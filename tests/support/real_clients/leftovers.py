"""What a test with a real client leaves behind (tests/clients/): nothing, or the test fails and the next one gets a new sandbox."""

import time

import pytest

from tests.support.clients import ClientSandbox, inventory

PATIENCE = 30.0
"""Seconds: instances and load balancers may take a moment to disappear."""


class Ledger:
    """What existed before a test. `close` compares it with what exists after it."""

    def __init__(self, sandbox: ClientSandbox) -> None:
        self._sandbox = sandbox
        self._before = inventory(sandbox)

    def close(self, failed: bool, patience: float = PATIENCE) -> None:
        """Fails if something is left over or gone. Then, and if the test `failed`, the sandbox is made anew, for the tests that follow."""
        if failed:
            self._sandbox.renew()
            return
        deadline = time.monotonic() + patience
        while changed := self._changed():
            if time.monotonic() >= deadline:
                self._sandbox.renew()
                pytest.fail(f"left over, or gone: {changed}")
            time.sleep(0.2)

    def _changed(self) -> dict[str, list[str]]:
        after = inventory(self._sandbox)
        return {kind: changed for kind, ids in after.items() if (changed := sorted(set(ids) ^ set(self._before[kind])))}
