"""Load balancing: LoadBalancer, TargetGroup, Listener, ListenerRule."""

from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Failed, InProgress, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, first, one, ready_or_gone, table
from sandbox.services.cloudformation.resources.parameters import Properties, changed, pick

NAME_LIMIT = 32
HEALTH_CHECK = (
    *("HealthCheckEnabled", "HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol"),
    *("HealthCheckTimeoutSeconds", "HealthyThresholdCount", "Matcher", "UnhealthyThresholdCount"),
)


class _Elbv2(Kind):
    """Its physical id is its ARN."""

    service, tagging = "elbv2", tags.ELBV2

    def attributes_of(self, call: Call, operation: str, wanted: Wanted, old: Properties, **identity: str) -> None:
        """Sends the property LoadBalancerAttributes or the like, when it differs: only what it names is changed."""
        (parameter,) = [name for name in self.properties if name.endswith("Attributes")]
        given = wanted.properties.get(parameter) or []
        if given and parameter in changed(old, wanted.properties):
            self.send(call, wanted, operation, {"Attributes": given}, **identity)


class LoadBalancer(_Elbv2):
    type_name, name_property = "AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"
    properties = table("Name Scheme Type", "IpAddressType LoadBalancerAttributes SecurityGroups SubnetMappings Subnets Tags")
    attributes = frozenset(
        {"LoadBalancerArn", "LoadBalancerName", "LoadBalancerFullName", "DNSName", "CanonicalHostedZoneID", "SecurityGroups"}
    )

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, NAME_LIMIT)
        self.refuse_existing(wanted, lambda name: call("elbv2", "describe_load_balancers", Names=[name])["LoadBalancers"])
        given = pick(wanted.properties, "Scheme", "Type", "IpAddressType", "SecurityGroups", "SubnetMappings", "Subnets")
        answer = self.send(call, wanted, "create_load_balancer", given, Name=name, Tags=tags.as_list(tags.merged(wanted)))
        return str(answer["LoadBalancers"][0]["LoadBalancerArn"])

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        self.attributes_of(call, "modify_load_balancer_attributes", wanted, {}, LoadBalancerArn=physical_id)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        differs = changed(old.properties, new.properties)
        steps = {
            "set_subnets": ("Subnets", "SubnetMappings"),
            "set_security_groups": ("SecurityGroups",),
            "set_ip_address_type": ("IpAddressType",),
        }
        for operation, names in steps.items():
            given = pick(new.properties, *names)
            if given and differs.intersection(names):
                self.send(call, new, operation, given, LoadBalancerArn=physical_id)
        self.attributes_of(call, "modify_load_balancer_attributes", new, old.properties, LoadBalancerArn=physical_id)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        self.seen(call, physical_id, old)  # DeleteLoadBalancer succeeds for one that does not exist
        call("elbv2", "delete_load_balancer", LoadBalancerArn=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = one(call("elbv2", "describe_load_balancers", LoadBalancerArns=[physical_id])["LoadBalancers"])
        if found["State"]["Code"] == "failed":
            return Failed(found["State"].get("Reason", ""))
        if found["State"]["Code"] == "provisioning":
            return InProgress()
        shown = pick(found, "LoadBalancerArn", "LoadBalancerName", "DNSName", CanonicalHostedZoneID="CanonicalHostedZoneId")
        full_name = {"LoadBalancerFullName": physical_id.partition(":loadbalancer/")[2]}
        return Ready(shown | full_name | {"SecurityGroups": found.get("SecurityGroups", [])})


class TargetGroup(_Elbv2):
    type_name, name_property = "AWS::ElasticLoadBalancingV2::TargetGroup", "Name"
    properties = table(
        "IpAddressType Name Port Protocol ProtocolVersion TargetType VpcId",
        " ".join((*HEALTH_CHECK, "Tags", "TargetGroupAttributes", "Targets")),
    )
    attributes = frozenset({"TargetGroupArn", "TargetGroupName", "TargetGroupFullName", "LoadBalancerArns"})

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, NAME_LIMIT)
        self.refuse_existing(wanted, lambda name: call("elbv2", "describe_target_groups", Names=[name])["TargetGroups"])
        fixed = ("IpAddressType", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId")
        given = pick(wanted.properties, *HEALTH_CHECK, *fixed)
        answer = self.send(call, wanted, "create_target_group", given, Name=name, Tags=tags.as_list(tags.merged(wanted)))
        return str(answer["TargetGroups"][0]["TargetGroupArn"])

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        self._rest(call, physical_id, wanted, {})

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if changed(old.properties, new.properties).intersection(HEALTH_CHECK):
            self.send(call, new, "modify_target_group", pick(new.properties, *HEALTH_CHECK), TargetGroupArn=physical_id)
        self._rest(call, physical_id, new, old.properties)

    def _rest(self, call: Call, physical_id: str, wanted: Wanted, old: Properties) -> None:
        self.attributes_of(call, "modify_target_group_attributes", wanted, old, TargetGroupArn=physical_id)
        before, after = (list(properties.get("Targets") or []) for properties in (old, wanted.properties))
        for operation, some, others in (("deregister_targets", before, after), ("register_targets", after, before)):
            if targets := [each for each in some if each not in others]:
                self.send(call, wanted, operation, {"Targets": targets}, TargetGroupArn=physical_id)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        self.seen(call, physical_id, old)  # DeleteTargetGroup succeeds for one that does not exist
        call("elbv2", "delete_target_group", TargetGroupArn=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = one(call("elbv2", "describe_target_groups", TargetGroupArns=[physical_id])["TargetGroups"])
        full_name = {"TargetGroupFullName": physical_id.rpartition(":")[2]}
        return Ready(pick(found, "TargetGroupArn", "TargetGroupName", "LoadBalancerArns") | full_name)


class Listener(_Elbv2):
    type_name = "AWS::ElasticLoadBalancingV2::Listener"
    properties = table("LoadBalancerArn", "AlpnPolicy Certificates DefaultActions ListenerAttributes Port Protocol SslPolicy Tags")
    required = frozenset({"LoadBalancerArn", "DefaultActions"})
    attributes = frozenset({"ListenerArn"})
    changeable = ("AlpnPolicy", "Certificates", "DefaultActions", "Port", "Protocol", "SslPolicy")

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "LoadBalancerArn", *self.changeable)
        answer = self.send(call, wanted, "create_listener", given, Tags=tags.as_list(tags.merged(wanted)))
        return str(answer["Listeners"][0]["ListenerArn"])

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        self.attributes_of(call, "modify_listener_attributes", wanted, {}, ListenerArn=physical_id)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if changed(old.properties, new.properties).intersection(self.changeable):
            self.send(call, new, "modify_listener", pick(new.properties, *self.changeable), ListenerArn=physical_id)
        self.attributes_of(call, "modify_listener_attributes", new, old.properties, ListenerArn=physical_id)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("elbv2", "delete_listener", ListenerArn=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = call("elbv2", "describe_listeners", ListenerArns=[physical_id])["Listeners"]
        return ready_or_gone(first(found), "ListenerArn")


class ListenerRule(_Elbv2):
    type_name = "AWS::ElasticLoadBalancingV2::ListenerRule"
    properties = table("ListenerArn", "Actions Conditions Priority Tags")
    required = frozenset({"Actions", "Conditions", "ListenerArn", "Priority"})
    attributes = frozenset({"RuleArn", "IsDefault"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "Actions", "Conditions", "ListenerArn", "Priority")
        answer = self.send(call, wanted, "create_rule", given, Tags=tags.as_list(tags.merged(wanted)))
        return str(answer["Rules"][0]["RuleArn"])

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        differs = changed(old.properties, new.properties)
        if "Priority" in differs:
            priorities = [{"RuleArn": physical_id, "Priority": new.properties["Priority"]}]
            self.send(call, new, "set_rule_priorities", {"RulePriorities": priorities})
        if differs & {"Actions", "Conditions"}:
            self.send(call, new, "modify_rule", pick(new.properties, "Actions", "Conditions"), RuleArn=physical_id)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("elbv2", "delete_rule", RuleArn=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        return ready_or_gone(first(call("elbv2", "describe_rules", RuleArns=[physical_id])["Rules"]), "RuleArn", "IsDefault")


TYPES = (LoadBalancer(), TargetGroup(), Listener(), ListenerRule())
