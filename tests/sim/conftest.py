"""Output: `explorer`, a virtual sandbox with a fleet that is well, under watch; operations, restarts and recovery are its methods."""

from pathlib import Path

import pytest

from tests.support.exploration.explorer import Explorer


@pytest.fixture
def explorer(tmp_path: Path) -> Explorer:
    return Explorer(0, tmp_path / "state.bin").begin()
