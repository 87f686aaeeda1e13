"""Security groups for tests that are about something else: the VPC's default group, which everything has that names none, admits all."""

from typing import Any

EVERYTHING = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


def admit_everything(ec2: Any) -> str:
    """Idempotent. `ec2`: a client. → id of the default VPC's default group."""
    [vpc] = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    of_vpc = {"Name": "vpc-id", "Values": [vpc["VpcId"]]}
    [group] = ec2.describe_security_groups(Filters=[of_vpc, {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
    if not any(one.get("CidrIp") == "0.0.0.0/0" for rule in group["IpPermissions"] for one in rule["IpRanges"]):
        ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=EVERYTHING)
    return str(group["GroupId"])
