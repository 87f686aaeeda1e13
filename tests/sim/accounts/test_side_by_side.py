"""Two accounts in one sandbox: each makes the same service with the same names, one breaks its own, and the other sees nothing of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import SandboxApiError
from sandbox.virtual.client import VirtualClient
from tests.support import rule, virtual_sandbox
from tests.support.elb import error_of
from tests.support.fleet import Fleet
from tests.support.virtual import VirtualSandbox

ANN, BEN = "111122223333", "444455556666"
OPS = "arn:aws:sns:us-east-1:{}:ops"


@dataclass
class Learner:
    """One account with the service `web`."""

    on: VirtualSandbox
    fleet: Fleet

    @property
    def account(self) -> str:
        return self.on.scope.account

    @property
    def control(self) -> VirtualClient:
        return VirtualClient(self.on.sandbox, self.account)

    def instances(self) -> set[str]:
        found = self.on.client("ec2").describe_instances()["Reservations"]
        return {each["InstanceId"] for one in found for each in one["Instances"] if each["State"]["Name"] == "running"}

    def members(self) -> set[str]:
        group = self.on.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"][0]
        return {each["InstanceId"] for each in group["Instances"]}

    def states(self) -> list[str]:
        found = self.on.client("elbv2").describe_target_health(TargetGroupArn=self.fleet.target_group)["TargetHealthDescriptions"]
        return sorted(each["TargetHealth"]["State"] for each in found)

    def seen(self) -> str:
        """All that /_sandbox shows to the account, as text."""
        paths = ("events", "endpoints", "machines", "rates", "faults", "faults/targets", "mailbox", "access-log", "loops")
        return json.dumps([self.control.get(path) for path in paths])


@dataclass
class Class:
    virtual: VirtualSandbox
    ann: Learner
    ben: Learner


def class_of_two(**settings: Any) -> Class:
    virtual = virtual_sandbox(**settings)
    VirtualClient(virtual.sandbox).post("reset")
    ann, ben = (Learner(on, Fleet(on).make()) for on in (virtual.of(ANN), virtual.of(BEN)))
    virtual.run(120)
    assert ann.states() == ben.states() == ["healthy"] * 3
    return Class(virtual, ann, ben)


@pytest.fixture
def room() -> Class:
    return class_of_two()


def test_two_accounts_have_the_same_names_and_each_sees_its_own(room: Class) -> None:
    ann, ben = room.ann, room.ben
    assert len(ann.instances()) == len(ben.instances()) == 3
    assert not ann.instances() & ben.instances()
    assert ann.members() == ann.instances() and ben.members() == ben.instances()
    names = [learner.on.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["DNSName"] for learner in (ann, ben)]
    assert names[0] != names[1]


def test_no_two_instances_of_different_accounts_have_one_address(room: Class) -> None:
    own = Learner(room.virtual, Fleet(room.virtual).make())
    room.virtual.run(60)
    found = [machine["private_ip_address"] for learner in (own, room.ann, room.ben) for machine in _instances(learner)]
    assert len(found) == len(set(found)) == 9


def _instances(learner: Learner) -> list[dict[str, Any]]:
    found = learner.on.client("ec2").describe_instances()["Reservations"]
    return [{"private_ip_address": each["PrivateIpAddress"]} for one in found for each in one["Instances"]]


def test_what_one_account_asks_about_anothers_resources_is_not_there(room: Class) -> None:
    ann, ben = room.ann, room.ben
    theirs = min(ben.instances())
    assert error_of(ann.on.client("ec2").describe_instances, InstanceIds=[theirs])[0] == "InvalidInstanceID.NotFound"
    assert error_of(ann.on.client("ec2").terminate_instances, InstanceIds=[theirs])[0] == "InvalidInstanceID.NotFound"
    described = error_of(ann.on.client("elbv2").describe_target_health, TargetGroupArn=ben.fleet.target_group)
    assert described[0] in ("TargetGroupNotFound", "ValidationError")
    named = error_of(
        ann.on.client("autoscaling").attach_load_balancer_target_groups,
        AutoScalingGroupName="web",
        TargetGroupARNs=[ben.fleet.target_group],
    )
    assert named[0] == "ValidationError"
    assert ben.instances() and theirs in ben.instances()


def test_one_account_breaks_its_service_and_the_other_sees_nothing_of_it(room: Class) -> None:
    ann, ben = room.ann, room.ben
    before, known = ben.instances(), len(ben.control.get("events")["events"])
    fault = ann.control.post("faults", {"kind": "zone-blackhole", "targets": ["us-east-1a"], "for": "10m"})
    assert set(fault["instances"]) < ann.instances()
    lost = min(ann.instances() - set(fault["instances"]))
    ann.on.client("ec2").terminate_instances(InstanceIds=[lost])
    room.virtual.run(30)
    assert "unhealthy" in ann.states() and ben.states() == ["healthy"] * 3
    room.virtual.run(90)
    assert ben.instances() == before and ben.states() == ["healthy"] * 3
    assert lost not in ann.instances() and len(ann.instances()) >= 3
    told = ben.control.get("events")["events"][known:]
    assert not [each["summary"] for each in told if each["account"] == ANN or "zone-blackhole" in each["summary"]]
    seen = ben.seen()
    assert not [each for each in {*ann.instances(), lost, ANN, fault["id"]} if each in seen]
    assert fault["id"] in ann.seen()
    with pytest.raises(SandboxApiError, match="There is no active fault"):
        ben.control.post("faults/clear", {"id": fault["id"]})
    assert ben.control.post("faults/clear", {"all": True})["cleared"] == []
    assert [each["id"] for each in ann.control.post("faults/clear", {"all": True})["cleared"]] == [fault["id"]]


def test_the_story_of_a_name_that_two_accounts_have_is_that_of_one(room: Class) -> None:
    ann, ben = room.ann, room.ben
    lost = min(ann.instances())
    ann.on.client("ec2").terminate_instances(InstanceIds=[lost])
    room.virtual.run(60)
    assert any(lost in line for line in ann.control.get("explain", resource="web")["text"])
    assert not any(lost in line for line in ben.control.get("explain", resource="web")["text"])
    with pytest.raises(SandboxApiError, match="There is no event about"):
        ben.control.get("explain", resource=lost)


def test_a_fault_in_one_accounts_zone_fails_only_its_launches_and_its_calls(room: Class) -> None:
    ann, ben = room.ann, room.ben
    ann.control.post("faults", {"kind": "api-error", "targets": ["ec2"], "parameters": {"operation": "DescribeVpcs"}})
    assert error_of(ann.on.client("ec2").describe_vpcs)[0] == "InternalError"
    assert len(ben.on.client("ec2").describe_vpcs()["Vpcs"]) == 1


def test_a_fault_that_concerns_the_data_plane_of_all_cannot_be_limited_to_an_account(room: Class) -> None:
    with pytest.raises(SandboxApiError, match="stale-configuration cannot be limited to the account 111122223333: all load balancers"):
        room.ann.control.post("faults", {"kind": "stale-configuration", "targets": ["elbv2"]})


def test_a_fault_without_an_account_is_in_force_in_all_and_one_of_them_cannot_clear_it(room: Class) -> None:
    fault = VirtualClient(room.virtual.sandbox).post("faults", {"kind": "zone-blackhole", "targets": ["us-east-1a"]})
    room.virtual.run(30)
    assert "unhealthy" in room.ann.states() and "unhealthy" in room.ben.states()
    seen = room.ann.control.get("faults")["faults"][0]
    assert seen["id"] == fault["id"] and set(seen["instances"]) < room.ann.instances() | set(fault["instances"])
    assert not [each for each in room.ben.instances() if each in room.ann.seen()]
    with pytest.raises(SandboxApiError, match="is in force in all accounts"):
        room.ann.control.post("faults/clear", {"id": fault["id"]})


def test_mails_of_one_account_are_in_its_mailbox_alone(room: Class) -> None:
    ann, ben = room.ann, room.ben
    for learner in (ann, ben):
        sns = learner.on.client("sns")
        arn = sns.create_topic(Name="ops")["TopicArn"]
        assert arn == OPS.format(learner.account)
        sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=f"{learner.account}@example.com")
    room.virtual.run(5)
    assert [mail["to"] for mail in ann.control.get("mailbox")["messages"]] == [f"{ANN}@example.com"]
    assert [mail["to"] for mail in ben.control.get("mailbox")["messages"]] == [f"{BEN}@example.com"]
    assert len(VirtualClient(room.virtual.sandbox).get("mailbox")["messages"]) == 2
    assert error_of(ann.on.client("sns").publish, TopicArn=OPS.format(BEN), Message="hello")[0] in ("NotFound", "AuthorizationError")


def test_an_alarm_and_its_metric_are_of_one_account(room: Class) -> None:
    ann, ben = room.ann, room.ben
    for learner in (ann, ben):
        learner.on.client("cloudwatch").put_metric_alarm(
            AlarmName="busy", MetricName="Load", Namespace="Shop", Statistic="Average", Period=60, EvaluationPeriods=1,
            Threshold=5, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
    room.virtual.run(5)
    ann.on.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Load", "Value": 9}])
    room.virtual.run(150)
    states = [
        {item["HistorySummary"] for item in learner.on.client("cloudwatch").describe_alarm_history(AlarmName="busy")["AlarmHistoryItems"]}
        for learner in (ann, ben)
    ]
    assert any("to ALARM" in each for each in states[0]) and not any("to ALARM" in each for each in states[1])
    assert ben.on.client("cloudwatch").list_metrics(Namespace="Shop")["Metrics"] == []


def test_both_accounts_are_there_after_a_restart_and_heal_by_themselves(room: Class, tmp_path: Path) -> None:
    fault = room.ann.control.post("faults", {"kind": "zone-blackhole", "targets": ["us-east-1a"]})
    room.virtual.run(10)
    before = room.ben.instances()
    again = room.virtual.restart(tmp_path / "state.pickle")
    ann, ben = Learner(again.of(ANN), room.ann.fleet), Learner(again.of(BEN), room.ben.fleet)
    again.run(60)
    assert ben.instances() == before and ben.states() == ["healthy"] * 3
    assert [each["id"] for each in ann.control.get("faults")["faults"]] == [fault["id"]]
    assert ben.control.get("faults")["faults"] == []
    killed = min(ben.instances())
    ben.on.client("ec2").terminate_instances(InstanceIds=[killed])
    again.run(120)
    assert len(ben.instances()) == 3 and killed not in ben.instances()
    assert not [each for each in ben.instances() if each in ann.seen()]


def test_a_reset_of_one_account_is_refused(room: Class) -> None:
    with pytest.raises(SandboxApiError, match="A reset removes the resources of all accounts"):
        room.ann.control.post("reset")
    assert room.ann.instances()


def test_an_account_is_twelve_digits() -> None:
    control = VirtualClient(virtual_sandbox().sandbox, "1234")
    with pytest.raises(SandboxApiError, match="Invalid account=1234: expected 12 digits"):
        control.get("events")


@rule("SG-11")
def test_an_account_is_told_that_it_cannot_reach_an_instance_of_another_and_nothing_of_it(room: Class) -> None:
    ann, ben = room.ann, room.ben
    found = ben.on.client("ec2").describe_instances()["Reservations"][0]["Instances"][0]
    told = ann.control.get("connection", source=min(ann.instances()), to=f"{found['PrivateIpAddress']}:80")
    assert "not reachable" in told["text"][0] and "NO_ROUTE_TO_DESTINATION" in told["text"][1]
    names = {found["VpcId"], found["SubnetId"], found["InstanceId"], *(each["GroupId"] for each in found["SecurityGroups"])}
    assert [each for each in names if each in json.dumps(told)] == []
