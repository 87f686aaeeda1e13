"""Members behind a load balancer: registered, checked, drained and replaced."""

from datetime import timedelta

from sandbox.drivers.world import App
from tests.support import rule
from tests.support.services.autoscaling_stage import Stage, reports_no_fault


@rule("ASG-79", "ASG-82")
def test_members_are_registered_before_they_are_in_service(stage: Stage) -> None:
    arn = stage.target_group()
    stage.ready(TargetGroupARNs=[arn])
    assert set(stage.instances()) == set(stage.health(arn))
    one = stage.instances()[0]
    order = [e for e in stage.journal.events() if one in e.resources]
    registered = next(n for n, e in enumerate(order) if e.summary.startswith("Auto Scaling called RegisterTargets"))
    in_service = next(n for n, e in enumerate(order) if e.detail_type == "EC2 Instance Launch Successful")
    assert registered < in_service


@rule("ASG-44", "ASG-59", "ASG-80")
def test_an_application_that_dies_is_replaced_and_its_instance_drained_for_the_whole_delay(stage: Stage) -> None:
    """B1."""
    arn = stage.target_group(delay=300)
    stage.ready(TargetGroupARNs=[arn], HealthCheckType="ELB")
    stage.wait(60)
    assert {"healthy"} == set(stage.health(arn).values())
    victim = stage.instances()[0]
    stage.world.machine(victim).app = App.DOWN
    killed = stage.clock.now()
    stage.wait(120)
    assert stage.health(arn)[victim] == "draining"
    assert stage.zones() == ["a", "b", "c"], "ASG-49: the launch did not wait for draining"
    old = stage.activities()[0]
    assert f"Terminating EC2 instance: {victim} - Waiting For ELB Connection Draining." == old["Description"]
    assert (old["StatusCode"], old["Progress"]) == ("WaitingForELBConnectionDraining", 50)
    assert old["Cause"].endswith("an instance was taken out of service in response to an ELB system health check failure.")
    assert old["StartTime"] - killed < timedelta(seconds=120)
    assert victim in stage.instances("Terminating"), "ASG-81: listed until it is gone"
    stage.wait(300)
    assert victim not in stage.instances(None)
    done = next(a for a in stage.activities() if a["ActivityId"] == old["ActivityId"])
    assert ("Successful", 100, f"Terminating EC2 instance: {victim}") == (done["StatusCode"], done["Progress"], done["Description"])
    assert 300 <= (done["EndTime"] - done["StartTime"]).total_seconds() <= 310
    assert {"healthy"} == set(stage.health(arn).values())
    reports_no_fault(stage)


@rule("ASG-44")
def test_with_health_check_type_ec2_a_dead_application_stays(stage: Stage) -> None:
    arn = stage.target_group()
    stage.ready(TargetGroupARNs=[arn])
    stage.wait(60)
    victim = stage.instances()[0]
    stage.world.machine(victim).app = App.DOWN
    stage.wait(300)
    assert stage.health(arn)[victim] == "unhealthy"
    assert victim in stage.instances()


@rule("ASG-45")
def test_the_grace_period_puts_the_replacement_off(stage: Stage) -> None:
    arn = stage.target_group(delay=0)
    stage.ready(TargetGroupARNs=[arn], HealthCheckType="ELB", HealthCheckGracePeriod=600)
    stage.wait(40)
    victim = stage.instances()[0]
    stage.world.machine(victim).app = App.DOWN
    stage.wait(500)
    assert victim in stage.instances()
    stage.wait(100)
    assert victim not in stage.instances()


@rule("ASG-82")
def test_a_group_whose_application_never_worked_is_not_churned(stage: Stage) -> None:
    """B6."""
    arn = stage.target_group(delay=0)
    stage.group(TargetGroupARNs=[arn], HealthCheckType="ELB")
    for _ in range(60):
        stage.wait(0.5)
        for machine in stage.world.machines.values():
            machine.app = App.DOWN
    stage.wait(600)
    assert {"unhealthy"} == set(stage.health(arn).values())
    assert len(stage.activities()) == 3


@rule("ASG-50", "ASG-51")
def test_a_group_that_fails_as_a_whole_is_replaced_one_by_one(stage: Stage) -> None:
    arn = stage.target_group(delay=0, interval=6)
    stage.ready(TargetGroupARNs=[arn], HealthCheckType="ELB")
    stage.wait(30)
    for instance_id in stage.instances():
        stage.world.machine(instance_id).app = App.DOWN
    fewest = 3
    for _ in range(300):
        stage.wait(1)
        fewest = min(fewest, len(stage.instances()))
    assert fewest == 2
    assert {"healthy"} == set(stage.health(arn).values())


@rule("ASG-82", "ASG-83")
def test_a_target_group_is_attached_and_detached_later(stage: Stage) -> None:
    arn = stage.target_group(delay=60)
    stage.ready()

    def state_of() -> list[str]:
        shown = stage.asg.describe_load_balancer_target_groups(AutoScalingGroupName="web")["LoadBalancerTargetGroups"]
        return [t["State"] for t in shown]

    stage.asg.attach_load_balancer_target_groups(AutoScalingGroupName="web", TargetGroupARNs=[arn])
    assert state_of() == ["Adding"]
    stage.wait(0.1)
    assert state_of() == ["Added"]
    assert set(stage.instances()) == set(stage.health(arn))
    stage.wait(60)
    assert state_of() == ["InService"]
    stage.asg.detach_load_balancer_target_groups(AutoScalingGroupName="web", TargetGroupARNs=[arn])
    stage.wait(1)
    assert (["Removing"], {"draining"}) == (state_of(), set(stage.health(arn).values()))
    stage.wait(75)
    assert (state_of(), stage.health(arn)) == ([], {})
    assert len(stage.instances()) == 3
    reports_no_fault(stage)


@rule("ASG-84")
def test_instances_launched_while_add_to_load_balancer_is_suspended_stay_outside(stage: Stage) -> None:
    arn = stage.target_group()
    stage.ready(TargetGroupARNs=[arn])
    stage.asg.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["AddToLoadBalancer"])
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    stage.wait(10)
    stage.asg.resume_processes(AutoScalingGroupName="web")
    stage.wait(60)
    assert (len(stage.instances()), len(stage.health(arn))) == (4, 3)
