"""ELBv2's requests and responses where moto's differ from AWS's: parameters that moto ignores, responses that lack members."""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.elbv2.responses import ELBV2Response

from sandbox.aws.seams import replaces, swap_response
from sandbox.core.control import Scope
from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.api import pages
from sandbox.services.elbv2.api.validation import requests

WITH_TLS = ("application", "network")  # the types of load balancers that have SSL policies
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
    @replaces(why="ALB-12 to ALB-15: what holds for the requests of all operations is checked before any of them runs")
    def call_action(self) -> Any:
        operation = self._get_action()
        shape = get_service_model("elbv2").operation_model(operation).input_shape
        required = shape.required_members if shape else ()
        given: dict[str, Any] = self.params or {}
        self.params: dict[str, Any] = requests.completed(operation, given, required, Scope(self.current_account, self.region))
        return super().call_action()

    @replaces(why="moto ignores newer parameters")
    def create_load_balancer(self) -> Any:
        self._refuse("CustomerOwnedIpv4Pool", "EnablePrefixForIpv6SourceNat", "IpamPools", "MinimumLoadBalancerCapacity")
        return super().create_load_balancer()

    @replaces(why="moto ignores newer parameters")
    def create_target_group(self) -> Any:
        self._refuse("TargetControlPort")
        return super().create_target_group()

    # ---- describe ------------------------------------------------------------------------------------------------------------------------

    @replaces(why="ALB-13: moto's pages have 50 load balancers")
    def describe_load_balancers(self) -> Any:
        found = self.elbv2_backend.describe_load_balancers(self._get_param("LoadBalancerArns"), self._get_param("Names"))
        return self._page("LoadBalancers", found)

    @replaces(why="ALB-13: paging")
    def describe_target_groups(self) -> Any:
        arns, names = self._get_param("TargetGroupArns", []), self._get_param("Names", [])
        return self._page("TargetGroups", self.elbv2_backend.describe_target_groups(self._get_param("LoadBalancerArn"), arns, names))

    @replaces(why="ALB-13: paging")
    def describe_listeners(self) -> Any:
        arns = self._get_param("ListenerArns", [])
        return self._page("Listeners", self.elbv2_backend.describe_listeners(self._get_param("LoadBalancerArn"), arns))

    @replaces(why="ALB-13: moto's pages have 50 rules")
    def describe_rules(self) -> Any:
        return self._page("Rules", self.elbv2_backend.describe_rules(self._get_param("ListenerArn"), self._get_param("RuleArns")))

    @replaces(why="ALB-13: paging; ALB-10: SSLPolicyNotFound")
    def describe_ssl_policies(self) -> Any:
        names, kind = self._get_param("Names", []), self._get_param("LoadBalancerType")
        found = super().describe_ssl_policies().result["SslPolicies"]
        if len(found) < len(set(names)):
            raise errors.api_error("SSLPolicyNotFound", "One or more SSL policies not found")  # (U: the text)
        shown = [policy | {"SupportedLoadBalancerTypes": list(WITH_TLS)} for policy in found] if kind in (None, *WITH_TLS) else []
        return self._page("SslPolicies", shown)

    @replaces(why="moto ignores newer parameters")
    def set_security_groups(self) -> Any:
        self._refuse("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
        return super().set_security_groups()

    @replaces(why="moto ignores newer parameters")
    def set_subnets(self) -> Any:
        self._refuse("EnablePrefixForIpv6SourceNat")
        if self._get_param("IpAddressType", "ipv4") != "ipv4":
            raise errors.not_supported(f"A load balancer with IP address type '{self._get_param('IpAddressType')}'")
        return super().set_subnets()

    @replaces(why="moto ignores a matcher of gRPC codes")
    def modify_target_group(self) -> Any:
        if (self._get_param("Matcher") or {}).get("GrpcCode"):
            raise errors.not_supported("A matcher for gRPC codes")
        return super().modify_target_group()

    def _page(self, name: str, items: Any) -> Any:
        return ActionResult(pages.page(name, list(items), self._get_params()))

    @replaces(why="moto ignores MutualAuthentication")
    def create_listener(self) -> Any:
        self._refuse("MutualAuthentication")
        self._refuse_ssl_policy()
        return super().create_listener()

    @replaces(why="moto ignores MutualAuthentication")
    def modify_listener(self) -> Any:
        self._refuse("MutualAuthentication", "AlpnPolicy")
        self._refuse_ssl_policy()
        return super().modify_listener()

    def _refuse_ssl_policy(self) -> None:
        if self._get_param("SslPolicy") and self._get_param("Protocol", "HTTP") == "HTTP":
            raise errors.validation("An SSL policy cannot be specified for HTTP listeners")  # (U)

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

    @replaces(why="ALB-10; moto reports a reservation that nobody made")
    def describe_capacity_reservation(self) -> Any:
        self.elbv2_backend.find_load_balancer(self._get_param("LoadBalancerArn"))
        return ActionResult({"CapacityReservationState": []})

    @replaces(why="ALB-9: the quotas that we enforce")
    def describe_account_limits(self) -> Any:
        return self._page("Limits", [{"Name": name, "Max": str(limit)} for name, limit in LIMITS.items()])

    def _refuse(self, *names: str) -> None:
        for name in names:
            if self._get_param(name):
                raise errors.not_supported(f"The parameter {name}")
