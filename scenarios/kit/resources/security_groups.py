"""The two security groups of a service behind a load balancer (TUT-22, TUT-31): anyone reaches port 80 of the load balancer, and only the
load balancer reaches port 80 of the instances.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from scenarios.kit.stage import Stage


class ServiceGroups(NamedTuple):
    """Ids."""

    load_balancer: str
    instances: str


def create_groups(stage: Stage, vpc: str, *, load_balancer: str, instances: str, of: str) -> ServiceGroups:
    """By the names that the groups get. `of`: what they are of, for their descriptions."""
    everyone = _group(stage, vpc, load_balancer, of, {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]})
    only_from_it = _group(stage, vpc, instances, of, {"UserIdGroupPairs": [{"GroupId": everyone}]})
    return ServiceGroups(everyone, only_from_it)


def _group(stage: Stage, vpc: str, name: str, of: str, source: Mapping[str, Any]) -> str:
    """Allows port 80 from the source. → its id."""
    made = stage.step("ec2", "create_security_group", GroupName=name, Description=f"{name} of {of}", VpcId=vpc)
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **source}
    stage.step("ec2", "authorize_security_group_ingress", GroupId=made["GroupId"], IpPermissions=[permission])
    return str(made["GroupId"])
