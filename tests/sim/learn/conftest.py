"""Output: `learner`, on an empty sandbox in virtual time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.learn.checks.observed import Observed
from sandbox.settings import Settings
from sandbox.virtual.client import virtual_client
from tests.support.learn.learner import Learner


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Learner]:
    client = virtual_client(Settings.from_environment({"SANDBOX_STATE_DIR": str(tmp_path)}, runtime="simulated"))

    def status(seen: Observed, url: str) -> int | None:
        """A request to the simulated load balancer."""
        return client.sandbox.simulated.proxy.request(client._address(url)[0]).status or None

    monkeypatch.setattr(Observed, "status", status)
    yield Learner(client)
    client.sandbox.close()
