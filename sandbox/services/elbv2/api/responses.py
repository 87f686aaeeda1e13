"""ELBv2's requests and responses where moto's differ from AWS's: parameters that moto ignores, responses that lack members."""

from collections.abc import Collection
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult
from moto.elbv2.responses import ELBV2Response

from sandbox.aws.seams import replaces, swap_response
from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.api.validation.listeners import within

LARGEST_PAGE = 400
LIMITS = {  # ALB-9
    "application-load-balancers": 50,
    "target-groups": 3000,
    "targets-per-application-load-balancer": 1000,
    "listeners-per-application-load-balancer": 50,
    "rules-per-application-load-balancer": 100,
    "certificates-per-application-load-balancer": 25,
    "target-groups-per-application-load-balancer": 100,
    "target-groups-per-action-on-application-load-balancer": 5,
    "condition-values-per-alb-rule": 5,
    "condition-wildcards-per-alb-rule": 5,
}


@swap_response("elbv2")
class SandboxELBv2Response(ELBV2Response):
    @replaces(why="moto ignores newer parameters")
    def create_load_balancer(self) -> Any:
        self._refuse("CustomerOwnedIpv4Pool", "EnablePrefixForIpv6SourceNat", "IpamPools", "MinimumLoadBalancerCapacity")
        return super().create_load_balancer()

    @replaces(why="moto ignores newer parameters")
    def create_target_group(self) -> Any:
        self._refuse("TargetControlPort")
        return super().create_target_group()

    @replaces(why="an invalid PageSize or Marker: moto fails with an internal error")
    def describe_load_balancers(self) -> Any:
        self._check_page({balancer.name for balancer in self.elbv2_backend.load_balancers.values()})
        return super().describe_load_balancers()

    @replaces(why="an invalid PageSize or Marker: moto fails with an internal error")
    def describe_rules(self) -> Any:
        self._check_page({rule.arn for rule in self.elbv2_backend.describe_rules(self._get_param("ListenerArn"), None)})
        return super().describe_rules()

    def _check_page(self, markers: Collection[str]) -> None:
        within(self._get_param("PageSize", LARGEST_PAGE), "pageSize", 1, LARGEST_PAGE)
        marker = self._get_param("Marker")
        if marker and marker not in markers:
            raise errors.wrong_marker(marker)

    @replaces(why="moto ignores MutualAuthentication")
    def create_listener(self) -> Any:
        self._refuse("MutualAuthentication")
        return super().create_listener()

    @replaces(why="moto ignores MutualAuthentication")
    def modify_listener(self) -> Any:
        self._refuse("MutualAuthentication", "AlpnPolicy")
        return super().modify_listener()

    @replaces(why="moto ignores Transforms")
    def create_rule(self) -> Any:
        self._refuse("Transforms")
        return super().create_rule()

    @replaces(why="moto ignores Transforms")
    def modify_rule(self) -> Any:
        self._refuse("Transforms", "ResetTransforms")
        return super().modify_rule()

    @replaces(why="AWS returns all attributes, moto those of the request")
    def modify_target_group_attributes(self) -> Any:
        super().modify_target_group_attributes()
        return self.describe_target_group_attributes()

    @replaces(why="TG-16: AnomalyDetection when the request includes it")
    def describe_target_health(self) -> Any:
        include = self._get_param("Include", [])
        with_anomaly = "AnomalyDetection" in include or "All" in include
        targets = self._get_param("Targets", [])
        found = self.elbv2_backend.describe_target_health(self._get_param("TargetGroupArn"), targets, with_anomaly)
        return ActionResult({"TargetHealthDescriptions": found})

    @replaces(why="ALB-9: the quotas that we enforce")
    def describe_account_limits(self) -> Any:
        return ActionResult({"Limits": [{"Name": name, "Max": str(limit)} for name, limit in LIMITS.items()]})

    def _refuse(self, *names: str) -> None:
        for name in names:
            if self._get_param(name):
                raise errors.not_supported(f"The parameter {name}")
