"""IAM: Role, InstanceProfile, Policy, ManagedPolicy."""

from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Gone, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, is_missing, ready_or_gone, table
from sandbox.services.cloudformation.resources.parameters import Properties, changed, document, pick, text

ROLE_LIMIT, PROFILE_LIMIT, POLICY_LIMIT = 64, 128, 128
MOST_VERSIONS = 5
NOUNS = {"Roles": "role", "Users": "user", "Groups": "group"}
"""The properties of a policy that name what it is for."""


class Role(Kind):
    """Ref is its name."""

    type_name, service, capability = "AWS::IAM::Role", "iam", "CAPABILITY_IAM"
    tagging, name_property = tags.iam("role", "RoleName"), "RoleName"
    properties = table(
        "Path RoleName",
        "AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration PermissionsBoundary Policies Tags",
    )
    required = frozenset({"AssumeRolePolicyDocument"})
    attributes = frozenset({"Arn", "RoleId"})

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, ROLE_LIMIT)
        given = pick(wanted.properties, "Path", "Description", "MaxSessionDuration", "PermissionsBoundary")
        given["AssumeRolePolicyDocument"] = document(wanted.properties["AssumeRolePolicyDocument"])
        self.send(call, wanted, "create_role", given, RoleName=name, Tags=tags.as_list(tags.merged(wanted)))
        return name

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        _change_policies(call, physical_id, {}, wanted.properties)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        differs, properties = changed(old.properties, new.properties), new.properties
        if "AssumeRolePolicyDocument" in differs:
            policy = document(properties["AssumeRolePolicyDocument"])
            call("iam", "update_assume_role_policy", RoleName=physical_id, PolicyDocument=policy)
        if differs & {"Description", "MaxSessionDuration"}:
            given = {"Description": "", "MaxSessionDuration": 3600} | pick(properties, "Description", "MaxSessionDuration")
            self.send(call, new, "update_role", given, RoleName=physical_id)
        if "PermissionsBoundary" in differs and (boundary := properties.get("PermissionsBoundary")):
            call("iam", "put_role_permissions_boundary", RoleName=physical_id, PermissionsBoundary=boundary)
        elif "PermissionsBoundary" in differs:
            call("iam", "delete_role_permissions_boundary", RoleName=physical_id)
        _change_policies(call, physical_id, old.properties, properties)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        _change_policies(call, physical_id, old.properties, {})
        call("iam", "delete_role", RoleName=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        return ready_or_gone(_role(call, physical_id), "Arn", "RoleId")


def _role(call: Call, name: str) -> dict[str, Any]:
    found: dict[str, Any] = call("iam", "get_role", RoleName=name)["Role"]
    return found


def _change_policies(call: Call, role: str, old: Properties, new: Properties) -> None:
    """The role's inline and managed policies, from those of the old properties to those of the new ones."""
    before, after = ({each["PolicyName"]: document(each["PolicyDocument"]) for each in p.get("Policies") or []} for p in (old, new))
    for name in before.keys() - after.keys():
        _unless_missing(call, "delete_role_policy", RoleName=role, PolicyName=name)
    for name, policy in after.items():
        if before.get(name) != policy:
            call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=policy)
    had, has = (list(p.get("ManagedPolicyArns") or []) for p in (old, new))
    _change_attachments(call, "role", role, had, has)


def _change_attachments(call: Call, noun: str, name: str, old: list[str], new: list[str]) -> None:
    who = {_parameter(noun): name}
    for policy in old:
        if policy not in new:
            _unless_missing(call, f"detach_{noun}_policy", PolicyArn=policy, **who)
    for policy in new:
        if policy not in old:
            call("iam", f"attach_{noun}_policy", PolicyArn=policy, **who)


def _parameter(noun: str) -> str:
    return f"{noun.capitalize()}Name"


def _unless_missing(call: Call, operation: str, **given: Any) -> None:
    try:
        call("iam", operation, **given)
    except ApiError as error:
        if not is_missing(error):
            raise


