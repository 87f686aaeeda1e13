"""`sandbox gameday` on a sandbox in virtual time."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sandbox.cli.scenarios import gameday as command
from sandbox.core.errors import UserError
from sandbox.settings import Settings
from sandbox.virtual.client import VirtualClient, virtual_client
from tests.support.learn.learner import Learner


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualClient]:
    client = virtual_client(Settings.from_environment({"SANDBOX_STATE_DIR": str(tmp_path)}, runtime="simulated"))
    monkeypatch.setattr(command, "client", lambda: client)
    yield client
    client.sandbox.close()


def invoke(*words: str) -> Result:
    return CliRunner().invoke(command.gameday, words, standalone_mode=False, catch_exceptions=False)


def test_from_the_start_to_the_right_answer(sandbox: VirtualClient) -> None:
    assert "No game day was begun." in invoke("status").output
    Learner(sandbox).service(2)
    assert "A game day has begun." in invoke("start", "--seed", "5").output
    assert "A game day is on since" in invoke("status").output
    sandbox.wait(timedelta(minutes=6))
    [fault] = sandbox.sandbox.faults.active()
    wrong = invoke("answer", fault.kind, "i-0")
    assert wrong.return_value == 1 and "That is not it" in wrong.output
    right = invoke("answer", fault.kind, fault.targets[0])
    assert right.return_value == 0 and f"It was {fault.kind} on {fault.targets[0]}" in right.output and "wrong answers: 1" in right.output


def test_a_mistake_is_one_sentence(sandbox: VirtualClient) -> None:
    with pytest.raises(UserError, match="nothing to break"):
        invoke("start")
    with pytest.raises(UserError, match="No game day is on"):
        invoke("stop")
