"""Stop, start, reboot and terminate, and protection from termination."""

from tests.support import rule
from tests.support.api.ec2 import Ec2, error_of


@rule("EC2-5", "EC2-12", "EC2-13")
def test_stop_and_start(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    before = ec2.describe(instance_id)
    (change,) = ec2.api.stop_instances(InstanceIds=[instance_id])["StoppingInstances"]
    assert (change["CurrentState"], change["PreviousState"]) == ({"Code": 64, "Name": "stopping"}, {"Code": 16, "Name": "running"})
    ec2.wait(3)
    stopped = ec2.describe(instance_id)
    assert stopped["State"] == {"Code": 80, "Name": "stopped"}
    reason = "Client.UserInitiatedShutdown"
    assert stopped["StateReason"] == {"Code": reason, "Message": f"{reason}: User initiated shutdown"}
    assert stopped["StateTransitionReason"] == "User initiated (2026-05-07 12:00:03 GMT)"
    assert stopped["PrivateIpAddress"] == before["PrivateIpAddress"]
    assert "PublicIpAddress" not in stopped
    (change,) = ec2.api.start_instances(InstanceIds=[instance_id])["StartingInstances"]
    assert (change["CurrentState"], change["PreviousState"]) == ({"Code": 0, "Name": "pending"}, {"Code": 80, "Name": "stopped"})
    ec2.wait(3)
    started = ec2.describe(instance_id)
    assert started["State"]["Name"] == "running"
    assert started["StateTransitionReason"] == ""
    assert "StateReason" not in started
    assert started["PrivateIpAddress"] == before["PrivateIpAddress"]
    assert started["PublicIpAddress"] != before["PublicIpAddress"]
    assert started["LaunchTime"] > before["LaunchTime"]
    assert ec2.states_told(instance_id) == ["pending", "running", "stopping", "stopped", "pending", "running"]
    assert [verb for verb, _ in ec2.machines.asked] == ["launch", "stop", "start"]


@rule("EC2-5")
def test_a_stop_can_be_forced(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    ec2.api.stop_instances(InstanceIds=[instance_id], Force=True)
    ec2.wait(3)
    assert ("force-stop", instance_id) in ec2.machines.asked


@rule("EC2-6")
def test_reboot_leaves_state_and_addresses(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    before = ec2.describe(instance_id)
    ec2.api.reboot_instances(InstanceIds=[instance_id])
    ec2.wait(10)
    assert ec2.describe(instance_id) == before
    assert ec2.machines.containers()[instance_id].boots == 2
    assert ec2.states_told(instance_id) == ["pending", "running"]
    assert [verb for verb, _ in ec2.machines.asked] == ["launch", "reboot"]


@rule("EC2-6")
def test_reboot_of_a_terminated_instance_is_ignored(ec2: Ec2) -> None:
    ids = ec2.running()
    ec2.api.terminate_instances(InstanceIds=ids)
    ec2.wait(3)
    ec2.api.reboot_instances(InstanceIds=ids)
    ec2.wait(3)
    assert ec2.state(ids[0]) == "terminated"


@rule("EC2-4", "EC2-7", "EC2-13")
def test_termination(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    (change,) = ec2.api.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
    assert (change["CurrentState"], change["PreviousState"]) == ({"Code": 32, "Name": "shutting-down"}, {"Code": 16, "Name": "running"})
    assert ec2.describe(instance_id)["PrivateIpAddress"] == "172.31.0.4"
    ec2.wait(3)
    described = ec2.describe(instance_id)
    assert described["State"] == {"Code": 48, "Name": "terminated"}
    assert described["StateTransitionReason"] == "User initiated (2026-05-07 12:00:03 GMT)"
    assert described["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert not {"PrivateIpAddress", "PublicIpAddress"} & set(described)
    assert (described["NetworkInterfaces"], described["BlockDeviceMappings"], described["PrivateDnsName"]) == ([], [], "")
    assert ec2.api.describe_volumes()["Volumes"] == []
    assert ec2.api.describe_network_interfaces()["NetworkInterfaces"] == []
    assert ec2.machines.containers() == {}
    (change,) = ec2.api.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
    assert change["CurrentState"] == change["PreviousState"] == {"Code": 48, "Name": "terminated"}
    assert ec2.states_told(instance_id) == ["pending", "running", "shutting-down", "terminated"]


@rule("EC2-9")
def test_a_terminated_instance_disappears_after_an_hour(ec2: Ec2) -> None:
    (instance_id,) = ec2.running(TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}])
    ec2.api.terminate_instances(InstanceIds=[instance_id])
    ec2.wait(1)
    ec2.wait(59 * 60)
    assert ec2.state(instance_id) == "terminated"
    ec2.wait(61)
    assert ec2.ids() == []
    assert error_of(ec2.api.describe_instances, InstanceIds=[instance_id])[0] == "InvalidInstanceID.NotFound"
    assert ec2.api.describe_tags()["Tags"] == []
    assert [loop.key for loop in ec2.engine.loops()] == []


@rule("EC2-8")
class TestTerminationProtection:
    def test_it_holds_for_the_zone_of_the_request(self, ec2: Ec2) -> None:
        shielded, beside = ec2.running(2, Placement={"AvailabilityZone": "us-east-1a"})
        (elsewhere,) = ec2.running(Placement={"AvailabilityZone": "us-east-1b"})
        ec2.api.modify_instance_attribute(InstanceId=shielded, DisableApiTermination={"Value": True})
        code, text = error_of(ec2.api.terminate_instances, InstanceIds=[beside, shielded, elsewhere])
        assert code == "OperationNotPermitted"
        expected = f"The instance '{shielded}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
        assert text == expected
        ec2.wait(3)
        assert [ec2.state(i) for i in (shielded, beside, elsewhere)] == ["running", "running", "terminated"]

    def test_it_can_be_asked_for_at_launch_and_taken_away(self, ec2: Ec2) -> None:
        ids = ec2.running(DisableApiTermination=True)
        assert error_of(ec2.api.terminate_instances, InstanceIds=ids)[0] == "OperationNotPermitted"
        ec2.api.modify_instance_attribute(InstanceId=ids[0], Attribute="disableApiTermination", Value="false")
        ec2.api.terminate_instances(InstanceIds=ids)
        assert ec2.state(ids[0]) == "shutting-down"

    def test_it_does_not_hold_against_a_shutdown_from_inside(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.running(DisableApiTermination=True, InstanceInitiatedShutdownBehavior="terminate")
        ec2.machines.exit(instance_id)
        ec2.wait(3)
        assert ec2.state(instance_id) == "terminated"
