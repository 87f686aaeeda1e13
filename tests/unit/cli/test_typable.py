from pathlib import Path

import pytest

from sandbox.cli import common

SAID = 'eval "$(sandbox env)"    or: sandbox status, in /srv/sandbox and sandbox.log'


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person in a clone whose virtual environment is not on the PATH."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    return tmp_path


def test_where_sandbox_is_not_on_the_path_commands_name_the_file_that_was_called(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [str(checkout / ".venv/bin/sandbox")])
    expected = 'eval "$(.venv/bin/sandbox env)"    or: .venv/bin/sandbox status, in /srv/sandbox and sandbox.log'
    assert common.typable(SAID) == expected


def test_where_it_is_on_the_path_nothing_changes(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / "sandbox").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.setattr("sys.argv", [str(checkout / "sandbox")])
    assert common.typable(SAID) == SAID
