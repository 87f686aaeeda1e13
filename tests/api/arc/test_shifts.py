"""StartZonalShift, UpdateZonalShift, CancelZonalShift, ListZonalShifts: what they answer, refuse and change."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.core.ports import ExperimentShift
from sandbox.services.arc.state.applied import AppliedShifts
from sandbox.services.arc.state.experiments import StartedByExperiments
from tests.support import rule
from tests.support.aws import Aws
from tests.support.services.zones.arc import FIRST, SECOND, ShiftBench, refusal, start

ELSEWHERE = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/0123456789abcdef"
NOWHERE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/0123456789abcdef"


def shifted(arn: str) -> frozenset[str]:
    return AppliedShifts().shifted_zones(arn)


def experiment(arn: str, zone: str = "us-east-1b") -> ExperimentShift:
    return ExperimentShift(resource_arn=arn, zone=zone, duration=timedelta(minutes=25), experiment="EXP1")


@rule("ARC-2")
def test_a_shift_is_answered_with_its_id_and_the_time_at_which_it_ends(on: ShiftBench, aws: Aws) -> None:
    arn = on.load_balancer()
    made = on.shift(arn, expiresIn="90m")
    assert made["startTime"] == aws.clock.now() and made["expiryTime"] == aws.clock.now() + timedelta(minutes=90)
    assert (made["resourceIdentifier"], made["awayFrom"], made["status"], made["comment"]) == (arn, FIRST, "ACTIVE", "the zone is slow")
    assert [each["zonalShiftId"] for each in on.arc.list_zonal_shifts()["items"]] == [made["zonalShiftId"]]


@rule("AZ-2")
@rule("AZ-3")
def test_the_zone_is_an_id_and_the_zone_with_that_id_is_left(on: ShiftBench) -> None:
    arn = on.load_balancer()
    assert refusal(on.arc.start_zonal_shift, **start(arn, awayFrom="us-east-1a")) == ("ValidationException", "InvalidAz")
    on.shift(arn, awayFrom="use1-az6")
    assert shifted(arn) == {"us-east-1a"}


@rule("ARC-1")
def test_managed_resources_show_the_weight_of_each_zone(on: ShiftBench) -> None:
    arn, other = on.load_balancer(), on.load_balancer("other", opted_in=False)
    on.shift(arn)
    listed = {each["arn"]: each for each in on.arc.list_managed_resources()["items"]}
    assert other not in listed
    assert listed[arn]["appliedWeights"] == {"use1-az6": 0.0, "use1-az1": 1.0, "use1-az2": 1.0}
    assert listed[arn]["availabilityZones"] == ["use1-az1", "use1-az2", "use1-az6"]
    assert (listed[arn]["zonalAutoshiftStatus"], listed[arn]["practiceRunStatus"]) == ("DISABLED", "DISABLED")
    assert [each["appliedStatus"] for each in on.resource(arn)["zonalShifts"]] == ["APPLIED"]


@rule("TG-40")
def test_a_load_balancer_that_did_not_opt_in_is_not_shifted(on: ShiftBench) -> None:
    arn = on.load_balancer(opted_in=False)
    assert refusal(on.arc.start_zonal_shift, **start(arn)) == ("ResourceNotFoundException", "")
    assert refusal(on.arc.get_managed_resource, resourceIdentifier=arn) == ("ResourceNotFoundException", "")
    on.opt(arn, True)
    on.shift(arn)
    on.opt(arn, False)
    assert shifted(arn) == frozenset()


@rule("ARC-3")
@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"awayFrom": "use1-az4"}, ("ValidationException", "InvalidAz")),  # a zone that the load balancer is not in
        ({"awayFrom": "x" * 21}, ("ValidationException", "InvalidAz")),
        ({"awayFrom": ""}, ("ValidationException", "InvalidAz")),
        ({"expiresIn": "0m"}, ("ValidationException", "InvalidExpiresIn")),
        ({"expiresIn": "01h"}, ("ValidationException", "InvalidExpiresIn")),
        ({"expiresIn": "10s"}, ("ValidationException", "InvalidExpiresIn")),
        ({"expiresIn": "73h"}, ("ValidationException", "InvalidExpiresIn")),
        ({"expiresIn": "4321m"}, ("ValidationException", "InvalidExpiresIn")),
        ({"expiresIn": "100000m"}, ("ValidationException", "InvalidExpiresIn")),
        ({"comment": ""}, ("ValidationException", "MissingValue")),
        ({"comment": "x" * 129}, ("ValidationException", "")),
        ({"resourceIdentifier": "my-load-balancer"}, ("ValidationException", "InvalidResourceIdentifier")),
        ({"resourceIdentifier": NOWHERE}, ("ResourceNotFoundException", "")),
        ({"resourceIdentifier": ELSEWHERE}, ("ResourceNotFoundException", "")),
    ],
)
def test_a_start_that_is_refused_says_why_and_changes_nothing(on: ShiftBench, given: dict[str, Any], error: tuple[str, str]) -> None:
    arn = on.load_balancer()
    assert refusal(on.arc.start_zonal_shift, **start(arn, **given)) == error
    assert on.arc.list_zonal_shifts()["items"] == [] and shifted(arn) == frozenset()


@rule("ARC-3")
def test_a_member_that_is_missing_is_named(on: ShiftBench, call: Any) -> None:
    signed = "AWS4-HMAC-SHA256 Credential=test/20260507/us-east-1/arc-zonal-shift/aws4_request, SignedHeaders=host, Signature=0"
    status, _, body = call("POST", "/zonalshifts", b'{"comment": "x"}', HTTP_AUTHORIZATION=signed, CONTENT_TYPE="application/json")
    assert status == 400 and b'"MissingValue"' in body and b"resourceIdentifier" in body


@rule("ARC-5")
def test_a_resource_has_one_zonal_shift_at_a_time(on: ShiftBench) -> None:
    arn, other = on.load_balancer(), on.load_balancer("other")
    on.shift(arn)
    assert refusal(on.arc.start_zonal_shift, **start(arn, awayFrom=SECOND)) == ("ConflictException", "ZonalShiftAlreadyExists")
    on.shift(other, awayFrom=SECOND)
    assert shifted(arn) == {"us-east-1a"} and shifted(other) == {"us-east-1b"}


@rule("TG-41")
def test_a_group_in_one_zone_has_nowhere_to_go(on: ShiftBench) -> None:
    autoscaling = on.client("autoscaling")
    autoscaling.create_launch_configuration(LaunchConfigurationName="c", ImageId="ami-0c047a86012500412", InstanceType="t3.micro")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="one-zone",
        LaunchConfigurationName="c",
        MinSize=0,
        MaxSize=1,
        VPCZoneIdentifier=on.subnets(1)[0],
        AvailabilityZoneImpairmentPolicy={"ZonalShiftEnabled": True, "ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy"},
    )
    arn = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupARN"]
    assert refusal(on.arc.start_zonal_shift, **start(arn)) == ("ValidationException", "UnsupportedAz")


@rule("ARC-2")
def test_an_update_sets_the_time_from_now_and_the_comment(on: ShiftBench, aws: Aws) -> None:
    made = on.shift(on.load_balancer(), expiresIn="10m")
    aws.clock.advance_to(aws.clock.now() + timedelta(minutes=5))
    later = on.arc.update_zonal_shift(zonalShiftId=made["zonalShiftId"], expiresIn="1h")
    assert later["expiryTime"] == aws.clock.now() + timedelta(hours=1)
    assert later["comment"] == "the zone is slow"
    last = on.arc.update_zonal_shift(zonalShiftId=made["zonalShiftId"], comment="still slow")
    assert (last["comment"], last["expiryTime"]) == ("still slow", later["expiryTime"])


@rule("ARC-2")
def test_a_canceled_shift_gives_the_zone_back_and_is_still_listed(on: ShiftBench) -> None:
    arn = on.load_balancer()
    made = on.shift(arn)
    assert on.arc.cancel_zonal_shift(zonalShiftId=made["zonalShiftId"])["status"] == "CANCELED"
    assert shifted(arn) == frozenset()
    assert on.resource(arn)["zonalShifts"] == [] and set(on.resource(arn)["appliedWeights"].values()) == {1.0}
    assert [each["status"] for each in on.arc.list_zonal_shifts(status="CANCELED")["items"]] == ["CANCELED"]
    assert on.arc.list_zonal_shifts(status="ACTIVE")["items"] == []


@rule("ARC-3")
def test_what_is_over_or_unknown_cannot_be_changed(on: ShiftBench) -> None:
    shift_id = on.shift(on.load_balancer())["zonalShiftId"]
    assert refusal(on.arc.update_zonal_shift, zonalShiftId=shift_id) == ("ValidationException", "MissingValue")
    assert refusal(on.arc.update_zonal_shift, zonalShiftId=shift_id, expiresIn="99h") == ("ValidationException", "InvalidExpiresIn")
    on.arc.cancel_zonal_shift(zonalShiftId=shift_id)
    over = ("ConflictException", "ZonalShiftStatusNotActive")
    assert refusal(on.arc.cancel_zonal_shift, zonalShiftId=shift_id) == over
    assert refusal(on.arc.update_zonal_shift, zonalShiftId=shift_id, expiresIn="1h") == over
    assert refusal(on.arc.cancel_zonal_shift, zonalShiftId="no-such-shift") == ("ResourceNotFoundException", "")
    assert refusal(on.arc.cancel_practice_run, zonalShiftId=shift_id) == ("ValidationException", "UnsupportedPracticeCancelShiftType")


def test_lists_are_paged_with_the_newest_first(on: ShiftBench) -> None:
    arns = [on.load_balancer(f"lb-{number}") for number in range(3)]
    ids = [on.shift(arn)["zonalShiftId"] for arn in arns]
    first = on.arc.list_zonal_shifts(maxResults=2)
    rest = on.arc.list_zonal_shifts(maxResults=2, nextToken=first["nextToken"])
    assert [each["zonalShiftId"] for each in first["items"] + rest["items"]] == ids[::-1] and "nextToken" not in rest
    assert [each["zonalShiftId"] for each in on.arc.list_zonal_shifts(resourceIdentifier=arns[1])["items"]] == [ids[1]]


@rule("ARC-3")
@pytest.mark.parametrize(
    ("given", "reason"),
    [({"nextToken": "elsewhere"}, "InvalidToken"), ({"status": "OVER"}, "InvalidStatus")],
)
def test_a_list_that_is_asked_for_wrongly(on: ShiftBench, given: dict[str, Any], reason: str) -> None:
    assert refusal(on.arc.list_zonal_shifts, **given) == ("ValidationException", reason)


# ---- shifts by experiments ---------------------------------------------------------------------------------------------------------------


@rule("FIS-30")
def test_an_experiment_shifts_a_resource_and_gives_it_back(on: ShiftBench, aws: Aws) -> None:
    arn, experiments = on.load_balancer(), StartedByExperiments()
    shift_id = experiments.start(experiment(arn))
    found = on.resource(arn)["zonalShifts"][0]
    assert (found["shiftType"], found["appliedStatus"], found["awayFrom"]) == ("FIS_EXPERIMENT", "APPLIED", SECOND)
    assert found["expiryTime"] == aws.clock.now() + timedelta(minutes=1)  # renewed each minute
    assert shifted(arn) == {"us-east-1b"} and experiments.is_active(shift_id)
    experiments.end(shift_id)
    experiments.end(shift_id)
    assert shifted(arn) == frozenset() and not experiments.is_active(shift_id)


@rule("ARC-3")
def test_a_user_does_not_change_the_shift_of_an_experiment(on: ShiftBench) -> None:
    shift_id = StartedByExperiments().start(experiment(on.load_balancer()))
    refused = ("ValidationException", "FISExperimentUpdateNotAllowed")
    assert refusal(on.arc.update_zonal_shift, zonalShiftId=shift_id, expiresIn="1h") == refused
    assert refusal(on.arc.cancel_zonal_shift, zonalShiftId=shift_id) == refused


@rule("ARC-5")
def test_a_zonal_shift_cancels_an_experiments_shift_and_keeps_one_from_starting(on: ShiftBench) -> None:
    arn, experiments = on.load_balancer(), StartedByExperiments()
    first = experiments.start(experiment(arn))
    on.shift(arn)
    assert not experiments.is_active(first) and shifted(arn) == {"us-east-1a"}
    with pytest.raises(Exception, match="A zonal shift is already active"):
        experiments.start(experiment(arn))


# ---- what the journal tells --------------------------------------------------------------------------------------------------------------


@rule("ARC-9")
def test_each_change_is_an_event_of_the_resource_with_its_cause(on: ShiftBench, aws: Aws) -> None:
    arn = on.load_balancer()
    shift_id = on.shift(arn)["zonalShiftId"]
    on.arc.update_zonal_shift(zonalShiftId=shift_id, expiresIn="1h")
    on.arc.cancel_zonal_shift(zonalShiftId=shift_id)
    told = [each for each in aws.journal.events() if each.source == "aws.arc-zonal-shift" and "CloudTrail" not in each.detail_type]
    assert [each.detail_type for each in told] == ["Manual Shift Started", "Manual Shift Updated", "Manual Shift Canceled"]
    assert all({arn, "web", shift_id} <= set(each.resources) and each.cause for each in told)
    assert told[0].summary == f"zonal shift {shift_id}: web leaves us-east-1a (use1-az6)"
