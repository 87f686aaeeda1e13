"""Whatever is done to a fleet, nothing impossible is ever seen, and when it is left in peace it becomes well again."""

import random

from hypothesis import HealthCheck, given, settings

from tests.support import rule, virtual_sandbox
from tests.support.trials import fleet_of, recovers, suffer
from tests.support.trouble import DEEDS, Deed, Trouble, plans


@rule("ASG-28", "EC2-2", "TG-12")
@given(plan=plans(longest=7))
@settings(max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_no_plan_of_faults_breaks_the_rules_and_all_heal(plan: list[Deed]) -> None:
    fleet, watch = fleet_of(virtual_sandbox())
    recovers(fleet, watch, suffer(fleet, watch, plan))


def test_an_afternoon_of_trouble() -> None:
    """Six hours, something every ten minutes; the fleet is well at the end, and was watched all the time."""
    chance = random.Random(2026)
    plan = [Deed(chance.choice(sorted(DEEDS)), chance.randrange(6), 600) for _ in range(36)]
    fleet, watch = fleet_of(virtual_sandbox())
    recovers(fleet, watch, suffer(fleet, watch, plan))


@rule("ASG-27", "ASG-114", "AZ-7")
def test_a_zone_that_fails_and_comes_back() -> None:
    """Its instances are replaced elsewhere while it has neither network nor capacity, and the balance is restored afterwards."""
    fleet, watch = fleet_of(virtual_sandbox())
    fleet.cut_off("us-east-1a")
    fleet.on.world.launch_error = lambda zone: "Insufficient capacity." if zone == "us-east-1a" else None
    fleet.on.run(600, watch.look)
    assert fleet.zones() in (["b", "b", "c"], ["b", "c", "c"])
    assert set(fleet.health().values()) == {"healthy"}
    recovers(fleet, watch, Trouble(fleet))
    assert fleet.zones() == ["a", "b", "c"]
