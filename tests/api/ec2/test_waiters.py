"""The waiters of boto3 for EC2: each ends at once when what it waits for is there, and none of those for what is served is left out."""

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import WaiterError

from tests.support import VirtualSandbox
from tests.support.services.ec2_calls import AMI, Things, is_served

ONCE = {"Delay": 0, "MaxAttempts": 1}
NOT_MADE = {
    "bundle_task_complete",
    "conversion_task_cancelled",
    "conversion_task_completed",
    "conversion_task_deleted",
    "export_task_cancelled",
    "export_task_completed",
    "password_data_available",
    "spot_instance_request_fulfilled",
}
"""Tasks that moto has no operation to begin, the password of a Windows instance, and Spot requests, which the sandbox does not fulfil."""


def waits(things: Things) -> dict[str, dict[str, Any]]:
    """Waiter → what it waits for."""
    api, ids = things.api, things.ids
    subnet, peering = ids["SubnetId"], ids["VpcPeeringConnectionId"]
    volume, gone = (api.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"] for _ in range(2))
    api.attach_volume(VolumeId=volume, InstanceId=ids["InstanceId"], Device="/dev/sdf")
    api.delete_volume(VolumeId=gone)
    gateway = api.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    api.delete_nat_gateway(NatGatewayId=gateway)
    vpc = api.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    deleted = api.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=ids["VpcId"])["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    api.delete_vpc_peering_connection(VpcPeeringConnectionId=deleted)
    connection = api.create_vpn_connection(Type="ipsec.1", CustomerGatewayId=ids["CustomerGatewayId"], VpnGatewayId=ids["VpnGatewayId"])
    closed = connection["VpnConnection"]["VpnConnectionId"]
    api.delete_vpn_connection(VpnConnectionId=closed)
    return {
        "customer_gateway_available": {"CustomerGatewayIds": [ids["CustomerGatewayId"]]},
        "image_available": {"ImageIds": [AMI]},
        "image_exists": {"ImageIds": [AMI]},
        "instance_exists": {"InstanceIds": [ids["InstanceId"]]},
        "instance_running": {"InstanceIds": [ids["InstanceId"]]},
        "instance_status_ok": {"InstanceIds": [ids["InstanceId"]]},
        "internet_gateway_exists": {"InternetGatewayIds": [ids["InternetGatewayId"]]},
        "key_pair_exists": {"KeyNames": [ids["KeyName"]]},
        "nat_gateway_available": {"NatGatewayIds": [ids["NatGatewayId"]]},
        "nat_gateway_deleted": {"NatGatewayIds": [gateway]},
        "network_interface_available": {"NetworkInterfaceIds": [ids["NetworkInterfaceId"]]},
        "security_group_exists": {"GroupIds": [ids["GroupId"]]},
        "snapshot_completed": {"SnapshotIds": [ids["SnapshotId"]]},
        "subnet_available": {"SubnetIds": [subnet]},
        "system_status_ok": {"InstanceIds": [ids["InstanceId"]]},
        "volume_available": {"VolumeIds": [ids["VolumeId"]]},
        "volume_deleted": {"VolumeIds": [gone]},
        "volume_in_use": {"VolumeIds": [volume]},
        "vpc_available": {"VpcIds": [ids["VpcId"]]},
        "vpc_exists": {"VpcIds": [ids["VpcId"]]},
        "vpc_peering_connection_deleted": {"VpcPeeringConnectionIds": [deleted]},
        "vpc_peering_connection_exists": {"VpcPeeringConnectionIds": [peering]},
        "vpn_connection_available": {"VpnConnectionIds": [ids["VpnConnectionId"]]},
        "vpn_connection_deleted": {"VpnConnectionIds": [closed]},
    }


def test_each_waiter_ends_when_it_is_so(virtual: VirtualSandbox, things: Things) -> None:
    api, failed = things.api, {}
    wanted = waits(things)
    virtual.run(130)
    for name, parameters in wanted.items():
        try:
            api.get_waiter(name).wait(**parameters, WaiterConfig=ONCE)
        except WaiterError as error:
            failed[name] = str(error.last_response)
    api.stop_instances(InstanceIds=[things.ids["InstanceId"]])
    virtual.run(5)
    api.get_waiter("instance_stopped").wait(InstanceIds=[things.ids["InstanceId"]], WaiterConfig=ONCE)
    api.terminate_instances(InstanceIds=[things.ids["InstanceId"]])
    virtual.run(5)
    api.get_waiter("instance_terminated").wait(InstanceIds=[things.ids["InstanceId"]], WaiterConfig=ONCE)
    assert failed == {}
    model = api._get_waiter_config()["waiters"]
    of_what_is_served = {xform_name(name) for name, config in model.items() if is_served(config["operation"])}
    assert of_what_is_served - NOT_MADE == {*wanted, "instance_stopped", "instance_terminated"}


def test_a_waiter_goes_on_while_it_is_not_so(virtual: VirtualSandbox) -> None:
    api = virtual.client("ec2")
    made = api.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        api.get_waiter("instance_running").wait(InstanceIds=[made], WaiterConfig=ONCE)
