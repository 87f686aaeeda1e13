"""`stage`: an Auto Scaling group with its alarms, by the API."""

import pytest

from tests.support.services.scaling_stage import ScalingStage, scaling


@pytest.fixture
def stage() -> ScalingStage:
    made = scaling()
    made.ready()
    return made
