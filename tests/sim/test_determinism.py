"""The same seed gives the same events, faults included; another seed gives others."""

import random

from hypothesis import HealthCheck, given, settings

from tests.support.exploration.explorer import journal_of
from tests.support.exploration.operations import OPERATIONS
from tests.support.exploration.plans import Step, plans

BUSY = tuple(Step(name, which, 20.0) for which, name in enumerate(sorted(OPERATIONS)))


def test_every_operation_twice_gives_the_same_events() -> None:
    """Each event the same, with its id, time, cause and the ids of instances."""
    first, second = journal_of(3, BUSY), journal_of(3, BUSY)
    assert len(first) > 100
    for one, other in zip(first, second, strict=True):
        assert one == other


@given(plan=plans(longest=5))
@settings(max_examples=2, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_any_plan_twice_gives_the_same_events(plan: list[Step]) -> None:
    assert journal_of(3, tuple(plan)) == journal_of(3, tuple(plan))


def test_another_seed_gives_other_events() -> None:
    assert journal_of(3, BUSY[:6]) != journal_of(4, BUSY[:6])


def test_chance_elsewhere_in_the_process_does_not_matter() -> None:
    random.seed(1)
    first = journal_of(3, BUSY[:6])
    random.seed(2)
    assert journal_of(3, BUSY[:6]) == first
