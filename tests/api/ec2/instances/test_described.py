"""Status checks, monitoring, console output, attributes and filters of instances."""

import base64
from typing import Any

from tests.support import rule
from tests.support.api.ec2 import NOT_FOUND, UNKNOWN, Ec2, error_of, status


class TestStatusChecks:
    @rule("EC2-32")
    def test_initializing_then_ok_after_a_minute(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.wait(1)
        assert status(ec2, instance_id) == ("not-applicable", "not-applicable")
        ec2.wait(1)
        assert status(ec2, instance_id) == ("initializing", "initializing")
        ec2.wait(59)
        assert status(ec2, instance_id) == ("initializing", "initializing")
        ec2.wait(1)
        assert status(ec2, instance_id) == ("ok", "ok")

    @rule("EC2-31")
    def test_a_machine_that_does_not_answer_is_impaired_within_a_minute(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.wait(62)
        ec2.machines.unreachable.add(instance_id)
        ec2.wait(59)
        assert status(ec2, instance_id) == ("ok", "ok")
        ec2.wait(121)
        (found,) = ec2.api.describe_instance_status(InstanceIds=[instance_id])["InstanceStatuses"]
        assert found["SystemStatus"]["Status"] == found["AttachedEbsStatus"]["Status"] == "ok"
        assert found["InstanceStatus"]["Status"] == "impaired"
        (detail,) = found["InstanceStatus"]["Details"]
        assert (detail["Name"], detail["Status"]) == ("reachability", "failed")
        assert f"{detail['ImpairedSince']:%H:%M:%S}" == "12:02:02"
        ec2.machines.unreachable.clear()
        ec2.wait(60)
        assert status(ec2, instance_id) == ("ok", "ok")

    @rule("EC2-30")
    def test_a_host_that_fails_shows_in_the_system_check(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.faults.unreachable.add(instance_id)
        ec2.wait(62)
        assert status(ec2, instance_id) == ("impaired", "ok")

    @rule("EC2-30")
    def test_a_machine_without_a_network_shows_in_the_instance_check(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.faults.networkless.add(instance_id)
        ec2.wait(62)
        assert status(ec2, instance_id) == ("ok", "impaired")

    @rule("EC2-31")
    def test_without_the_runtime_data_is_insufficient(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.wait(62)
        ec2.machines.away = "Docker does not answer"
        ec2.wait(60)
        assert status(ec2, instance_id) == ("insufficient-data", "insufficient-data")

    @rule("EC2-32")
    def test_a_start_begins_anew(self, ec2: Ec2) -> None:
        (instance_id,) = ec2.run()
        ec2.wait(62)
        ec2.api.stop_instances(InstanceIds=[instance_id])
        ec2.wait(3)
        assert status(ec2, instance_id) == ("not-applicable", "not-applicable")
        ec2.api.start_instances(InstanceIds=[instance_id])
        ec2.wait(3)
        assert status(ec2, instance_id) == ("initializing", "initializing")

    @rule("EC2-33")
    def test_only_running_ones_unless_all_are_asked_for(self, ec2: Ec2) -> None:
        running, stopped = ec2.running(2)
        ec2.api.stop_instances(InstanceIds=[stopped])
        ec2.wait(3)

        def shown(**parameters: Any) -> list[str]:
            return [s["InstanceId"] for s in ec2.api.describe_instance_status(**parameters)["InstanceStatuses"]]

        assert shown() == shown(InstanceIds=[running, stopped]) == [running]
        assert shown(IncludeAllInstances=True) == [running, stopped]
        not_running = [{"Name": "instance-status.status", "Values": ["not-applicable"]}]
        assert shown(IncludeAllInstances=True, Filters=not_running) == [stopped]


@rule("EC2-20")
def test_monitoring(ec2: Ec2) -> None:
    (detailed,) = ec2.running(Monitoring={"Enabled": True})
    (basic,) = ec2.running()
    assert [ec2.describe(i)["Monitoring"]["State"] for i in (detailed, basic)] == ["enabled", "disabled"]
    (answer,) = ec2.api.monitor_instances(InstanceIds=[basic])["InstanceMonitorings"]
    assert answer == {"InstanceId": basic, "Monitoring": {"State": "pending"}}
    (answer,) = ec2.api.unmonitor_instances(InstanceIds=[detailed])["InstanceMonitorings"]
    assert answer["Monitoring"]["State"] == "disabling"
    assert [ec2.describe(i)["Monitoring"]["State"] for i in (detailed, basic)] == ["disabled", "enabled"]


def test_console_output_is_the_machines(ec2: Ec2) -> None:
    (instance_id,) = ec2.run()
    assert "Output" not in ec2.api.get_console_output(InstanceId=instance_id)
    ec2.wait(3)
    ec2.machines.output[instance_id] = b"Cloud-init v. 22.4.2 running\nhello \xff\n"
    answer = ec2.api.get_console_output(InstanceId=instance_id)
    assert answer["InstanceId"] == instance_id
    assert answer["Output"] == "Cloud-init v. 22.4.2 running\nhello \ufffd\n"
    ec2.machines.away = "Docker does not answer: connection refused"
    assert error_of(ec2.api.get_console_output, InstanceId=instance_id) == ("Unavailable", ec2.machines.away)
    assert error_of(ec2.api.get_console_output, InstanceId=UNKNOWN) == NOT_FOUND


@rule("UD-1", "UD-11")
def test_user_data_changes_only_while_stopped(ec2: Ec2) -> None:
    (instance_id,) = ec2.running(UserData="#!/bin/sh\necho 1\n")

    def change(text: bytes) -> None:
        ec2.api.modify_instance_attribute(InstanceId=instance_id, UserData={"Value": text})

    error = error_of(change, b"#!/bin/sh\necho 2\n")
    assert error == ("IncorrectInstanceState", f"The instance '{instance_id}' is not in the 'stopped' state.")
    ec2.api.stop_instances(InstanceIds=[instance_id])
    ec2.wait(3)
    assert error_of(change, b"x" * 16385) == ("InvalidParameterValue", "User data is limited to 16384 bytes")
    change(b"#!/bin/sh\necho 2\n")
    attribute = ec2.api.describe_instance_attribute(InstanceId=instance_id, Attribute="userData")
    assert base64.b64decode(attribute["UserData"]["Value"]) == b"#!/bin/sh\necho 2\n"
    encoded = base64.b64encode(b"#!/bin/sh\necho 3\n").decode()
    ec2.api.modify_instance_attribute(InstanceId=instance_id, Attribute="userData", Value=encoded)
    attribute = ec2.api.describe_instance_attribute(InstanceId=instance_id, Attribute="userData")
    assert base64.b64decode(attribute["UserData"]["Value"]) == b"#!/bin/sh\necho 3\n"


def test_a_modification_of_nothing_leaves_the_security_groups(ec2: Ec2) -> None:
    (instance_id,) = ec2.running()
    before = ec2.describe(instance_id)["SecurityGroups"]
    assert error_of(ec2.api.modify_instance_attribute, InstanceId=instance_id)[0] == "InvalidParameterCombination"
    assert ec2.describe(instance_id)["SecurityGroups"] == before


def test_filters(ec2: Ec2) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-1"}]}]
    (web,) = ec2.running(TagSpecifications=tags, Placement={"AvailabilityZone": "us-east-1b"}, InstanceType="t3.small")
    (other,) = ec2.running()
    described = ec2.describe(web)

    def found(name: str, *values: str) -> list[str]:
        answer = ec2.api.describe_instances(Filters=[{"Name": name, "Values": list(values)}])
        return [i["InstanceId"] for r in answer["Reservations"] for i in r["Instances"]]

    matching = {
        "tag:Name": "web-?",
        "tag-key": "Na?me",  # no character or one
        "tag-value": "web*",
        "availability-zone": "us-east-1b",
        "instance-type": "t3.small",
        "private-ip-address": described["PrivateIpAddress"],
        "private-dns-name": described["PrivateDnsName"],
        "network-interface.network-interface-id": described["NetworkInterfaces"][0]["NetworkInterfaceId"],
        "subnet-id": described["SubnetId"],
        "instance-id": web,
        "reservation-id": ec2.api.describe_instances(InstanceIds=[web])["Reservations"][0]["ReservationId"],
    }
    assert {name: found(name, value) for name, value in matching.items()} == {name: [web] for name in matching}
    assert found("instance-state-code", "16") == found("instance-state-name", "running", "stopped") == [web, other]
    assert found("instance-type", "t3.[sm]*") == []
    both = [{"Name": "instance-type", "Values": ["t3.*"]}, {"Name": "tag:Name", "Values": ["none"]}]
    assert ec2.api.describe_instances(Filters=both)["Reservations"] == []


def test_a_hostile_wildcard_in_a_filter_is_answered(ec2: Ec2) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "a" * 250}]}]
    (instance_id,) = ec2.running(TagSpecifications=tags)

    def found(*patterns: str) -> list[str]:
        answer = ec2.api.describe_instances(Filters=[{"Name": "tag:Name", "Values": list(patterns)}])
        return [i["InstanceId"] for r in answer["Reservations"] for i in r["Instances"]]

    assert found("*a*a*a*a*ab", "*a" * 100 + "b", "?*a" * 80 + "b", "(a+)+b") == []
    assert found("*a" * 100) == [instance_id]
