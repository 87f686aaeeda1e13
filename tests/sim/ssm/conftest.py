"""Output: `stage`, a virtual sandbox with instances on which commands run as the world's script says."""

from collections.abc import Iterator

import pytest

from sandbox.aws import state
from tests.support.services.ssm.stage import Stage, make_stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = make_stage()
    yield made
    made.on.sandbox.close()
    state.reset()
