"""Scheduled events and failing status checks in a whole sandbox in virtual time: what EC2 shows, what happens, what Auto Scaling does."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.core.ports import FaultRequest
from tests.support import Fleet, rule, virtual_sandbox
from tests.support.aws import IMAGE


@pytest.fixture
def fleet() -> Fleet:
    """A group of three healthy instances, and one of its own instance in `alone`."""
    made = Fleet(virtual_sandbox()).make(HealthCheckType="EC2")
    made.on.run(60)
    assert made.well()
    return made


class Machine:
    """An instance that belongs to no group."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.ec2 = fleet, fleet.on.client("ec2")
        made = self.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)
        self.id: str = made["Instances"][0]["InstanceId"]
        fleet.on.run(30)

    def schedule(self, code: str, notice: str = "3h") -> str:
        return inject(self.fleet, "scheduled-event", self.id, code=code, notice=notice)

    def status(self) -> dict[str, Any]:
        return dict(self.ec2.describe_instance_status(InstanceIds=[self.id], IncludeAllInstances=True)["InstanceStatuses"][0])

    def event(self) -> dict[str, Any]:
        (found,) = self.status()["Events"]
        return dict(found)

    def described(self) -> dict[str, Any]:
        return dict(self.ec2.describe_instances(InstanceIds=[self.id])["Reservations"][0]["Instances"][0])

    def error(self, operation: str, **parameters: Any) -> str:
        with pytest.raises(ClientError) as refused:
            getattr(self.ec2, operation)(**parameters)
        return str(refused.value.response["Error"]["Code"])


@pytest.fixture
def machine(fleet: Fleet) -> Machine:
    return Machine(fleet)


def inject(fleet: Fleet, kind: str, *targets: str, **parameters: object) -> str:
    return fleet.on.sandbox.injector.inject(FaultRequest(kind=kind, targets=targets, parameters=parameters))


@rule("EC2-34")
def test_a_retirement_is_announced_and_stops_the_instance_at_its_time(machine: Machine) -> None:
    machine.schedule("instance-retirement", "3h")
    machine.fleet.on.run(5)
    event = machine.event()
    assert (event["Code"], event["Description"]) == ("instance-retirement", "The instance is running on degraded hardware")
    assert event["InstanceEventId"].startswith("instance-event-")
    assert not {"NotAfter", "NotBeforeDeadline"} & event.keys()
    machine.fleet.on.run(3 * 3600 - 60)
    assert machine.described()["State"]["Name"] == "running"
    machine.fleet.on.run(120)
    stopped = machine.described()
    assert (stopped["State"]["Name"], stopped["StateReason"]["Code"]) == ("stopped", "Server.ScheduledStop")
    assert machine.event()["Description"] == "[Completed] The instance is running on degraded hardware"
    machine.ec2.start_instances(InstanceIds=[machine.id])
    machine.fleet.on.run(120)
    assert machine.described()["State"]["Name"] == "running"  # it happens once


@rule("EC2-34")
@pytest.mark.parametrize("code", ["instance-reboot", "system-reboot", "system-maintenance"])
def test_an_event_of_the_host_or_the_system_reboots_the_instance(machine: Machine, code: str) -> None:
    machine.schedule(code, "10m")
    machine.fleet.on.run(700)
    boots = machine.fleet.on.sandbox.simulated.runtime.containers()[machine.id].boots
    assert (boots, machine.described()["State"]["Name"]) == (2, "running")
    assert machine.event()["Description"].startswith("[Completed] ")
    machine.fleet.on.run(600)
    assert machine.fleet.on.sandbox.simulated.runtime.containers()[machine.id].boots == 2


@rule("EC2-34")
def test_a_cleared_fault_cancels_the_event_and_so_does_a_stop(machine: Machine) -> None:
    fault = machine.schedule("instance-stop")
    machine.fleet.on.run(5)
    machine.fleet.on.sandbox.injector.clear(fault)
    machine.fleet.on.run(5)
    assert machine.event()["Description"] == "[Canceled] The instance is running on degraded hardware"
    machine.schedule("instance-reboot")
    machine.fleet.on.run(5)
    machine.ec2.stop_instances(InstanceIds=[machine.id])
    machine.fleet.on.run(60)
    machine.ec2.start_instances(InstanceIds=[machine.id])  # on another host
    machine.fleet.on.run(4 * 3600)
    assert [event["Description"][:10] for event in machine.status()["Events"]] == ["[Canceled]", "[Canceled]"]
    assert machine.fleet.on.sandbox.simulated.runtime.containers()[machine.id].boots == 2


