from pathlib import Path

import pytest

from sandbox.cli import common

SAID = 'eval "$(sandbox env)"    or: sandbox status, in /srv/sandbox and sandbox.log'


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone whose virtual environment is not on the PATH."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    return tmp_path


def test_without_sandbox_on_the_path_commands_have_the_path_of_the_call(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [str(checkout / ".venv/bin/sandbox")])
    expected = 'eval "$(.venv/bin/sandbox env)"    or: .venv/bin/sandbox status, in /srv/sandbox and sandbox.log'
    assert common.typable(SAID) == expected


def test_with_sandbox_on_the_path_commands_are_unchanged(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / "sandbox").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.setattr("sys.argv", [str(checkout / "sandbox")])
    assert common.typable(SAID) == SAID
