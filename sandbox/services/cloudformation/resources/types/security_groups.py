"""Security groups and their rules: SecurityGroup, SecurityGroupIngress, SecurityGroupEgress."""

from collections.abc import Iterator
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Gone, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, first, ready_or_gone, table
from sandbox.services.cloudformation.resources.parameters import Properties, changed, pick
from sandbox.services.cloudformation.resources.types.vpc import ec2_filter

ALLOW_ALL = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
"""The egress rule of a group for which the template gives none."""
FRESH = {"SecurityGroupEgress": [ALLOW_ALL]}
"""The rules of a group that was just created."""
NAME_LIMIT = 255
RANGES = {"CidrIp": ("IpRanges", "CidrIp"), "CidrIpv6": ("Ipv6Ranges", "CidrIpv6")}
PREFIX_LISTS = ("SourcePrefixListId", "DestinationPrefixListId")
GROUPS = {
    "SourceSecurityGroupId": "GroupId",
    "DestinationSecurityGroupId": "GroupId",
    "SourceSecurityGroupName": "GroupName",
    "SourceSecurityGroupOwnerId": "UserId",
}


def permission(rule: Properties) -> dict[str, Any]:
    """A rule of a template as the API's IpPermission, which groups what a rule allows by its kind."""
    made = pick(rule, "IpProtocol", "FromPort", "ToPort")
    described = pick(rule, "Description")
    for name, (ranges, member) in RANGES.items():
        if name in rule:
            made[ranges] = [{member: rule[name]} | described]
    for name in PREFIX_LISTS:
        if name in rule:
            made["PrefixListIds"] = [{"PrefixListId": rule[name]} | described]
    if pair := {member: rule[name] for name, member in GROUPS.items() if name in rule}:
        made["UserIdGroupPairs"] = [pair | described]
    return made


def _steps(old: Properties, new: Properties) -> Iterator[tuple[str, list[Properties]]]:
    """Operations, each with the rules of its request, from the old rules to the new ones."""
    for kind, default in (("ingress", []), ("egress", [ALLOW_ALL])):
        before, after = (p.get(f"SecurityGroup{kind.capitalize()}", default) for p in (old, new))
        gone = [rule for rule in before if not _in(rule, after)]
        added = [rule for rule in after if not _in(rule, before)]
        told = [{"Description": ""} | rule for rule in after if _in(rule, before) and all(changed(rule, was) for was in before)]
        yield from (
            (operation, rules)
            for operation, rules in (
                (f"revoke_security_group_{kind}", gone),
                (f"authorize_security_group_{kind}", added),
                (f"update_security_group_rule_descriptions_{kind}", told),
            )
            if rules
        )


def _in(rule: Properties, rules: list[Properties]) -> bool:
    return any(not changed(_allowed(rule), _allowed(each)) for each in rules)


def _allowed(rule: Properties) -> dict[str, Any]:
    """A rule without its description: what makes it the same rule."""
    return {name: value for name, value in rule.items() if name != "Description"}


class SecurityGroup(Kind):
    type_name, service, tagging, name_property = "AWS::EC2::SecurityGroup", "ec2", tags.EC2, "GroupName"
    properties = table("GroupDescription GroupName VpcId", "SecurityGroupIngress SecurityGroupEgress Tags")
    required = frozenset({"GroupDescription"})
    attributes = frozenset({"GroupId", "Id", "VpcId"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "VpcId", Description="GroupDescription") | {"GroupName": self.name(wanted, NAME_LIMIT)}
        specification = tags.specification("security-group", wanted)
        return str(self.send(call, wanted, "create_security_group", given, TagSpecifications=specification)["GroupId"])

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        for operation, rules in _steps(FRESH, wanted.properties):
            self._send_rules(call, physical_id, wanted, operation, rules)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        for operation, rules in _steps(old.properties, new.properties):
            self._send_rules(call, physical_id, new, operation, rules)

    def _send_rules(self, call: Call, physical_id: str, wanted: Wanted, operation: str, rules: list[Properties]) -> None:
        given = {"IpPermissions": [permission(rule) for rule in rules]}
        self.send(call, wanted, operation, given, GroupId=physical_id)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ec2", "delete_security_group", GroupId=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = call("ec2", "describe_security_groups", GroupIds=[physical_id])["SecurityGroups"]
        return ready_or_gone(first(found), "GroupId", "VpcId", Id="GroupId")


class _Rule(Kind):
    """One rule of a group. Its physical id is the rule's."""

    service = "ec2"
    attributes = frozenset({"Id"})
    kind: str

    def make(self, call: Call, wanted: Wanted) -> str:
        given = self._group(call, wanted) | {"IpPermissions": [permission(wanted.properties)]}
        answer = self.send(call, wanted, f"authorize_security_group_{self.kind}", given)
        return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if changed(old.properties, new.properties):
            rule = {"IpPermissions": [permission({"Description": ""} | dict(new.properties))]}
            self.send(call, new, f"update_security_group_rule_descriptions_{self.kind}", self._group(call, new) | rule)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        group = self._group(call, old)
        self.send(call, old, f"revoke_security_group_{self.kind}", group | {"SecurityGroupRuleIds": [physical_id]})

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = call("ec2", "describe_security_group_rules", SecurityGroupRuleIds=[physical_id])["SecurityGroupRules"]
        return Ready({"Id": physical_id}) if found else Gone()

    def _group(self, call: Call, wanted: Wanted) -> dict[str, Any]:
        if group_id := wanted.properties.get("GroupId"):
            return {"GroupId": group_id}
        name = str(wanted.properties.get("GroupName", ""))
        found = first(call("ec2", "describe_security_groups", Filters=[ec2_filter("group-name", name)])["SecurityGroups"])
        if found is None:
            raise ApiError("InvalidGroup.NotFound", f"The security group '{name}' does not exist")
        return {"GroupId": found["GroupId"]}


class SecurityGroupIngress(_Rule):
    type_name, kind = "AWS::EC2::SecurityGroupIngress", "ingress"
    properties = table(
        "GroupId GroupName IpProtocol FromPort ToPort CidrIp CidrIpv6 SourcePrefixListId SourceSecurityGroupId SourceSecurityGroupName "
        "SourceSecurityGroupOwnerId",
        "Description",
    )
    required = frozenset({"IpProtocol"})


class SecurityGroupEgress(_Rule):
    type_name, kind = "AWS::EC2::SecurityGroupEgress", "egress"
    properties = table(
        "GroupId IpProtocol FromPort ToPort CidrIp CidrIpv6 DestinationPrefixListId DestinationSecurityGroupId", "Description"
    )
    required = frozenset({"GroupId", "IpProtocol"})


TYPES = (SecurityGroup(), SecurityGroupIngress(), SecurityGroupEgress())