class InstanceProfile(Kind):
    """Ref is its name. It holds one role."""

    type_name, service, capability = "AWS::IAM::InstanceProfile", "iam", "CAPABILITY_IAM"
    name_property = "InstanceProfileName"
    properties = table("InstanceProfileName Path", "Roles")
    required = frozenset({"Roles"})
    attributes = frozenset({"Arn"})

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, PROFILE_LIMIT)
        given = pick(wanted.properties, "Path")
        self.send(call, wanted, "create_instance_profile", given, InstanceProfileName=name, Tags=tags.as_list(wanted.tags))
        return name

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        held = [role["RoleName"] for role in _profile(call, physical_id)["Roles"]]
        for role in wanted.properties["Roles"]:
            if role not in held:
                call("iam", "add_role_to_instance_profile", InstanceProfileName=physical_id, RoleName=role)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        self._empty(call, physical_id, [role for role in old.properties["Roles"] if role not in new.properties["Roles"]])
        self.complete(call, physical_id, new)

    def _empty(self, call: Call, physical_id: str, roles: list[str]) -> None:
        for role in roles:
            _unless_missing(call, "remove_role_from_instance_profile", InstanceProfileName=physical_id, RoleName=role)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        self._empty(call, physical_id, list(old.properties["Roles"]))
        call("iam", "delete_instance_profile", InstanceProfileName=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        return ready_or_gone(_profile(call, physical_id), "Arn")


def _profile(call: Call, name: str) -> dict[str, Any]:
    found: dict[str, Any] = call("iam", "get_instance_profile", InstanceProfileName=name)["InstanceProfile"]
    return found


class Policy(Kind):
    """An inline policy of roles, users and groups. Its physical id is a name that CloudFormation makes."""

    type_name, service, capability = "AWS::IAM::Policy", "iam", "CAPABILITY_IAM"
    properties = table(unchanged="Groups PolicyDocument PolicyName Roles Users")
    required = frozenset({"PolicyDocument", "PolicyName"})
    attributes = frozenset({"Id"})

    def make(self, call: Call, wanted: Wanted) -> str:
        policy = document(wanted.properties["PolicyDocument"])
        for noun, name in _holders(wanted.properties):
            given = {_parameter(noun): name, "PolicyName": text(wanted.properties["PolicyName"]), "PolicyDocument": policy}
            call("iam", f"put_{noun}_policy", **given)
        return wanted.generated_name(POLICY_LIMIT)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        renamed = text(old.properties["PolicyName"]) != text(new.properties["PolicyName"])
        kept = [] if renamed else _holders(new.properties)
        self._take(call, old, [holder for holder in _holders(old.properties) if holder not in kept])
        self.make(call, new)

    def delete(self, call: Call, physical_id: str, old: Wanted) -> Gone:
        self._take(call, old, _holders(old.properties))
        return Gone()

    def _take(self, call: Call, old: Wanted, holders: list[tuple[str, str]]) -> None:
        for noun, name in holders:
            given = {_parameter(noun): name, "PolicyName": text(old.properties["PolicyName"])}
            _unless_missing(call, f"delete_{noun}_policy", **given)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        for noun, name in _holders(wanted.properties):
            call("iam", f"get_{noun}_policy", **{_parameter(noun): name}, PolicyName=text(wanted.properties["PolicyName"]))
        return Ready({"Id": physical_id})


def _holders(properties: Properties) -> list[tuple[str, str]]:
    return [(noun, name) for listed, noun in NOUNS.items() for name in properties.get(listed) or []]


class ManagedPolicy(Kind):
    """Ref is its ARN."""

    type_name, service, capability = "AWS::IAM::ManagedPolicy", "iam", "CAPABILITY_IAM"
    name_property = "ManagedPolicyName"
    properties = table("Description ManagedPolicyName Path", "Groups PolicyDocument Roles Users")
    required = frozenset({"PolicyDocument"})
    attributes = frozenset({"PolicyArn", "PolicyId", "DefaultVersionId", "AttachmentCount", "IsAttachable"})

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, POLICY_LIMIT)
        given = pick(wanted.properties, "Description", "Path")
        policy = document(wanted.properties["PolicyDocument"])
        return str(self.send(call, wanted, "create_policy", given, PolicyName=name, PolicyDocument=policy)["Policy"]["Arn"])

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        self._attach(call, physical_id, {}, wanted.properties)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if "PolicyDocument" in changed(old.properties, new.properties):
            versions = _versions(call, physical_id)
            if len(versions) + 1 >= MOST_VERSIONS:
                call("iam", "delete_policy_version", PolicyArn=physical_id, VersionId=versions[0])
            policy = document(new.properties["PolicyDocument"])
            call("iam", "create_policy_version", PolicyArn=physical_id, PolicyDocument=policy, SetAsDefault=True)
        self._attach(call, physical_id, old.properties, new.properties)

    def _attach(self, call: Call, policy: str, old: Properties, new: Properties) -> None:
        before, after = _holders(old), _holders(new)
        for noun, name in dict.fromkeys((*before, *after)):
            had, has = ([policy] if (noun, name) in holders else [] for holders in (before, after))
            _change_attachments(call, noun, name, had, has)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        self._attach(call, physical_id, old.properties, {})
        for version in _versions(call, physical_id):
            call("iam", "delete_policy_version", PolicyArn=physical_id, VersionId=version)
        call("iam", "delete_policy", PolicyArn=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        return ready_or_gone(_policy(call, physical_id), "PolicyId", "DefaultVersionId", "AttachmentCount", "IsAttachable", PolicyArn="Arn")


def _policy(call: Call, policy_arn: str) -> dict[str, Any]:
    found: dict[str, Any] = call("iam", "get_policy", PolicyArn=policy_arn)["Policy"]
    return found


def _versions(call: Call, policy_arn: str) -> list[str]:
    """Those that are not the default one, oldest first."""
    found = call("iam", "list_policy_versions", PolicyArn=policy_arn)["Versions"]
    return sorted((each["VersionId"] for each in found if not each["IsDefaultVersion"]), key=lambda version: int(version[1:]))


TYPES = (Role(), InstanceProfile(), Policy(), ManagedPolicy())
