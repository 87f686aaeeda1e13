"""The tutorial's scripts as user data: they begin as they must, and fit."""

from pathlib import Path

import pytest

from tests.support import rule

FOLDER = Path(__file__).parents[3] / "sandbox/images/machine"


@rule("TUT-10")
def test_corrected_script_begins_with_its_interpreter_and_the_tutorials_with_its_caption() -> None:
    assert (FOLDER / "deploy.sh").read_bytes().startswith(b"#!/bin/bash\n")
    assert (FOLDER / "deploy-as-written.sh").read_bytes().startswith(b"# deploy.sh\n#!/bin/bash\n")


@rule("UD-1")
@pytest.mark.parametrize("name", ["deploy.sh", "deploy-as-written.sh"])
def test_scripts_fit_into_user_data(name: str) -> None:
    assert len((FOLDER / name).read_bytes()) <= 16384
