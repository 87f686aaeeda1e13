"""UpdatePolicy of Auto Scaling groups in virtual time: the batches of a rolling update, its events, its failures and its rollback."""

from typing import Any

import pytest

from tests.support import rule
from tests.support.services.stacks import Stacks, make

TEMPLATE = """
Parameters:
  Release: {Type: String, Default: "1"}
  Size: {Type: Number, Default: 3}
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      VersionDescription: !Ref Release
      LaunchTemplateData: {ImageId: ami-0c047a86012500412, InstanceType: t3.micro}
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    UpdatePolicy: POLICY
    Properties:
      MinSize: !Ref Size
      MaxSize: 6
      AvailabilityZones: [us-east-1a, us-east-1b]
      LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber}
"""
NEW = [{"ParameterKey": "Release", "ParameterValue": "2"}]


@pytest.fixture
def on() -> Stacks:
    return make(seed=11)


def with_policy(policy: str) -> str:
    return TEMPLATE.replace("POLICY", policy)


def rolling(**members: Any) -> str:
    listed = ", ".join(f"{name}: {value}" for name, value in members.items())
    return with_policy(f"{{AutoScalingRollingUpdate: {{{listed}}}}}")


def group(on: Stacks) -> dict[str, Any]:
    found: dict[str, Any] = on.sandbox.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    return found


def members(on: Stacks) -> dict[str, str]:
    """Instance → version of the template that it was launched from."""
    return {each["InstanceId"]: each["LaunchTemplate"]["Version"] for each in group(on)["Instances"]}


def told(on: Stacks) -> list[str]:
    """Reasons of the group's events since the update began, the oldest first. Instances are called a, b, …"""
    events = on.events()
    began = max(
        i for i, event in enumerate(events) if event[1] == "UPDATE_IN_PROGRESS" and event[0] == "net" and event[2] == "User Initiated"
    )
    names: dict[str, str] = {}
    texts = []
    for logical_id, status, reason in events[began:]:
        if logical_id == "Group" and reason:
            words = reason.replace("[", "[ ").replace("]", " ]").replace(",", " , ").split(" ")
            named = [names.setdefault(word, "abcdefgh"[len(names)]) if word.startswith("i-") else word for word in words]
            texts.append(" ".join(named).replace("[ ", "[").replace(" ]", "]").replace(" , ", ",").replace(" ,", ","))
        elif logical_id == "Group":
            texts.append(status)
    return texts


@rule("CFN-71")
def test_instances_are_replaced_in_batches_while_enough_are_in_service(on: Stacks) -> None:
    template = rolling(MinInstancesInService=3, MaxBatchSize=1, PauseTime="PT1M", SuspendProcesses="[AZRebalance, AlarmNotification]")
    on.create(template=template)
    old = members(on)
    on.update(template=template, seconds=0, Parameters=NEW)
    lowest, processes = 3, set()
    for _ in range(600):
        on.sandbox.run(1)
        found = group(on)
        lowest = min(lowest, sum(each["LifecycleState"] == "InService" for each in found["Instances"]))
        processes |= {each["ProcessName"] for each in found["SuspendedProcesses"]}
    assert told(on) == [
        "UPDATE_IN_PROGRESS",
        "Rolling update initiated. Terminating 3 obsolete instance(s) in batches of 1, while keeping at least 3 instance(s) in service. "
        "Pausing for PT1M when new instances are added to the autoscaling group.",
        "Temporarily setting autoscaling group MinSize and DesiredCapacity to 4.",
        "New instance(s) added to autoscaling group - Pausing for PT1M.",
        "Terminating instance(s) [a]; replacing with 1 new instance(s).",
        "Successfully terminated instance(s) [a] (Progress 33%).",
        "New instance(s) added to autoscaling group - Pausing for PT1M.",
        "Terminating instance(s) [b]; replacing with 1 new instance(s).",
        "Successfully terminated instance(s) [b] (Progress 67%).",
        "New instance(s) added to autoscaling group - Pausing for PT1M.",
        "Terminating instance(s) [c]; replacing with 0 new instance(s).",
        "Successfully terminated instance(s) [c] (Progress 100%).",
        "UPDATE_COMPLETE",
    ]
    assert lowest == 3
    assert processes == {"AZRebalance", "AlarmNotification"}
    found = group(on)
    assert (found["MinSize"], found["DesiredCapacity"], found["SuspendedProcesses"]) == (3, 3, [])
    assert not old.keys() & members(on).keys()
    assert set(members(on).values()) == {"2"}
    assert on.status() == ("UPDATE_COMPLETE", None)


