"""Which activity blocks a group by its cooldown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.services.autoscaling.activity_model import Activity, ActivityKind, Trigger
from sandbox.services.autoscaling.decide.cooldowns import blocking
from tests.support import rule
from tests.support.services.groups import NOW, activity, seconds

DEFAULT = timedelta(seconds=300)


def ended(ago: float, kind: ActivityKind = ActivityKind.LAUNCH, cooldown: float | None = None) -> Activity:
    trigger = None if cooldown is None else Trigger(policy_arn="arn", cooldown=seconds(cooldown))
    return replace(activity("i-1", kind), end=NOW - seconds(ago), trigger=trigger)


@pytest.mark.parametrize(
    ("candidate", "blocks"),
    [
        (activity("i-1"), True),  # still open
        (ended(299), True),
        (ended(300), False),
        (ended(299, ActivityKind.TERMINATE), True),
        (ended(299, ActivityKind.DETACH), False),
        (activity("i-1", ActivityKind.ENTER_STANDBY), False),
        (ended(60, cooldown=61), True),  # the policy's own cooldown
        (ended(60, cooldown=60), False),
        (ended(60, cooldown=0), False),
    ],
)
@rule("SCL-34")
def test_a_launch_or_termination_blocks_until_its_cooldown_has_passed(candidate: Activity, blocks: bool) -> None:
    assert blocking([candidate], DEFAULT, NOW) == (candidate if blocks else None)


def test_a_group_without_activities_is_not_blocked() -> None:
    assert blocking([], DEFAULT, NOW) is None
