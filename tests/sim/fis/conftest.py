"""Output: `stage`, a virtual sandbox with a role that FIS may assume; instances are made by its methods."""

from collections.abc import Iterator

import pytest

from sandbox.aws import state
from tests.support.services.fis_stage import Stage, make_stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = make_stage()
    yield made
    made.on.sandbox.close()
    state.reset()
