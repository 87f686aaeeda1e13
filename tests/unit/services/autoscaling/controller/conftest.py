"""`stage`: the controller of Auto Scaling with EC2, ELBv2 and machines in virtual time."""

import pytest

from tests.support.services.autoscaling_stage import Stage, make


@pytest.fixture
def stage() -> Stage:
    return make()
