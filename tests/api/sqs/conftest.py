"""What the tests of SQS share: the stage of SNS has queues, too."""

from collections.abc import Iterator

import pytest

from tests.support.services.sns_stage import Sns, staged


@pytest.fixture
def sns() -> Iterator[Sns]:
    with staged() as made:
        yield made
