"""Security groups: all rules of a request are answered, and the description of a rule that names another group is kept."""

import copy
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import GroupedSecurityRuleView, SecurityGroup, SecurityGroupRule
from moto.ec2.responses import EC2Response

from sandbox.aws.function_seams import wrap_function
from sandbox.aws.seams import replaces

ALL, ANY = "-1", -1  # protocols; ports, or types and codes of ICMP
DROPPED = "EC2-59: moto drops the description of a rule that names a group or a prefix list"


class SecurityGroups(EC2Backend):
    """The part of our backend that has security groups."""

    @replaces(why="SG-3: moto's default group does not admit its own members")
    def create_security_group(self, *args: Any, is_default: bool | None = None, **kwargs: Any) -> SecurityGroup:
        group = super().create_security_group(*args, is_default=is_default, **kwargs)
        if is_default:
            itself = {"GroupId": group.id, "UserId": self.account_id, "OwnerId": self.account_id}
            group.ingress_rules.append(SecurityGroupRule(self, ALL, group.id, None, None, {}, source_group=itself, is_egress=False))
        return group

    @replaces(why="SG-3: the groups of an instance are those of its primary interface")
    def modify_instance_security_groups(self, instance_id: str, new_group_id_list: list[str]) -> Any:
        instance = super().modify_instance_security_groups(instance_id, new_group_id_list)
        instance.nics[0]._group_set = [self.get_security_group_from_id(each) for each in new_group_id_list]
        return instance

    @replaces(why=DROPPED)
    def _iterate_security_rules(self, *args: Any, **kwargs: Any) -> Any:
        """The description is kept where moto keeps that of an address range; it is no part of what makes two rules the same."""
        *first, source_groups, prefix_lists = args
        first[2:4] = [ANY if port is None and first[0] != ALL else port for port in first[2:4]]  # a protocol without ports
        pairs = [({k: v for k, v in one.items() if k != "Description"}, one.get("Description")) for one in (*source_groups, *prefix_lists)]
        plain = [pair for pair, _ in pairs]
        told = iter([description for _, description in pairs])
        for rule in super()._iterate_security_rules(*first, plain[: len(source_groups)], plain[len(source_groups) :], **kwargs):
            if not rule.ip_range and (description := next(told)):
                rule.ip_range = {"Description": description}
            yield rule

    @replaces(why=DROPPED)
    def _sg_update_description(self, security_rule: SecurityGroupRule, rule: SecurityGroupRule) -> None:
        if rule.source_group or rule.prefix_list_id:
            rule.ip_range = dict(security_rule.ip_range)
            return
        super()._sg_update_description(security_rule, rule)


@wrap_function("moto.ec2.models.security_groups", "SecurityGroup._flattened_rules", why=DROPPED)
def flattened_rules(moto_s: Any, self: SecurityGroup, rules: list[SecurityGroupRule]) -> list[GroupedSecurityRuleView]:
    """moto gets copies whose group has its description."""
    shown = [copy.copy(rule) for rule in rules]
    for rule in shown:
        if rule.source_group and rule.description:
            rule.source_group = {**rule.source_group, "Description": rule.description}
    found: list[GroupedSecurityRuleView] = moto_s(self, shown)
    return found


class SecurityGroupResponse(EC2Response):
    """The part of our response class that has security groups."""

    @replaces(why="EC2-59: moto answers with the rules of the last permission")
    def authorize_security_group_ingress(self) -> ActionResult:
        return self._authorized(self.ec2_backend.authorize_security_group_ingress)

    @replaces(why="EC2-59: moto answers with the rules of the last permission")
    def authorize_security_group_egress(self) -> ActionResult:
        return self._authorized(self.ec2_backend.authorize_security_group_egress)

    def _authorized(self, authorize: Any) -> ActionResult:
        made = [rule for given in self._process_rules_from_querystring() for rule in authorize(**given)[0]]
        return ActionResult({"Return": True, "SecurityGroupRules": made})
