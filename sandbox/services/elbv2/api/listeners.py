"""The listener and rule part of the ELBv2 API. Extends moto's backend: requests are validated and completed with AWS's defaults, rules are
returned in order of priority.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.elbv2.exceptions import DuplicatePriorityError, PriorityInUseError
from moto.elbv2.models import FakeAction
from moto.moto_api._internal import mock_random

from sandbox.aws.seams import adds, replaces
from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.api.load_balancers import LoadBalancers
from sandbox.services.elbv2.api.validation import listener_attributes
from sandbox.services.elbv2.api.validation import listeners as listener_validation
from sandbox.services.elbv2.api.validation.listeners import within
from sandbox.services.elbv2.data import LISTENER_ATTRIBUTES
from sandbox.services.elbv2.decide.rules import forwarded

MOST_LISTENERS, MOST_RULES, MOST_GROUPS = 50, 100, 100  # ALB-9, for each load balancer
PROTOCOLS = ("HTTP", "HTTPS")


class Listeners(LoadBalancers):
    # ---- listeners -----------------------------------------------------------------------------------------------------------------

    @replaces(why="ALB-9, ALB-20: one listener per port, one default action, target groups of no other load balancer")
    def create_listener(  # noqa: PLR0913, PLR0917 - moto's signature
        self,
        load_balancer_arn: str,
        protocol: str,
        port: str,
        ssl_policy: str,
        certificate: str | None,
        actions: list[dict[str, Any]],
        alpn_policy: list[str] | None = None,
        tags: list[dict[str, str]] | None = None,
    ) -> Any:
        balancer = self.find_load_balancer(load_balancer_arn)
        if port is None:
            raise errors.validation("A listener port must be specified")
        number = within(port, "port", 1, 65535)
        _check_protocol(protocol, certificate, alpn_policy)
        if number in {listener.port for listener in balancer.listeners.values()}:
            raise errors.listener_exists(load_balancer_arn)
        if len(balancer.listeners) >= MOST_LISTENERS:
            raise errors.too_many("TooManyListeners", "listeners for a load balancer", MOST_LISTENERS)
        completed = self._actions(balancer, actions)
        listener = super().create_listener(load_balancer_arn, protocol, number, ssl_policy, certificate, completed, alpn_policy, tags)
        listener.ssl_policy = None  # only HTTPS listeners have one
        listener.attributes = {}
        default = next(rule for rule in listener.rules.values() if rule.is_default)
        default.arn = f"{listener.arn.replace(':listener/', ':listener-rule/')}/{mock_random.get_random_hex(16)}"  # ALB-4; moto's is id()
        self.refresh_associations()
        return listener

    @replaces(why="ALB-10: an unknown ARN is an error")
    def describe_listeners(self, load_balancer_arn: str | None, listener_arns: list[str]) -> list[Any]:
        if load_balancer_arn:
            return list(self.find_load_balancer(load_balancer_arn).listeners.values())
        return [self.find_listener(arn) for arn in listener_arns]

    @replaces(why="ALB-20: port and action are validated, moto accepts any")
    def modify_listener(
        self,
        arn: str,
        port: str | None = None,
        protocol: str | None = None,
        ssl_policy: str | None = None,
        certificates: list[dict[str, Any]] | None = None,
        actions: list[dict[str, Any]] | None = None,
    ) -> Any:
        listener = self.find_listener(arn)
        balancer = self.find_load_balancer(listener.load_balancer_arn)
        _check_protocol(protocol or listener.protocol, certificates, None)
        number = listener.port if port is None else within(port, "port", 1, 65535)
        if number in {other.port for other in balancer.listeners.values() if other is not listener}:
            raise errors.validation(f"Listener port '{number}' is already in use")
        new_actions = [FakeAction(action) for action in self._actions(balancer, actions)] if actions else listener.default_actions
        listener.port, listener.default_actions = number, new_actions
        next(rule for rule in listener.rules.values() if rule.is_default).actions = new_actions
        self.refresh_associations()
        return listener

    @replaces(why="the listener's target groups can be used by another load balancer")
    def delete_listener(self, listener_arn: str) -> Any:
        self.find_listener(listener_arn)
        listener = super().delete_listener(listener_arn)
        self.refresh_associations()
        return listener

    @replaces(why="ALB-17: with AWS's defaults")
    def describe_listener_attributes(self, listener_arn: str) -> dict[str, str]:
        return {**LISTENER_ATTRIBUTES, **self.find_listener(listener_arn).attributes}

    @replaces(why="ALB-17: every key and value is validated")
    def modify_listener_attributes(self, listener_arn: str, attrs: list[dict[str, str]]) -> dict[str, str]:
        listener = self.find_listener(listener_arn)
        listener.attributes.update(listener_attributes.attributes(attrs))
        return self.describe_listener_attributes(listener_arn)

    # ---- rules -----------------------------------------------------------------------------------------------------------------------

    @replaces(why="ALB-9, ALB-21, ALB-22: priorities, limits and conditions are validated")
    def create_rule(
        self,
        listener_arn: str,
        conditions: list[dict[str, Any]],
        priority: int,
        actions: list[dict[str, Any]],
        tags: list[dict[str, str]] | None = None,
    ) -> Any:
        listener = self.find_listener(listener_arn)
        balancer = self.find_load_balancer(listener.load_balancer_arn)
        number = within(priority, "priority", 1, listener_validation.HIGHEST_PRIORITY)
        if number in {rule.priority for rule in listener.rules.values()}:
            raise PriorityInUseError()
        completed = self._actions(balancer, actions)
        checked = listener_validation.conditions(conditions)
        if sum(not rule.is_default for each in balancer.listeners.values() for rule in each.rules.values()) >= MOST_RULES:
            raise errors.too_many("TooManyRules", "rules for a load balancer", MOST_RULES)
        rule = super().create_rule(listener_arn, [], number, completed, tags)
        rule.conditions = checked  # moto would check them by rules of its own
        self.refresh_associations()
        return rule

    @replaces(why="ALB-21: in order of priority, the default rule last; an unknown ARN is an error")
    def describe_rules(self, listener_arn: str | None, rule_arns: list[str] | None) -> list[Any]:
        if rule_arns and listener_arn is None:
            found = {rule.arn: rule for _, rule in self._rules()}
            if set(rule_arns) - set(found):
                raise errors.rule_not_found()
            return [found[arn] for arn in rule_arns]
        rules = super().describe_rules(listener_arn, rule_arns)
        return sorted(rules, key=lambda rule: (rule.is_default, 0 if rule.is_default else rule.priority))

    @replaces(why="the action is validated and its target groups are associated")
    def modify_rule(self, rule_arn: str, conditions: list[dict[str, Any]], actions: list[dict[str, Any]]) -> Any:
        listener, rule = self._rule(rule_arn)
        if not conditions and not actions:
            raise errors.validation("Either conditions or actions must be specified")
        if rule.is_default and conditions:
            raise errors.api_error("OperationNotPermitted", f"Default rule '{rule_arn}' cannot have conditions")  # (U)
        checked = listener_validation.conditions(conditions) if conditions else rule.conditions
        balancer = self.find_load_balancer(listener.load_balancer_arn)
        new_actions = [FakeAction(action) for action in self._actions(balancer, actions)] if actions else rule.actions
        rule.conditions, rule.actions = checked, new_actions
        if rule.is_default:
            listener.default_actions = new_actions
        self.refresh_associations()
        return rule

    @replaces(why="ALB-21: the default rule cannot be deleted; an unknown rule is an error")
    def delete_rule(self, arn: str) -> None:
        listener, rule = self._rule(arn)
        if rule.is_default:
            raise errors.api_error("OperationNotPermitted", f"Default rule '{arn}' cannot be deleted")  # (U: the text)
        listener.remove_rule(arn)
        self.refresh_associations()

    @replaces(why="ALB-21: rules may swap their priorities, the default rule has none")
    def set_rule_priorities(self, rule_priorities: list[dict[str, Any]]) -> list[Any]:
        priorities: dict[str, int] = {}
        for each in rule_priorities:
            number = within(each["Priority"], "rulePriorities.member.priority", 1, listener_validation.HIGHEST_PRIORITY)
            if number in priorities.values():
                raise DuplicatePriorityError(str(number))
            priorities[each["RuleArn"]] = number
        found = [self._rule(arn) for arn in priorities]
        for listener, rule in found:
            if rule.is_default:
                raise errors.api_error("OperationNotPermitted", f"Default rule '{rule.arn}' cannot have a priority")  # (U)
            others = {other.priority for other in listener.rules.values() if other.arn not in priorities}
            if priorities[rule.arn] in others:
                raise PriorityInUseError()
        for _, rule in found:
            rule.priority = priorities[rule.arn]
        return [rule for _, rule in found]

    # ---- refused -----------------------------------------------------------------------------------------------------------------------

    @replaces(why="not supported: HTTPS listeners")
    def add_listener_certificates(self, arn: str, certificates: list[dict[str, Any]]) -> list[str]:
        raise errors.not_supported("A certificate")

    # ---- lookups -----------------------------------------------------------------------------------------------------------------------

    @adds(why="ALB-10: ListenerNotFound")
    def find_listener(self, arn: str) -> Any:
        for balancer in self.load_balancers.values():
            if arn in balancer.listeners:
                return balancer.listeners[arn]
        raise errors.listener_not_found()

    def _rules(self) -> Iterator[tuple[Any, Any]]:
        for balancer in self.load_balancers.values():
            for listener in balancer.listeners.values():
                for rule in listener.rules.values():
                    yield listener, rule

    def _rule(self, arn: str) -> tuple[Any, Any]:
        found = next(((listener, rule) for listener, rule in self._rules() if rule.arn == arn), None)
        if found is None:
            raise errors.rule_not_found()
        return found

    def _actions(self, balancer: Any, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Validated and completed; every target group must exist and belong to no other load balancer (ALB-9, ALB-23)."""
        completed = listener_validation.actions(asked)
        groups = [self.find_target_group(arn) for action in completed for arn, _ in forwarded(action)]
        if taken := [group.arn for group in groups if set(group.load_balancer_arns) - {balancer.arn}]:
            raise errors.used_by_another(taken)
        for group in groups:
            if group.vpc_id != balancer.vpc_id:
                raise errors.configuration(f"Target group '{group.arn}' is not in the VPC of the load balancer '{balancer.arn}'")  # (U)
        in_use = {group.arn for group in self.target_groups.values() if balancer.arn in group.load_balancer_arns}
        if len(in_use | {group.arn for group in groups}) > MOST_GROUPS:
            raise errors.too_many("TooManyUniqueTargetGroupsPerLoadBalancer", "target groups for a load balancer", MOST_GROUPS)
        return completed


def _check_protocol(protocol: str | None, certificates: Any, alpn_policy: Sequence[str] | None) -> None:
    if protocol is None:
        raise errors.validation("A listener protocol must be specified")
    if protocol == "HTTPS":
        raise errors.not_supported("An HTTPS listener")
    if protocol not in PROTOCOLS:
        raise errors.validation(f"Listener protocol '{protocol}' must be one of '{', '.join(PROTOCOLS)}'")
    if certificates or alpn_policy:
        raise errors.validation("A certificate or an ALPN policy cannot be specified for HTTP listeners")  # (U)
