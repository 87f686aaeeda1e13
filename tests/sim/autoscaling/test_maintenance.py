"""A maintenance policy while an application fails, behind a load balancer, in virtual time."""

from typing import Any

import pytest

from sandbox.drivers.world import App
from tests.support import Fleet, rule, virtual_sandbox


@pytest.mark.parametrize(("policy", "least", "most"), [((100, 110), 3, 4), ((66, 100), 2, 3)])
@rule("ASG-105")
def test_the_policy_says_whether_the_replacement_is_launched_first(policy: tuple[int, int], least: int, most: int) -> None:
    fleet = Fleet(virtual_sandbox())
    given = {"MinHealthyPercentage": policy[0], "MaxHealthyPercentage": policy[1]}
    fleet.make(MinSize=1, MaxSize=6, DesiredCapacity=3, HealthCheckType="ELB", HealthCheckGracePeriod=0, InstanceMaintenancePolicy=given)
    assert fleet.on.until(fleet.well, 120) is not None
    fleet.on.run(60)
    bad = fleet.in_service()[0]
    fleet.on.world.machine(bad).app = App.DOWN
    seen: list[tuple[int, int]] = []
    for _ in range(300):
        fleet.on.run(1)
        seen.append(_sizes(fleet.described()["Instances"]))
        if bad not in fleet.in_service() and fleet.well():
            break
    assert bad not in fleet.in_service() and fleet.well()
    assert (min(in_service for in_service, _ in seen), max(counted for _, counted in seen)) == (least, most)


def _sizes(instances: list[dict[str, Any]]) -> tuple[int, int]:
    """In service; in service and pending."""
    in_service = sum(i["LifecycleState"] == "InService" for i in instances)
    return in_service, in_service + sum(i["LifecycleState"].startswith("Pending") for i in instances)
