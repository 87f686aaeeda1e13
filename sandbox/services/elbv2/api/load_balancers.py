"""The load balancer part of the ELBv2 API: create, delete, attributes, subnets. Extends moto's backend.

A new load balancer is `provisioning` until the controller activates it (ALB-3), at the time stored in `balancer.sandbox`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.elbv2.models import AvailabilityZone

from sandbox.aws.backends import free_count
from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces
from sandbox.core.control import Scope
from sandbox.core.persisted import persisted
from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.api.target_groups import TargetGroups
from sandbox.services.elbv2.api.validation import load_balancers as load_balancer_validation
from sandbox.services.elbv2.state import access_logs, interfaces

MOST_LOAD_BALANCERS = 50  # ALB-9
LEAST_FREE = 8  # ALB-60: addresses of a subnet
TYPES = ("application", "network", "gateway")
SCHEMES = ("internet-facing", "internal")
HOSTED_ZONE_ID = "Z35SXDOTRQ7X7K"  # ALB-4, of us-east-1


@persisted("elbv2.BalancerExtra")
@dataclass
class BalancerExtra:
    """What we store on moto's load balancer object, as `.sandbox`."""

    active_from: datetime
    interfaces: dict[str, str] = field(default_factory=dict)  # subnet id → id of the network interface in it (state/interfaces.py)


