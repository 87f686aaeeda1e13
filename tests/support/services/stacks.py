"""Stacks in a sandbox in virtual time: templates that stand for the usual ones, and what is seen of a stack."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.support.virtual import VirtualSandbox, virtual_sandbox

NETWORK = """
Description: a network
Parameters:
  Block: {Type: String, Default: 10.1.0.0/16}
  Name: {Type: String, Default: net}
Resources:
  Net:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: !Ref Block
      Tags: [{Key: Name, Value: !Ref Name}]
  Zone:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Net
      CidrBlock: !Select [0, !Cidr [!GetAtt Net.CidrBlock, 4, 8]]
      AvailabilityZone: !Select [0, !GetAZs ""]
  Gateway:
    Type: AWS::EC2::InternetGateway
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {VpcId: !Ref Net, InternetGatewayId: !Ref Gateway}
Outputs:
  NetId:
    Value: !Ref Net
    Export: {Name: !Sub "${AWS::StackName}-net"}
"""
BROKEN_SUBNET = """
  Broken:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Net, CidrBlock: 192.168.0.0/24}
"""


def with_broken_subnet(template: str = NETWORK) -> str:
    """A subnet outside the VPC's block: EC2 refuses it when the rest is made."""
    return template.replace("Outputs:", f"{BROKEN_SUBNET.strip(chr(10))}\nOutputs:")


@dataclass
class Stacks:
    """`cfn` is the client; `run` lets time pass until nothing is in progress."""

    sandbox: VirtualSandbox

    @property
    def cfn(self) -> Any:
        return self.sandbox.client("cloudformation")

    @property
    def ec2(self) -> Any:
        return self.sandbox.client("ec2")

    def create(self, name: str = "net", template: str = NETWORK, seconds: float = 60, **more: Any) -> str:
        stack_id = str(self.cfn.create_stack(StackName=name, TemplateBody=template, **more)["StackId"])
        self.sandbox.run(seconds)
        return stack_id

    def update(self, name: str = "net", template: str | None = None, seconds: float = 60, **more: Any) -> None:
        source = {"TemplateBody": template} if template else {"UsePreviousTemplate": True}
        self.cfn.update_stack(StackName=name, **source, **more)
        self.sandbox.run(seconds)

    def delete(self, name: str = "net", seconds: float = 60, **more: Any) -> None:
        self.cfn.delete_stack(StackName=name, **more)
        self.sandbox.run(seconds)

    def described(self, name: str = "net") -> dict[str, Any]:
        found: dict[str, Any] = self.cfn.describe_stacks(StackName=name)["Stacks"][0]
        return found

    def status(self, name: str = "net") -> tuple[str, str | None]:
        stack = self.described(name)
        return stack["StackStatus"], stack.get("StackStatusReason")

    def events(self, name: str = "net") -> list[tuple[str, str, str | None]]:
        """Logical id, status and reason, the oldest first."""
        found = self.cfn.describe_stack_events(StackName=name)["StackEvents"]
        return [(e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason")) for e in reversed(found)]

    def physical_ids(self, name: str = "net") -> dict[str, str]:
        found = self.cfn.list_stack_resources(StackName=name)["StackResourceSummaries"]
        return {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in found}

    def vpcs(self) -> list[str]:
        """The blocks of the VPCs that are not the default one."""
        return [vpc["CidrBlock"] for vpc in self.ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]


def make(**settings: Any) -> Stacks:
    return Stacks(virtual_sandbox(**settings))


def refusal(error: ClientError) -> tuple[str, str]:
    return error.response["Error"]["Code"], error.response["Error"]["Message"]
