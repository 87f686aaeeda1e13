"""CloudFormation's resource types and properties about zonal shifts."""

from typing import Any

import pytest

from sandbox.core.errors import ApiError
from tests.support.services.cloudformation import Workbench
from tests.support.services.zones.arc import ShiftBench, condition

CONFIGURATION = "AWS::ARCZonalShift::ZonalAutoshiftConfiguration"
GROUP = "AWS::AutoScaling::AutoScalingGroup"


@pytest.fixture
def shifts(bench: Workbench) -> ShiftBench:
    return ShiftBench(bench.sandbox.client)


def practice(shifts: ShiftBench, **more: Any) -> dict[str, Any]:
    alarm = {"Type": "CLOUDWATCH", "AlarmIdentifier": shifts.alarm()}
    return {"OutcomeAlarms": [alarm]} | more


def test_a_configuration_is_made_changed_and_deleted(bench: Workbench, shifts: ShiftBench) -> None:
    arn = shifts.load_balancer()
    given = {"ResourceIdentifier": arn, "ZonalAutoshiftStatus": "ENABLED"}
    made = bench.make(CONFIGURATION, **given, PracticeRunConfiguration=practice(shifts, BlockedDates=["2026-12-24"]))
    assert made.ref == arn
    assert shifts.resource(arn)["zonalAutoshiftStatus"] == "ENABLED"
    bench.change(made, PracticeRunConfiguration=practice(shifts, BlockedWindows=["Mon:09:00-Mon:10:00"]), ZonalAutoshiftStatus="DISABLED")
    found = shifts.resource(arn)
    assert found["zonalAutoshiftStatus"] == "DISABLED"
    assert found["practiceRunConfiguration"]["outcomeAlarms"] == [condition(shifts.alarm())]
    assert found["practiceRunConfiguration"]["blockedDates"] == []
    assert found["practiceRunConfiguration"]["blockedWindows"] == ["Mon:09:00-Mon:10:00"]
    bench.delete(made)
    assert "practiceRunConfiguration" not in shifts.resource(arn)


def test_without_practice_runs_zonal_autoshift_is_refused(bench: Workbench, shifts: ShiftBench) -> None:
    with pytest.raises(ApiError, match="has no practice run configuration"):
        bench.make(CONFIGURATION, ResourceIdentifier=shifts.load_balancer(), ZonalAutoshiftStatus="ENABLED")


def test_a_group_takes_its_zone_properties_and_loses_them_with_the_template(bench: Workbench, shifts: ShiftBench) -> None:
    data = {"ImageId": "ami-0c047a86012500412", "InstanceType": "t3.micro"}
    template = bench.make("AWS::EC2::LaunchTemplate", LaunchTemplateData=data)
    group = bench.make(
        GROUP,
        MinSize="0",
        MaxSize="1",
        VPCZoneIdentifier=shifts.subnets(2),
        LaunchTemplate={"LaunchTemplateId": template.ref, "Version": "1"},
        AvailabilityZoneDistribution={"CapacityDistributionStrategy": "balanced-only"},
        AvailabilityZoneImpairmentPolicy={"ZonalShiftEnabled": "true", "ImpairedZoneHealthCheckBehavior": "ReplaceUnhealthy"},
    )
    assert zone_settings(bench) == ("balanced-only", True, "ReplaceUnhealthy")
    bench.change(group, AvailabilityZoneDistribution=None, AvailabilityZoneImpairmentPolicy=None)
    assert zone_settings(bench) == ("balanced-best-effort", False, "IgnoreUnhealthy")


def zone_settings(bench: Workbench) -> tuple[str, bool, str]:
    found = bench.sandbox.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    policy = found["AvailabilityZoneImpairmentPolicy"]
    distribution = found["AvailabilityZoneDistribution"]["CapacityDistributionStrategy"]
    return distribution, policy["ZonalShiftEnabled"], policy["ImpairedZoneHealthCheckBehavior"]
