"""aioboto3: calls, waiters and paginators of one event loop at once. It needs another botocore, so its story runs in .venv-clients."""

import json
from pathlib import Path

import pytest

from tests.support.clients import APART, ClientSandbox, needs

PYTHON = APART / "bin/python"
pytestmark = needs("aioboto3", (APART / ".ready").exists())


@pytest.mark.usefixtures("nothing_left")
def test_many_clients_of_one_event_loop(sandbox: ClientSandbox) -> None:
    told = json.loads(sandbox.command(str(PYTHON), str(Path(__file__).with_name("aioboto3_story.py"))).stdout)
    assert told == {"same": True, "bodies": [str(n) for n in range(30)], "listed": 12, "replaced": 1}
