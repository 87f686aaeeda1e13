"""What the reference service's resources are called, and the value that says what was built."""

from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "scenario-"
GROUP, TEMPLATE = f"{PREFIX}asg", f"{PREFIX}template"
LOAD_BALANCER, TARGET_GROUP = f"{PREFIX}alb", f"{PREFIX}targets"
LB_SECURITY_GROUP, INSTANCE_SECURITY_GROUP = f"{PREFIX}alb", f"{PREFIX}instances"
IMAGE = "ami-0c047a86012500412"
INSTANCE_TYPE = "t2.micro"  # one vCPU


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The service that was built. `capacity` is that of one instance in requests per real second."""

    vpc: str
    subnets: Mapping[str, str]  # zone name → subnet id, for the zones of the group
    zone_ids: Mapping[str, str]  # zone name → zone id: "us-east-1a" → "use1-az6"
    target_group: str  # ARN
    load_balancer: str  # ARN
    url: str  # of the listener on this machine
    path: str  # of a client's request, which uses `burn` seconds of CPU time, and `cost` with all around it
    cost: float  # 1/capacity seconds of one instance
    burn: float
    capacity: float
    offered: float  # requests per real second

    @property
    def zones(self) -> tuple[str, ...]:
        return tuple(self.subnets)
