"""The ready templates of `sandbox fis template` are accepted as they are."""

from datetime import timedelta

import pytest

from sandbox.cli.fis.command import TEMPLATES
from sandbox.cli.fis.document import Wanted
from tests.support import rule
from tests.support.aws import Aws
from tests.support.services.fis import ROLE


@rule("FIS-40", "FIS-43")
@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("minutes", [1, 30, 720])
def test_a_ready_template_is_accepted(aws: Aws, name: str, minutes: int) -> None:
    made = TEMPLATES[name](Wanted(zone="us-east-1a", role=ROLE, duration=timedelta(minutes=minutes), callers=(ROLE,)))
    found = aws("fis").create_experiment_template(**made.request)["experimentTemplate"]
    assert found["actions"] == made.request["actions"] and found["targets"] == made.request["targets"]