class LoadBalancers(TargetGroups):
    @replaces(why="ALB-1 to ALB-9: subnets, names, defaults, idempotence, provisioning time")
    def create_load_balancer(  # noqa: PLR0913, PLR0917 - moto's signature
        self,
        name: str,
        security_groups: list[str],
        subnet_ids: list[str],
        subnet_mappings: list[dict[str, str]] | None = None,
        scheme: str | None = None,
        loadbalancer_type: str | None = None,
        ip_address_type: str = "ipv4",
        tags: list[dict[str, str]] | None = None,
    ) -> Any:
        scheme = scheme or "internet-facing"
        load_balancer_validation.name(name)
        _check_type(loadbalancer_type or "application", scheme, ip_address_type)
        subnets = self._subnets(subnet_ids, subnet_mappings or [])
        groups = self._security_groups(security_groups, subnets[0].vpc_id)
        settings = (scheme, {subnet.id for subnet in subnets}, set(groups))
        for balancer in self.load_balancers.values():
            if balancer.name == name:
                if (balancer.scheme, {subnet.id for subnet in balancer.subnets}, set(balancer.security_groups)) != settings:
                    raise errors.same_name("DuplicateLoadBalancerName", "load balancer", name)
                return balancer  # ALB-6
        if len(self.load_balancers) >= MOST_LOAD_BALANCERS:
            raise errors.too_many("TooManyLoadBalancers", "load balancers", MOST_LOAD_BALANCERS)
        self._check_space(subnets)
        balancer = super().create_load_balancer(
            name, groups, [subnet.id for subnet in subnets], None, scheme, "application", ip_address_type, tags
        )
        return self._complete(balancer)

    def _complete(self, balancer: Any) -> Any:
        prefix = "internal-" if balancer.scheme == "internal" else ""  # ALB-4
        host = f"{prefix}{balancer.name}-{context().random.randrange(10**9, 2**31)}"
        balancer.dns_name = f"{host}.{self.region_name}.{context().settings.dns_suffix}"
        balancer.canonical_hosted_zone_id = HOSTED_ZONE_ID
        balancer.attrs = dict(load_balancer_validation.ATTRIBUTES)
        provisioning_time = timedelta(seconds=context().settings.lb_provisioning_seconds)
        balancer.sandbox = BalancerExtra(active_from=context().clock.now() + provisioning_time)
        interfaces.settle(self.ec2_backend, balancer)
        return balancer

    @replaces(why="ALB-3: describing does not end the provisioning; an unknown name or ARN is an error")
    def describe_load_balancers(self, arns: list[str] | None, names: list[str] | None) -> list[Any]:
        balancers = list(self.load_balancers.values())
        if not arns and not names:
            return balancers
        found = [balancer for balancer in balancers if balancer.arn in (arns or ()) or balancer.name in (names or ())]
        missing = {*(arns or ())} - {b.arn for b in found} | {*(names or ())} - {b.name for b in found}
        if missing:
            raise errors.load_balancer_not_found()
        return found

    @replaces(why="ALB-8: deletion protection; the load balancer's target groups can be used by another one")
    def delete_load_balancer(self, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        if balancer and balancer.attrs["deletion_protection.enabled"] == "true":
            raise errors.deletion_protected(arn)
        super().delete_load_balancer(arn)
        if balancer:
            interfaces.remove(self.ec2_backend, balancer)
        self.tagging_service.delete_all_tags_for_resource(arn)
        self.refresh_associations()

    @replaces(why="ALB-7: every key and value is validated")
    def modify_load_balancer_attributes(self, arn: str, attrs: dict[str, Any]) -> dict[str, Any]:
        balancer = self.find_load_balancer(arn)
        changes = load_balancer_validation.attributes(attrs, balancer.attrs)
        if any(key.startswith("access_logs.s3.") for key in changes):
            self._check_bucket(balancer, {**balancer.attrs, **changes})
        balancer.attrs.update(changes)
        return self.describe_load_balancer_attributes(arn)

    @replaces(why="ALB-7: with AWS's defaults, also for what a load balancer of an earlier release lacks")
    def describe_load_balancer_attributes(self, arn: str) -> dict[str, Any]:
        return {**load_balancer_validation.ATTRIBUTES, **self.find_load_balancer(arn).attrs}

    @replaces(why="ALB-1: the same validation as at creation")
    def set_subnets(self, arn: str, subnets: list[str], subnet_mappings: list[dict[str, Any]]) -> list[Any]:
        balancer = self.find_load_balancer(arn)
        found = self._subnets(subnets, subnet_mappings)
        if found[0].vpc_id != balancer.vpc_id:
            raise errors.configuration(f"The subnets must belong to the VPC of the load balancer: {balancer.vpc_id}")  # (U)
        self._check_space([subnet for subnet in found if subnet not in balancer.subnets])
        balancer.subnets = found
        interfaces.settle(self.ec2_backend, balancer)
        return [AvailabilityZone(subnet) for subnet in found]

    @replaces(why="ALB-10: the groups must exist, in the load balancer's VPC")
    def set_security_groups(self, arn: str, sec_groups: list[str]) -> None:
        balancer = self.find_load_balancer(arn)
        balancer.security_groups = self._security_groups(sec_groups, balancer.vpc_id)
        interfaces.settle(self.ec2_backend, balancer)

    @replaces(why="the sandbox has no IPv6")
    def set_ip_address_type(self, arn: str, ip_type: str) -> None:
        balancer = self.find_load_balancer(arn)
        _check_type("application", balancer.scheme, ip_type)
        balancer.ip_address_type = ip_type

    def _check_bucket(self, balancer: Any, attributes: Mapping[str, str]) -> None:
        """LBM-7: a load balancer writes a test file before access logs are switched on."""
        if attributes["access_logs.s3.enabled"] != "true":
            return
        bucket, prefix = attributes["access_logs.s3.bucket"], attributes["access_logs.s3.prefix"]
        if access_logs.write_test_file(Scope(self.account_id, self.region_name), bucket, prefix, balancer.name) is not None:
            raise errors.bucket_denied(bucket)

    # ---- lookups -----------------------------------------------------------------------------------------------------------------------

    @adds(why="ALB-10: LoadBalancerNotFound")
    def find_load_balancer(self, arn: str) -> Any:
        try:
            return self.load_balancers[arn]
        except KeyError:
            raise errors.load_balancer_not_found() from None

    @adds(why="TargetGroup.LoadBalancerArns follows the listeners: moto only appends to it")
    def refresh_associations(self) -> None:
        for group in self.target_groups.values():
            group.load_balancer_arns = [balancer.arn for balancer in self.balancers_using(group.arn)]

    def _subnets(self, ids: Sequence[str], mappings: Sequence[dict[str, Any]]) -> list[Any]:
        for mapping in mappings:
            if set(mapping) - {"SubnetId"}:
                raise errors.not_supported("A subnet mapping with an address")
        found = [self._subnet(subnet_id) for subnet_id in [*ids, *(mapping["SubnetId"] for mapping in mappings)]]
        load_balancer_validation.subnets([subnet.availability_zone for subnet in found], [subnet.vpc_id for subnet in found])
        return found

    @staticmethod
    def _check_space(subnets: Sequence[Any]) -> None:
        """ALB-60."""
        for subnet in subnets:
            if free_count(subnet) < LEAST_FREE:
                raise errors.no_space(subnet.id, LEAST_FREE)

    def _subnet(self, subnet_id: str) -> Any:
        try:
            return self.ec2_backend.get_subnet(subnet_id)
        except InvalidSubnetIdError:
            raise errors.subnet_not_found(subnet_id) from None

    def _security_groups(self, ids: Sequence[str], vpc_id: str) -> list[str]:
        """ALB-2: the VPC's default group when the request names none."""
        if not ids:
            return [self.ec2_backend.get_default_security_group(vpc_id).id]
        for each in ids:
            group = self.ec2_backend.get_security_group_from_id(each)
            if group is None:
                raise errors.api_error("InvalidSecurityGroup", "One or more security groups are invalid")
            if group.vpc_id != vpc_id:
                raise errors.configuration(f"Security group '{each}' does not belong to VPC '{vpc_id}'")
        return list(ids)


def _check_type(balancer_type: str, scheme: str, ip_address_type: str) -> None:
    if balancer_type not in TYPES:
        raise errors.not_one_of(balancer_type, "type", TYPES)
    if balancer_type != "application":
        raise errors.not_supported(f"A load balancer of type '{balancer_type}'")
    if scheme not in SCHEMES:
        raise errors.not_one_of(scheme, "scheme", SCHEMES)
    if ip_address_type not in ("ipv4", "dualstack", "dualstack-without-public-ipv4"):
        raise errors.not_one_of(ip_address_type, "ipAddressType", ("ipv4", "dualstack", "dualstack-without-public-ipv4"))
    if ip_address_type != "ipv4":
        raise errors.not_supported(f"A load balancer with IP address type '{ip_address_type}'")