def signal(on: Stacks, status: str = "SUCCESS") -> None:
    """Every new instance that has not signalled yet does."""
    for instance_id, version in members(on).items():
        if version == "2":
            on.cfn.signal_resource(StackName="net", LogicalResourceId="Group", UniqueId=instance_id, Status=status)


@rule("CFN-72")
def test_each_batch_waits_for_the_signals_of_its_instances(on: Stacks) -> None:
    template = rolling(MaxBatchSize=2, PauseTime="PT5M", WaitOnResourceSignals="true")
    on.create(template=template)
    on.update(template=template, seconds=120, Parameters=NEW)
    waiting = told(on)[-1]
    assert waiting == "New instance(s) added to autoscaling group - Waiting on 2 resource signal(s) with a timeout of PT5M."
    assert sorted(members(on).values()) == ["1", "2", "2"]
    signal(on)
    on.sandbox.run(60)
    signal(on)
    on.sandbox.run(30)
    assert on.status() == ("UPDATE_COMPLETE", None)
    assert sorted(members(on).values()) == ["2", "2", "2"]
    received = [text for text in told(on) if text.startswith("Received SUCCESS signal with UniqueId")]
    assert len(received) == 3


@rule("CFN-73")
def test_signals_that_do_not_come_roll_the_update_back(on: Stacks) -> None:
    """As observed on AWS: only what the update launched is replaced again, MinSize is the template's, the desired capacity stays."""
    template = rolling(MinInstancesInService=3, WaitOnResourceSignals="true", SuspendProcesses="[AZRebalance]")
    on.create(template=template)
    old = members(on)
    on.update(template=template, seconds=360, Parameters=NEW)
    assert on.status()[0] == "UPDATE_ROLLBACK_IN_PROGRESS"
    assert told(on)[4:] == [
        "Failed to receive 1 resource signal(s) for the current batch.  Each resource signal timeout is counted as a FAILURE.",
        "Received 0 SUCCESS signal(s) out of 3.  Unable to satisfy 100% MinSuccessfulInstancesPercent requirement",
        "UPDATE_IN_PROGRESS",
        "Rolling update initiated. Terminating 1 obsolete instance(s) in batches of 1, while keeping at least 3 instance(s) in service. "
        "Waiting on resource signals with a timeout of PT5M when new instances are added to the autoscaling group.",
        "Terminating instance(s) [a]; replacing with 1 new instance(s).",
        "Successfully terminated instance(s) [a] (Progress 100%).",
        "New instance(s) added to autoscaling group - Waiting on 1 resource signal(s) with a timeout of PT5M.",
    ]
    assert old.items() <= members(on).items()
    (newest,) = members(on).keys() - old.keys()
    on.cfn.signal_resource(StackName="net", LogicalResourceId="Group", UniqueId=newest, Status="SUCCESS")
    on.sandbox.run(60)
    assert on.status()[0] == "UPDATE_ROLLBACK_COMPLETE"
    found = group(on)
    assert (found["MinSize"], found["DesiredCapacity"], found["SuspendedProcesses"]) == (3, 4, [])


