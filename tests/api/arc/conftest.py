"""`on`: load balancers and alarms made through the API, on a clock that stands still; no controller runs."""

import pytest

from tests.support.aws import Aws
from tests.support.services.zones.arc import ShiftBench


@pytest.fixture
def on(aws: Aws) -> ShiftBench:
    return ShiftBench(aws)