@rule("EC2-34")
def test_the_start_of_an_event_can_be_moved_up_to_its_deadline(machine: Machine) -> None:
    machine.schedule("instance-reboot", "3h")
    machine.fleet.on.run(5)
    event = machine.event()
    named = {"InstanceId": machine.id, "InstanceEventId": event["InstanceEventId"]}
    later = event["NotBefore"] + timedelta(hours=4)
    moved = machine.ec2.modify_instance_event_start_time(**named, NotBefore=later)["Event"]
    assert (moved["NotBefore"], moved["NotAfter"] - moved["NotBefore"]) == (later, event["NotAfter"] - event["NotBefore"])
    for wrong in (event["NotBeforeDeadline"] + timedelta(seconds=1), machine.fleet.on.sandbox.clock.now() + timedelta(minutes=59)):
        assert machine.error("modify_instance_event_start_time", **named, NotBefore=wrong) == "InvalidInstanceEventStartTime"
    unknown = {**named, "InstanceEventId": "instance-event-0"}
    assert machine.error("modify_instance_event_start_time", **unknown, NotBefore=later) == "InvalidInstanceEventIDNotFound"
    machine.fleet.on.run(4 * 3600)
    assert machine.fleet.on.sandbox.simulated.runtime.containers()[machine.id].boots == 1
    machine.fleet.on.run(3 * 3600 + 60)
    assert machine.fleet.on.sandbox.simulated.runtime.containers()[machine.id].boots == 2
    assert machine.error("modify_instance_event_start_time", **named, NotBefore=later) == "InvalidInstanceEventStartTime"


@rule("EC2-34")
def test_an_event_that_begins_soon_or_has_no_deadline_cannot_be_moved(machine: Machine) -> None:
    for code, notice in (("instance-retirement", "5h"), ("instance-reboot", "4m")):
        fault = machine.schedule(code, notice)
        machine.fleet.on.run(5)
        event = next(one for one in machine.status()["Events"] if one["Code"] == code)
        named = {"InstanceId": machine.id, "InstanceEventId": event["InstanceEventId"]}
        start = machine.fleet.on.sandbox.clock.now() + timedelta(hours=2)
        assert machine.error("modify_instance_event_start_time", **named, NotBefore=start) == "InvalidInstanceEventStartTime"
        machine.fleet.on.sandbox.injector.clear(fault)


def test_events_can_be_filtered(machine: Machine) -> None:
    machine.schedule("instance-reboot")
    machine.fleet.on.run(5)
    event = machine.event()

    def found(name: str, value: str) -> int:
        asked = {"Filters": [{"Name": f"event.{name}", "Values": [value]}]}
        return len(machine.ec2.describe_instance_status(**asked)["InstanceStatuses"])

    assert (found("code", "instance-reboot"), found("code", "system-reboot")) == (1, 0)
    assert found("instance-event-id", event["InstanceEventId"]) == found("description", "*reboot*") == 1
    assert found("not-before", event["NotBefore"].strftime("%Y-%m-%dT%H:%M:%S.000Z")) == found("not-after", "2*") == 1


@rule("ASG-43")
def test_auto_scaling_replaces_an_instance_with_a_scheduled_event_at_once(fleet: Fleet) -> None:
    victim = fleet.in_service()[0]
    inject(fleet, "scheduled-event", victim, code="system-reboot", notice="2h")
    fleet.on.run(10)
    assert fleet.members().get(victim) != "InService"
    fleet.on.run(300)
    assert victim not in fleet.members() and fleet.well()
    activities = fleet.on.client("autoscaling").describe_scaling_activities()["Activities"]
    assert any("in response to an EC2 scheduled event" in each["Cause"] for each in activities)


@rule("EC2-30", "ASG-42")
@pytest.mark.parametrize(
    ("check", "system", "instance"), [("system", "impaired", "ok"), ("instance", "ok", "impaired"), ("both", "impaired", "impaired")]
)
def test_a_failing_check_is_shown_and_the_group_replaces_the_instance(fleet: Fleet, check: str, system: str, instance: str) -> None:
    victim = fleet.in_service()[0]
    inject(fleet, "status-check-failure", victim, check=check)
    fleet.on.run(90)
    status = fleet.on.client("ec2").describe_instance_status(InstanceIds=[victim])["InstanceStatuses"][0]
    assert (status["SystemStatus"]["Status"], status["InstanceStatus"]["Status"]) == (system, instance)
    assert fleet.health()[victim] == "healthy"  # the machine goes on
    fleet.on.run(900)
    assert victim not in fleet.members() and fleet.well()


def test_a_check_that_fails_for_a_while_is_well_again(machine: Machine) -> None:
    fault = inject(machine.fleet, "status-check-failure", machine.id, check="both")
    machine.fleet.on.run(90)
    assert machine.status()["SystemStatus"]["Details"][0]["ImpairedSince"]
    machine.fleet.on.sandbox.injector.clear(fault)
    machine.fleet.on.run(90)
    assert (machine.status()["SystemStatus"]["Status"], machine.status()["InstanceStatus"]["Status"]) == ("ok", "ok")


@rule("EC2-80")
def test_a_report_about_an_instance_is_recorded_and_changes_nothing(machine: Machine) -> None:
    report = {"Instances": [machine.id], "Status": "impaired", "ReasonCodes": ["unresponsive", "performance-network"]}
    machine.ec2.report_instance_status(**report)
    machine.fleet.on.run(120)
    assert machine.status()["InstanceStatus"]["Status"] == "ok"
    told = [event.summary for event in machine.fleet.on.sandbox.journal.events() if event.detail_type == "Instance Status Reported"]
    assert told == [f"a user reports that {machine.id} is impaired: unresponsive, performance-network"]
    assert machine.error("report_instance_status", **{**report, "Instances": ["i-0123456789abcdef0"]}) == "InvalidInstanceID.NotFound"
    assert machine.error("report_instance_status", **{**report, "ReasonCodes": ["bored"]}) == "InvalidParameterValue"
