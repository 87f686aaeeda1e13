"""Whatever is done to an account, no invariant is violated, and when the faults end everything becomes well again.

A small fixed set of what `make explore` does with random seeds.
"""

import random

from hypothesis import HealthCheck, given, settings

from tests.support import rule
from tests.support.exploration.explorer import Explorer, explore
from tests.support.exploration.operations import OPERATIONS
from tests.support.exploration.plans import Step, plans


@rule("ASG-28", "EC2-2", "TG-12")
@given(plan=plans(longest=7))
@settings(max_examples=4, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_no_plan_violates_an_invariant_and_everything_recovers(plan: list[Step]) -> None:
    assert explore(0, tuple(plan)).violations == []


def test_three_hours_of_operations_and_faults() -> None:
    """Something every ten minutes."""
    chance = random.Random(2026)
    plan = tuple(Step(chance.choice(sorted(OPERATIONS)), chance.randrange(100), 600) for _ in range(18))
    assert explore(2026, plan).violations == []


@rule("ASG-27", "ASG-114", "AZ-7")
def test_a_zone_that_fails_and_comes_back(explorer: Explorer) -> None:
    """Its instances are replaced elsewhere while it has neither network nor capacity, and the balance is restored afterwards."""
    fleet = explorer.account.fleet
    fleet.cut_off("us-east-1a")
    explorer.account.world.launch_error = lambda zone: "Insufficient capacity." if zone == "us-east-1a" else None
    explorer.run(600)
    assert fleet.zones() in (["b", "b", "c"], ["b", "c", "c"])
    assert set(fleet.health().values()) == {"healthy"}
    explorer.recover()
    assert explorer.violations == []
    assert fleet.zones() == ["a", "b", "c"]
