"""CloudWatch by its API: boto3 in process, virtual time."""

from collections.abc import Iterator

import pytest

from tests.support.services.cloudwatch_stage import CloudWatch, cloudwatch_stage


@pytest.fixture
def cloudwatch() -> Iterator[CloudWatch]:
    with cloudwatch_stage() as made:
        yield made
