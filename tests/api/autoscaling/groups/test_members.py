"""Members, activities and processes of a group by the API."""

from tests.support import rule
from tests.support.api.groups import asg, of_web, refusal
from tests.support.services.autoscaling_stage import AMI, Stage


@rule("ASG-69")
def test_a_user_terminates_a_member_with_or_without_its_place(stage: Stage) -> None:
    stage.ready(MinSize=2)
    terminate = stage.asg.terminate_instance_in_auto_scaling_group
    one, two = stage.instances()[:2]
    activity = terminate(InstanceId=one, ShouldDecrementDesiredCapacity=True)["Activity"]
    assert ("InProgress", 0, f"Terminating EC2 instance: {one}") == (activity["StatusCode"], activity["Progress"], activity["Description"])
    assert "EndTime" not in activity
    assert (
        f"At 2026-05-07T12:00:20Z instance {one} was taken out of service in response to a user request,"
        " shrinking the capacity from 3 to 2." == activity["Cause"]
    )
    assert stage.described()["DesiredCapacity"] == 2
    message = (
        "Currently, desiredSize equals minSize (2). Terminating instance without replacement will violate group's min size constraint."
        " Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."
    )
    request = asg("terminate_instance_in_auto_scaling_group", InstanceId=two, ShouldDecrementDesiredCapacity=True)
    assert ("ValidationError", message) == refusal(request, stage)
    stage.wait(10)
    assert len(stage.instances(None)) == 2