@rule("CFN-72")
def test_some_failures_are_tolerated(on: Stacks) -> None:
    template = rolling(MaxBatchSize=3, WaitOnResourceSignals="true", MinSuccessfulInstancesPercent=60)
    on.create(template=template)
    on.update(template=template, seconds=60, Parameters=NEW)
    first, *others = members(on)
    on.cfn.signal_resource(StackName="net", LogicalResourceId="Group", UniqueId=first, Status="FAILURE")
    for instance_id in others:
        on.cfn.signal_resource(StackName="net", LogicalResourceId="Group", UniqueId=instance_id, Status="SUCCESS")
    on.sandbox.run(30)
    assert on.status() == ("UPDATE_COMPLETE", None)


@rule("CFN-73")
def test_one_failure_too_many_fails_the_update_at_once(on: Stacks) -> None:
    template = rolling(MaxBatchSize=3, WaitOnResourceSignals="true")
    on.create(template=template)
    on.update(template=template, seconds=60, Parameters=NEW)
    first = next(iter(members(on)))
    on.cfn.signal_resource(StackName="net", LogicalResourceId="Group", UniqueId=first, Status="FAILURE")
    on.sandbox.run(5)
    reason = "Received 1 FAILURE signal(s) out of 3.  Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
    assert ("Group", "UPDATE_FAILED", reason) in on.events()


def test_without_a_policy_instances_stay_as_they_are(on: Stacks) -> None:
    template = with_policy("{}")
    on.create(template=template)
    before = members(on)
    on.update(template=template, Parameters=NEW)
    assert on.status() == ("UPDATE_COMPLETE", None)
    assert members(on) == before


def test_a_change_that_makes_no_instance_obsolete_replaces_none(on: Stacks) -> None:
    template = rolling(MinInstancesInService=1)
    on.create(template=template)
    before = members(on)
    on.update(template=template, Parameters=[{"ParameterKey": "Size", "ParameterValue": "4"}])
    assert before.items() <= members(on).items()
    assert told(on) == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_group_cannot_keep_as_many_in_service_as_it_may_have(on: Stacks) -> None:
    template = rolling(MinInstancesInService=6)
    on.create(template=template)
    on.update(template=template, Parameters=NEW)
    assert ("Group", "UPDATE_FAILED", "MinInstancesInService must be less than the autoscaling group's MaxSize") in on.events()


@rule("CFN-74")
def test_a_replacing_update_makes_a_second_group_and_deletes_the_first(on: Stacks) -> None:
    template = with_policy("{AutoScalingReplacingUpdate: {WillReplace: true}}")
    on.create(template=template)
    old = on.physical_ids()["Group"]
    on.update(template=template, seconds=600, Parameters=NEW)
    assert on.status() == ("UPDATE_COMPLETE", None)
    assert group(on)["AutoScalingGroupName"] == on.physical_ids()["Group"] != old
    assert set(members(on).values()) == {"2"}


@rule("CFN-75")
@pytest.mark.parametrize(("ignores", "desired"), [("true", 5), ("false", 3)])
def test_sizes_that_a_schedule_changed_are_left_alone_if_the_policy_says_so(on: Stacks, ignores: str, desired: int) -> None:
    policy = f"{{AutoScalingScheduledAction: {{IgnoreUnmodifiedGroupSizeProperties: {ignores}}}}}"
    template = with_policy(policy).replace("MaxSize: 6", "MaxSize: 6\n      DesiredCapacity: 3")
    on.create(template=template)
    on.sandbox.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group(on)["AutoScalingGroupName"], DesiredCapacity=5)
    on.sandbox.run(60)
    on.update(template=template, Parameters=NEW)
    assert on.status() == ("UPDATE_COMPLETE", None)
    assert group(on)["DesiredCapacity"] == desired


def test_a_restart_in_the_middle_goes_on_with_the_same_batch(on: Stacks, tmp_path: Any) -> None:
    template = rolling(MinInstancesInService=3, PauseTime="PT1M")
    on.create(template=template)
    on.update(template=template, seconds=90, Parameters=NEW)
    on = Stacks(on.sandbox.restart(tmp_path / "state.bin"))
    on.sandbox.run(600)
    assert on.status() == ("UPDATE_COMPLETE", None)
    assert list(members(on).values()) == ["2", "2", "2"]
