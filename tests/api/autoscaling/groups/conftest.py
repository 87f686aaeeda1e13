"""`stage`: an Auto Scaling group by the API, with simulated instances."""

import pytest

from tests.support.services.autoscaling_stage import Stage, make


@pytest.fixture
def stage() -> Stage:
    return make()