@rule("ASG-45", "ASG-46", "ASG-54")
def test_a_user_s_verdict_respects_the_grace_period_unless_told_otherwise(stage: Stage) -> None:
    stage.ready(HealthCheckGracePeriod=600)
    one = stage.instances()[0]

    def health() -> str:
        found = stage.asg.describe_auto_scaling_instances(InstanceIds=[one])["AutoScalingInstances"]
        return str(found[0]["HealthStatus"])

    stage.asg.set_instance_health(InstanceId=one, HealthStatus="Unhealthy")
    assert health() == "HEALTHY"
    stage.asg.set_instance_health(InstanceId=one, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
    assert health() == "UNHEALTHY"
    stage.asg.set_instance_health(InstanceId=one, HealthStatus="Healthy")
    stage.wait(60)
    assert one in stage.instances()
    bad = asg("set_instance_health", InstanceId=one, HealthStatus="Fine")
    assert refusal(bad, stage) == ("ValidationError", "Valid instance health states are: [Healthy, Unhealthy]")


@rule("ASG-81")
def test_describe_auto_scaling_instances_pages(stage: Stage) -> None:
    stage.ready()
    first = stage.asg.describe_auto_scaling_instances(MaxRecords=2)
    rest = stage.asg.describe_auto_scaling_instances(MaxRecords=2, NextToken=first["NextToken"])
    ids = [i["InstanceId"] for i in first["AutoScalingInstances"] + rest["AutoScalingInstances"]]
    assert (stage.instances(), False) == (ids, "NextToken" in rest)
    assert refusal(asg("describe_auto_scaling_instances", NextToken="what"), stage)[0] == "InvalidNextToken"


@rule("ASG-72")
def test_only_a_running_instance_of_nobody_within_max_can_be_attached(stage: Stage) -> None:
    stage.ready(MaxSize=3)
    member = stage.instances()[0]
    free = stage.ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    assert "must be in 'running' state" in refusal(of_web("attach_instances", InstanceIds=[free]), stage)[1]
    stage.wait(5)
    assert "above max value 3" in refusal(of_web("attach_instances", InstanceIds=[free]), stage)[1]
    assert "already part of AutoScalingGroup:web" in refusal(of_web("attach_instances", InstanceIds=[member]), stage)[1]
    assert stage.described()["DesiredCapacity"] == 3


@rule("ASG-71", "ASG-73")
def test_neither_detachment_nor_standby_may_lower_desired_below_min(stage: Stage) -> None:
    stage.ready(MinSize=3)
    for operation in ("detach_instances", "enter_standby"):
        request = of_web(operation, InstanceIds=stage.instances()[:1], ShouldDecrementDesiredCapacity=True)
        assert refusal(request, stage)[0] == "ValidationError"
    assert len(stage.instances()) == 3


@rule("ASG-56")
def test_activities_are_told_open_ones_first_then_the_newest_in_pages_and_by_filter(stage: Stage) -> None:
    stage.ready()
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    stage.wait(10)
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", DefaultInstanceWarmup=600)
    stage.ec2.terminate_instances(InstanceIds=stage.instances()[:1])
    stage.wait(10)
    told = stage.activities()
    assert [a["StatusCode"] for a in told] == ["WaitingForInstanceWarmup"] + ["Successful"] * 5
    starts = [a["StartTime"] for a in told[1:]]
    assert sorted(starts, reverse=True) == starts
    first = stage.asg.describe_scaling_activities(AutoScalingGroupName="web", MaxRecords=4)
    rest = stage.asg.describe_scaling_activities(AutoScalingGroupName="web", MaxRecords=4, NextToken=first["NextToken"])
    assert told == first["Activities"] + rest["Activities"]
    assert told[:1] == stage.activities(Filters=[{"Name": "Status", "Values": ["WaitingForInstanceWarmup"]}])
    late = [{"Name": "StartTimeLowerBound", "Values": ["2026-05-07T12:00:25Z"]}]
    early = [{"Name": "StartTimeUpperBound", "Values": ["2026-05-07T12:00:24Z"]}]
    assert (told[:3], told[3:]) == (stage.activities(Filters=late), stage.activities(Filters=early))
    assert told[2:3] == stage.activities(ActivityIds=[told[2]["ActivityId"]])
    wrong = of_web("describe_scaling_activities", Filters=[{"Name": "Colour", "Values": ["red"]}])
    assert refusal(wrong, stage)[0] == "ValidationError"


@rule("ASG-3")
def test_honor_cooldown_refuses_while_the_group_cools_down(stage: Stage) -> None:
    stage.ready()
    cooling = of_web("set_desired_capacity", DesiredCapacity=4, HonorCooldown=True)
    code, message = refusal(cooling, stage)
    assert (code, message.endswith("is in progress and blocks this action")) == ("ScalingActivityInProgress", True)
    stage.wait(300)
    cooling(stage)
    assert stage.described()["DesiredCapacity"] == 4


@rule("ASG-95")
def test_processes_are_suspended_one_by_one_or_all(stage: Stage) -> None:
    stage.group()
    stage.asg.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    reason = {"ProcessName": "Launch", "SuspensionReason": "User suspended at 2026-05-07T12:00:00Z"}
    assert [reason] == stage.described()["SuspendedProcesses"]
    stage.asg.suspend_processes(AutoScalingGroupName="web")
    known = {p["ProcessName"] for p in stage.asg.describe_scaling_process_types()["Processes"]}
    assert (9, known) == (len(known), {p["ProcessName"] for p in stage.described()["SuspendedProcesses"]})
    stage.asg.resume_processes(AutoScalingGroupName="web")
    assert stage.described()["SuspendedProcesses"] == []
    assert refusal(of_web("suspend_processes", ScalingProcesses=["Sleep"]), stage)[0] == "ValidationError"


@rule("ASG-67")
def test_the_termination_policies_are_listed(stage: Stage) -> None:
    types = stage.asg.describe_termination_policy_types()["TerminationPolicyTypes"]
    assert {"Default", "OldestInstance", "NewestInstance", "OldestLaunchConfiguration", "OldestLaunchTemplate"} <= set(types)
    assert refusal(lambda s: s.group(TerminationPolicies=["Youngest"]), stage)[0] == "ValidationError"


@rule("ASG-61")
def test_a_repaired_configuration_is_tried_at_once(stage: Stage) -> None:
    stage.group(LaunchConfigurationName=stage.configuration("wrong", KeyName="your-key-pair"))
    stage.wait(300)
    assert {"Failed"} == {a["StatusCode"] for a in stage.activities()}
    stage.configuration("right")
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", LaunchConfigurationName="right")
    stage.wait(5)
    assert len(stage.instances()) == 3
