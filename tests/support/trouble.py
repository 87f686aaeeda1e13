"""What users and the world may do to a fleet, as values: a plan of them is what Hypothesis makes up, shrinks and prints.

Each deed picks its victim by number among those that are there, so every plan can be carried out on every fleet. A request that AWS refuses
(to stop an instance that is pending) is refused here too; only an answer of 500 and above is wrong.
"""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import strategies as st

from sandbox.drivers.world import App
from tests.support.fleet import ZONES, Fleet

Act = Callable[["Trouble", int], None]
DEEDS: dict[str, Act] = {}


def deed(act: Act) -> Act:
    DEEDS[act.__name__] = act
    return act


@dataclass(frozen=True)
class Deed:
    name: str
    which: int  # picks the victim
    then_wait: float  # seconds

    def __str__(self) -> str:
        return f"{self.name}({self.which}), {self.then_wait:g} s"


def plans(longest: int, waits: tuple[float, ...] = (0, 0.3, 2, 9, 40, 150, 600)) -> st.SearchStrategy[list[Deed]]:
    one = st.builds(Deed, st.sampled_from(sorted(DEEDS)), st.integers(0, 5), st.sampled_from(waits))
    return st.lists(one, min_size=1, max_size=longest)


class Trouble:
    """Carries out deeds on one fleet, and takes back at the end what would otherwise last."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.detached: set[str] = set()

    def do(self, planned: Deed) -> None:
        with refusable():
            DEEDS[planned.name](self, planned.which)

    def peace(self) -> None:
        """The last fault is over: networks and capacity are back, and nothing is suspended."""
        self.fleet.cut_off()
        self.fleet.on.world.launch_error = lambda zone: None
        self.autoscaling.resume_processes(AutoScalingGroupName=self.fleet.name)

    def put_back(self) -> None:
        """What users took out and what may be put back by now."""
        with refusable():
            self.attach_target_group()
        attached = self.autoscaling.describe_load_balancer_target_groups(AutoScalingGroupName=self.fleet.name)["LoadBalancerTargetGroups"]
        if "Added" in [a["State"] for a in attached]:  # ASG-82: nobody is replaced before one has passed, so somebody has to repair one
            self.repair()
        if standby := [i for i, state in self.fleet.members().items() if state == "Standby"]:
            self.take_back(standby)

    def repair(self) -> None:
        for instance_id in self.fleet.in_service():
            machine = self.fleet.on.world.machine(instance_id)
            machine.app, machine.status_code, machine.impaired = App.UP, 200, False

    def take_back(self, standby: list[str]) -> None:
        """Each adds to the desired capacity (ASG-73), which then has to have room for it."""
        described = self.fleet.described()
        room = described["MaxSize"] - len(standby)
        if described["DesiredCapacity"] > room:
            self.autoscaling.set_desired_capacity(AutoScalingGroupName=self.fleet.name, DesiredCapacity=room)
            return
        self.autoscaling.exit_standby(AutoScalingGroupName=self.fleet.name, InstanceIds=standby)

    # ---- who and what

    @property
    def autoscaling(self) -> Any:
        return self.fleet.on.client("autoscaling")

    @property
    def ec2(self) -> Any:
        return self.fleet.on.client("ec2")

    def member(self, which: int) -> str:
        """Of those that are there now, whatever their state. ClientError when there is none, as AWS would answer."""
        members = sorted(self.fleet.members())
        if not members:
            raise ClientError({"Error": {"Code": "NoMember"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "pick")
        return members[which % len(members)]

    def machine(self, which: int) -> Any | None:
        machines = [m for m in self.fleet.on.world.machines.values() if m.running]
        return machines[which % len(machines)] if machines else None

    def attach_target_group(self) -> None:
        if self.fleet.target_group not in self.fleet.described().get("TargetGroupARNs", []):
            arns = [self.fleet.target_group]
            self.autoscaling.attach_load_balancer_target_groups(AutoScalingGroupName=self.fleet.name, TargetGroupARNs=arns)


@contextmanager
def refusable() -> Any:
    try:
        yield
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] < 500, error


# ---- a user's deeds, by the API


@deed
def terminate_instance(trouble: Trouble, which: int) -> None:
    trouble.ec2.terminate_instances(InstanceIds=[trouble.member(which)])


@deed
def stop_instance(trouble: Trouble, which: int) -> None:
    trouble.ec2.stop_instances(InstanceIds=[trouble.member(which)], Force=which % 2 == 1)


@deed
def start_instance(trouble: Trouble, which: int) -> None:
    trouble.ec2.start_instances(InstanceIds=[trouble.member(which)])


@deed
def reboot_instance(trouble: Trouble, which: int) -> None:
    trouble.ec2.reboot_instances(InstanceIds=[trouble.member(which)])


@deed
def set_desired_capacity(trouble: Trouble, which: int) -> None:
    trouble.autoscaling.set_desired_capacity(AutoScalingGroupName=trouble.fleet.name, DesiredCapacity=2 + which % 5)


@deed
def mark_unhealthy(trouble: Trouble, which: int) -> None:
    trouble.autoscaling.set_instance_health(
        InstanceId=trouble.member(which), HealthStatus="Unhealthy", ShouldRespectGracePeriod=which % 2 == 1
    )


@deed
def terminate_in_group(trouble: Trouble, which: int) -> None:
    trouble.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=trouble.member(which), ShouldDecrementDesiredCapacity=which % 2 == 1
    )


@deed
def detach_instance(trouble: Trouble, which: int) -> None:
    victim = trouble.member(which)
    trouble.autoscaling.detach_instances(
        AutoScalingGroupName=trouble.fleet.name, InstanceIds=[victim], ShouldDecrementDesiredCapacity=which % 2 == 1
    )
    trouble.detached.add(victim)


@deed
def enter_standby(trouble: Trouble, which: int) -> None:
    trouble.autoscaling.enter_standby(
        AutoScalingGroupName=trouble.fleet.name, InstanceIds=[trouble.member(which)], ShouldDecrementDesiredCapacity=which % 2 == 1
    )


@deed
def exit_standby(trouble: Trouble, which: int) -> None:
    trouble.autoscaling.exit_standby(AutoScalingGroupName=trouble.fleet.name, InstanceIds=[trouble.member(which)])


@deed
def suspend(trouble: Trouble, which: int) -> None:
    process = ("Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy", "AZRebalance", "AlarmNotification")[which % 6]
    trouble.autoscaling.suspend_processes(AutoScalingGroupName=trouble.fleet.name, ScalingProcesses=[process])


@deed
def resume(trouble: Trouble, which: int) -> None:
    trouble.autoscaling.resume_processes(AutoScalingGroupName=trouble.fleet.name)


@deed
def detach_target_group(trouble: Trouble, which: int) -> None:
    trouble.autoscaling.detach_load_balancer_target_groups(
        AutoScalingGroupName=trouble.fleet.name, TargetGroupARNs=[trouble.fleet.target_group]
    )


@deed
def attach_target_group(trouble: Trouble, which: int) -> None:
    trouble.attach_target_group()


# ---- the world's


@deed
def kill_machine(trouble: Trouble, which: int) -> None:
    """docker kill."""
    if machine := trouble.machine(which):
        trouble.fleet.on.runtime.crash(machine.instance_id)


@deed
def remove_machine(trouble: Trouble, which: int) -> None:
    """docker rm --force."""
    if machine := trouble.machine(which):
        trouble.fleet.on.runtime.terminate(machine.instance_id)


@deed
def application_ends(trouble: Trouble, which: int) -> None:
    if machine := trouble.machine(which):
        machine.app = App.DOWN


@deed
def application_hangs(trouble: Trouble, which: int) -> None:
    if machine := trouble.machine(which):
        machine.app = App.HANGING


@deed
def application_fails(trouble: Trouble, which: int) -> None:
    if machine := trouble.machine(which):
        machine.status_code = 500


@deed
def application_recovers(trouble: Trouble, which: int) -> None:
    if machine := trouble.machine(which):
        machine.app, machine.status_code = App.UP, 200


@deed
def machine_is_impaired(trouble: Trouble, which: int) -> None:
    if machine := trouble.machine(which):
        machine.impaired = True


@deed
def zone_is_cut(trouble: Trouble, which: int) -> None:
    trouble.fleet.cut_off(*trouble.fleet.zones_cut_off(), ZONES[which % 3])


@deed
def zone_is_back(trouble: Trouble, which: int) -> None:
    trouble.fleet.cut_off(*(zone for zone in trouble.fleet.zones_cut_off() if zone != ZONES[which % 3]))


@deed
def no_capacity(trouble: Trouble, which: int) -> None:
    """In one zone, or in none of them."""
    short = set(ZONES) if which > 3 else {ZONES[which % 3]}
    trouble.fleet.on.world.launch_error = lambda zone: "Insufficient capacity." if zone in short else None


@deed
def capacity_again(trouble: Trouble, which: int) -> None:
    trouble.fleet.on.world.launch_error = lambda zone: None
