"""ELBv2 through its API: boto3 in process; instances, prober and proxy in virtual time. Matcher and texts are AWS's."""

import pickle
from datetime import timedelta
from html import unescape

import pytest
from moto.elbv2.models import elbv2_backends

import sandbox.aws.environment  # noqa: F401 - before moto
from sandbox.aws.context import LOCK
from sandbox.aws.http.gateway import Gateway
from sandbox.core.events import Event
from sandbox.drivers.probe.simulated import SimulatedProber
from sandbox.drivers.proxy.simulated import SimulatedProxy
from sandbox.drivers.world import App
from sandbox.engine import Engine
from sandbox.services.ec2.api import assembly as _ec2  # noqa: F401 - declares its seams
from sandbox.services.elbv2.routing_controller import ROUTING
from tests.support import rule
from tests.support.aws import request, signed
from tests.support.elb import FIXED, HERE, PROVISIONING, UNKNOWN_LB, UNKNOWN_TG, controllers_of, error_of

OWN_API = "the sandbox's API (SANDBOX_PORT)"


# ---- target health -----------------------------------------------------------------------------------------------------------------------


@rule("TG-12", "TG-15", "TG-16")
def test_a_registered_target_is_registering_then_healthy(elb):
    group, _ = elb.serving()
    instance = elb.instance()
    elb.register(group, instance)
    elb.wait(1)
    assert elb.described(group) == [
        {
            "Target": {"Id": instance, "Port": 80},
            "HealthCheckPort": "80",
            "TargetHealth": {
                "State": "initial",
                "Reason": "Elb.RegistrationInProgress",
                "Description": "Target registration is in progress",
            },
            "AdministrativeOverride": {
                "State": "no_override",
                "Reason": "AdministrativeOverride.NoOverride",
                "Description": "No override is currently active on target",
            },
        }
    ]
    elb.wait(2)
    assert elb.health(group) == {instance: ("healthy", None)}
    assert elb.recorded_states(instance) == ["initial", "healthy"]


@rule("TG-12", "TG-11")
def test_a_target_without_a_first_result_is_in_its_initial_checks(elb):
    group, _ = elb.serving()
    instance = elb.instance()
    elb.world.machine(instance).app = App.HANGING
    elb.register(group, instance)
    elb.wait(4)
    assert elb.health(group) == {instance: ("initial", "Elb.InitialHealthChecking")}


@rule("TG-14", "TG-35")
def test_a_dead_application_is_unhealthy_within_65_seconds_and_receives_no_more_requests(elb):
    group, listener = elb.serving()
    first, second = elb.instance(), elb.instance(1)
    elb.register(group, first, second)
    elb.wait(3)
    died = elb.clock.now()
    elb.world.machine(first).app = App.HANGING
    while elb.health(group)[first][0] == "healthy":
        elb.wait(1)
    assert timedelta(seconds=35) <= elb.clock.now() - died <= timedelta(seconds=66)
    assert elb.health(group) == {first: ("unhealthy", "Target.Timeout"), second: ("healthy", None)}
    assert {elb.proxy.request(listener).target_id for _ in range(10)} == {second}


@rule("TG-35", "ALB-46", "ALB-45")
def test_when_no_target_is_healthy_all_receive_requests(elb):
    group, listener = elb.serving()
    first, second = elb.instance(), elb.instance(1)
    elb.register(group, first, second)
    for instance in (first, second):
        elb.world.machine(instance).status_code = 500
    elb.wait(40)
    assert elb.states(group) == ["unhealthy", "unhealthy"]
    assert {elb.proxy.request(listener).target_id for _ in range(4)} == {first, second}
    elb.world.machine(second).status_code = 200
    elb.wait(150)
    assert elb.health(group)[second][0] == "healthy"
    assert {elb.proxy.request(listener).target_id for _ in range(4)} == {second}


@rule("TG-11")
def test_the_codes_of_failed_checks_are_reported(elb):
    group, _ = elb.serving()
    instance = elb.instance()
    elb.world.machine(instance).status_code = 502
    elb.register(group, instance)
    elb.wait(40)
    assert elb.described(group)[0]["TargetHealth"] == {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [502]",
    }


@rule("TG-15", "TG-38")
def test_a_group_whose_only_target_is_being_registered_returns_503(elb):
    group, listener = elb.serving()
    assert elb.proxy.request(listener).status == 503
    elb.register(group, elb.instance())
    elb.wait(1)
    assert elb.proxy.request(listener).status == 503
    elb.wait(2)
    assert elb.proxy.request(listener).status == 200


@rule("TG-13", "TUT-30")
def test_a_group_that_no_listener_uses_is_unused_and_not_checked(elb):
    group = elb.group()
    instance = elb.instance()
    elb.world.machine(instance).app = App.DOWN
    elb.register(group, instance)
    elb.wait(100)
    assert elb.described(group)[0]["TargetHealth"] == {
        "State": "unused",
        "Reason": "Target.NotInUse",
        "Description": "Target group is not configured to receive traffic from the load balancer",
    }
    listener = elb.listener(elb.balancer(), group)
    elb.world.machine(instance).app = App.UP
    elb.wait(PROVISIONING + 3)
    assert elb.states(group) == ["healthy"]
    elb.api.delete_listener(ListenerArn=listener)
    elb.wait(1)
    assert elb.states(group) == ["unused"]
    assert elb.recorded_states(instance) == ["initial", "unused", "initial", "healthy", "unused"]


@rule("TG-13")
def test_a_target_in_a_zone_that_is_not_enabled_is_unused(elb):
    group, _ = elb.serving()
    elb.register(group, elb.instance(2))
    elb.wait(3)
    assert elb.described(group)[0]["TargetHealth"]["Description"] == (
        "Target is in an Availability Zone that is not enabled for the load balancer"
    )


@rule("TG-5")
def test_a_target_that_is_stopped_stays_registered_as_unused(elb):
    group, listener = elb.serving()
    instance = elb.instance()
    elb.register(group, instance)
    elb.wait(3)
    elb.set_state(instance, "stopped")
    elb.wait(1)
    assert elb.described(group)[0]["TargetHealth"] == {
        "State": "unused",
        "Reason": "Target.InvalidState",
        "Description": "Target is in the stopped state",
    }
    assert elb.proxy.request(listener).status == 503


@rule("TG-5")
def test_a_target_that_is_terminated_is_not_listed_and_draining_when_named(elb):
    group, listener = elb.serving()
    instance = elb.instance()
    elb.register(group, instance)
    elb.wait(3)
    elb.set_state(instance, "terminated")
    elb.wait(1)
    assert elb.described(group) == []
    assert elb.described(group, {"Id": instance})[0]["TargetHealth"] == {
        "State": "draining",
        "Reason": "Target.DeregistrationInProgress",
        "Description": "Target deregistration is in progress",
    }
    assert elb.proxy.request(listener).status == 503


@rule("ASG-70", "TG-20")
@pytest.mark.parametrize("state", ["stopped", "terminated"])
def test_a_target_whose_instance_is_gone_drains_as_well(elb, state):
    group, _ = elb.serving()
    instance = elb.instance()
    elb.register(group, instance)
    elb.wait(3)
    elb.set_state(instance, state)
    elb.wait(1)
    elb.api.deregister_targets(TargetGroupArn=group, Targets=[{"Id": instance}])
    assert elb.states(group) == ["draining"]
    elb.wait(301)
    assert elb.states(group) == []


@rule("TG-5")
def test_terminating_an_instance_by_the_api_does_not_deregister_it(elb):
    group, _ = elb.serving()
    instance = elb.instance()
    elb.register(group, instance)
    elb.wait(3)
    elb.ec2.terminate_instances(InstanceIds=[instance])
    assert list(elb.health(group)) == [instance]


@rule("TG-1")
def test_health_is_checked_on_the_port_and_path_of_the_group(elb):
    group, _ = elb.serving(HealthCheckPort="8080", HealthCheckPath="/health")
    instance = elb.instance(port=8080)
    elb.register(group, instance)
    elb.wait(3)
    found = elb.described(group)[0]
    assert (found["Target"]["Port"], found["HealthCheckPort"], found["TargetHealth"]["State"]) == (80, "8080", "healthy")


@rule("TG-4")
def test_one_instance_on_two_ports_is_two_targets(elb):
    group, _ = elb.serving()
    instance = elb.instance()
    elb.api.register_targets(TargetGroupArn=group, Targets=[{"Id": instance}, {"Id": instance, "Port": 8080}])
    elb.wait(40)
    found = {each["Target"]["Port"]: each["TargetHealth"]["State"] for each in elb.described(group)}
    assert found == {80: "healthy", 8080: "unhealthy"}
    elb.deregister(group, instance, Port=8080)
    assert [each["TargetHealth"]["State"] for each in elb.described(group)] == ["healthy", "draining"]


@rule("TG-16")
def test_an_unregistered_id_is_unused(elb):
    group = elb.group()
    assert elb.described(group, {"Id": "i-0123456789abcdef0"}) == [
        {
            "Target": {"Id": "i-0123456789abcdef0", "Port": 80},
            "HealthCheckPort": "80",
            "TargetHealth": {
                "State": "unused",
                "Reason": "Target.NotRegistered",
                "Description": "Target is not registered to the target group",
            },
        }
    ]


@rule("TG-16")
def test_anomaly_detection_is_reported_when_the_request_includes_it(elb):
    group, _ = elb.serving()
    elb.register(group, elb.instance())
    elb.wait(3)
    (found,) = elb.described(group, Include=["AnomalyDetection"])
    assert found["AnomalyDetection"] == {"Result": "normal", "MitigationInEffect": "no"}


@rule("TG-4")
def test_addresses_are_targets_of_an_ip_group(elb):
    group, _ = elb.serving(TargetType="ip")
    instance = elb.instance()
    address = elb.world.machine(instance).address
    elb.register(group, address)
    elb.api.register_targets(TargetGroupArn=group, Targets=[{"Id": "192.0.2.7", "AvailabilityZone": "all"}])
    elb.wait(50)
    found = {each["Target"]["Id"]: (each["Target"]["AvailabilityZone"], each["TargetHealth"]["State"]) for each in elb.described(group)}
    assert found == {address: ("us-east-1a", "healthy"), "192.0.2.7": ("all", "unhealthy")}


def test_one_refused_target_refuses_the_whole_call(elb):
    group, _ = elb.serving(TargetType="ip")
    targets = [{"Id": "127.0.0.1", "Port": port, "AvailabilityZone": "all"} for port in (5000, 4566)]
    assert error_of(elb.api.register_targets, TargetGroupArn=group, Targets=targets)[0] == "InvalidTarget"
    assert elb.described(group) == []


def test_a_program_of_the_user_on_this_machine_may_be_a_target(elb):
    group, _ = elb.serving(TargetType="ip")
    elb.register(group, "127.0.0.1", Port=5000, AvailabilityZone="all")
    elb.register(group, "127.0.0.2", Port=4566, AvailabilityZone="all")
    assert {each["Target"]["Port"] for each in elb.described(group)} == {5000, 4566}


def test_a_health_check_port_cannot_be_a_port_of_the_sandbox(elb):
    group, _ = elb.serving(TargetType="ip")
    elb.register(group, "127.0.0.1", Port=5000, AvailabilityZone="all")
    instances = elb.group("other")
    gone = elb.instance()
    elb.register(instances, gone)
    elb.set_state(gone, "terminated")
    code, text = error_of(elb.api.modify_target_group, TargetGroupArn=group, HealthCheckPort="4566", HealthCheckPath="/x")
    assert (code, text) == ("InvalidConfigurationRequest", f"Health check port '4566' is not valid: '127.0.0.1:4566' is {OWN_API}")
    found = elb.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    assert (found["HealthCheckPort"], found["HealthCheckPath"]) == ("traffic-port", "/")
    assert elb.api.modify_target_group(TargetGroupArn=instances, HealthCheckPort="4566")["TargetGroups"][0]["HealthCheckPort"] == "4566"


# ---- draining ----------------------------------------------------------------------------------------------------------------------------


@rule("TG-20")
def test_a_deregistered_target_drains_for_the_whole_delay(elb):
    group, listener = elb.serving()
    elb.api.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    )
    first, second = elb.instance(), elb.instance(1)
    elb.register(group, first, second)
    elb.wait(3)
    elb.deregister(group, first)
    assert elb.health(group)[first] == ("draining", "Target.DeregistrationInProgress")
    elb.wait(0.01)
    assert {elb.proxy.request(listener).target_id for _ in range(4)} == {second}
    elb.wait(29.9)
    assert elb.states(group) == ["draining", "healthy"]
    elb.wait(0.2)
    assert list(elb.health(group)) == [second]
    assert elb.described(group, {"Id": first})[0]["TargetHealth"]["Reason"] == "Target.NotRegistered"
    assert elb.recorded_states(first) == ["initial", "healthy", "draining", "unused"]


@rule("TG-20")
def test_without_a_delay_a_target_is_removed_at_once(elb):
    group, _ = elb.serving()
    elb.api.modify_target_group_attributes(TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}])
    instance = elb.instance()
    elb.register(group, instance)
    elb.wait(3)
    elb.deregister(group, instance)
    assert elb.described(group) == []


@rule("TG-21")
def test_registering_again_cancels_the_draining(elb):
    group, _ = elb.serving()
    instance = elb.instance()
    elb.register(group, instance)
    elb.wait(3)
    elb.deregister(group, instance)
    elb.wait(10)
    elb.register(group, instance)
    assert elb.health(group) == {instance: ("initial", "Elb.RegistrationInProgress")}
    elb.wait(3)
    assert elb.states(group) == ["healthy"]
    elb.wait(400)
    assert elb.states(group) == ["healthy"]


@rule("TG-4")
def test_deregistering_an_unknown_target_succeeds_and_registering_twice_changes_nothing(elb):
    group, _ = elb.serving()
    instance = elb.instance()
    elb.deregister(group, "i-0123456789abcdef0")
    elb.register(group, instance)
    elb.wait(3)
    elb.register(group, instance)
    assert elb.states(group) == ["healthy"]


# ---- restart -----------------------------------------------------------------------------------------------------------------------------


@rule("TG-12", "TG-20")
def test_health_and_draining_survive_a_restart(elb):
    group, listener = elb.serving()
    healthy, broken, leaving = elb.instance(), elb.instance(1), elb.instance()
    elb.world.machine(broken).app = App.DOWN
    elb.register(group, healthy, broken, leaving)
    elb.wait(40)
    elb.deregister(group, leaving)
    saved = pickle.dumps(elbv2_backends[HERE.account][HERE.region])
    before = elb.described(group)

    elbv2_backends[HERE.account][HERE.region] = pickle.loads(saved)
    elb.engine, elb.prober = Engine(elb.clock, elb.journal, LOCK), SimulatedProber(elb.world)
    elb.world.at, elb.proxy = elb.engine.at, SimulatedProxy(elb.world)
    elb.engine.add(controllers_of(elb))
    elb.engine.run_due()

    assert elb.described(group) == before
    assert elb.states(group) == ["healthy", "unhealthy", "draining"]
    assert {elb.proxy.request(listener).target_id for _ in range(4)} == {healthy}
    elb.wait(300)
    assert elb.states(group) == ["healthy", "unhealthy"]
    assert elb.recorded_states(healthy) == ["initial", "healthy"]


# ---- load balancers ----------------------------------------------------------------------------------------------------------------------


@rule("ALB-3", "ALB-4", "ALB-2")
def test_a_load_balancer_is_provisioning_first(elb):
    made = elb.api.create_load_balancer(Name="shop", Subnets=elb.subnet_ids())["LoadBalancers"][0]
    assert made["State"] == {"Code": "provisioning"}
    assert (made["Scheme"], made["Type"], made["IpAddressType"]) == ("internet-facing", "application", "ipv4")
    assert [zone["ZoneName"] for zone in made["AvailabilityZones"]] == ["us-east-1a", "us-east-1b"]
    (default,) = elb.ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    assert made["SecurityGroups"] == [default["GroupId"]]
    prefix, _, rest = made["DNSName"].partition(".")
    assert prefix.startswith("shop-") and prefix[5:].isdigit() and rest == "us-east-1.elb.localhost"
    elb.wait(PROVISIONING - 0.1)
    assert elb.api.describe_load_balancers()["LoadBalancers"][0]["State"]["Code"] == "provisioning"
    elb.wait(0.2)
    assert elb.api.describe_load_balancers(Names=["shop"])["LoadBalancers"][0]["State"]["Code"] == "active"


@rule("ALB-3")
def test_nothing_listens_while_it_is_provisioned(elb):
    group = elb.group()
    listener = elb.listener(elb.balancer(), group)
    elb.wait(1)
    with pytest.raises(KeyError, match="no listener"):
        elb.proxy.request(listener)
    elb.wait(PROVISIONING)
    assert elb.proxy.request(listener).status == 503


@rule("ALB-4")
def test_the_dns_name_of_an_internal_load_balancer_begins_with_internal(elb):
    made = elb.api.create_load_balancer(Name="shop", Subnets=elb.subnet_ids(), Scheme="internal")["LoadBalancers"][0]
    assert made["DNSName"].startswith("internal-shop-")


@rule("ALB-6")
def test_the_same_request_returns_the_same_load_balancer_and_target_group(elb):
    assert elb.balancer() == elb.balancer()
    assert elb.group() == elb.group()
    assert error_of(elb.balancer, Scheme="internal") == (
        "DuplicateLoadBalancerName",
        "A load balancer with the same name 'shop' exists, but with different settings",
    )
    assert error_of(elb.group, Port=8080) == (
        "DuplicateTargetGroupName",
        "A target group with the same name 'web' exists, but with different settings",
    )


@rule("ALB-8")
def test_a_protected_load_balancer_is_not_deleted_and_deleting_one_keeps_its_target_groups(elb):
    group = elb.group()
    balancer = elb.balancer()
    elb.listener(balancer, group)
    elb.api.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}])
    assert error_of(elb.api.delete_load_balancer, LoadBalancerArn=balancer) == (
        "OperationNotPermitted",
        f"Load balancer '{balancer}' cannot be deleted because deletion protection is enabled",
    )
    elb.api.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}])
    elb.api.delete_load_balancer(LoadBalancerArn=balancer)
    elb.api.delete_load_balancer(LoadBalancerArn=balancer)  # again: no error
    (left,) = elb.api.describe_target_groups()["TargetGroups"]
    assert left.get("LoadBalancerArns", []) == []
    assert elb.api.describe_load_balancers()["LoadBalancers"] == []


@rule("ALB-7")
def test_attributes_have_aws_defaults_and_the_supported_ones_can_be_changed(elb):
    balancer = elb.balancer()
    elb.api.modify_load_balancer_attributes(
        LoadBalancerArn=balancer,
        Attributes=[
            {"Key": "idle_timeout.timeout_seconds", "Value": "5"},
            {"Key": "routing.http.xff_header_processing.mode", "Value": "preserve"},
        ],
    )
    found = {a["Key"]: a["Value"] for a in elb.api.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]}
    assert found["idle_timeout.timeout_seconds"] == "5"
    assert found["routing.http.xff_header_processing.mode"] == "preserve"
    assert found["client_keep_alive.seconds"] == "3600"
    assert found["load_balancing.cross_zone.enabled"] == "true"


# ---- listeners and rules -----------------------------------------------------------------------------------------------------------------


@rule("ALB-21", "ALB-22")
def test_rules_are_evaluated_by_priority_and_the_default_last(elb):
    _, listener = elb.serving()
    for priority, path, status in ((20, "/api/*", "402"), (10, "/api/v2/*", "403")):
        elb.api.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [path]}],
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status}}],
        )
    elb.wait(1)
    assert [elb.proxy.request(listener, path=path).status for path in ("/api/v2/x", "/api/v1/x", "/")] == [403, 402, 503]
    found = elb.api.describe_rules(ListenerArn=listener)["Rules"]
    assert [(each["Priority"], each["IsDefault"]) for each in found] == [("10", False), ("20", False), ("default", True)]
    first, second = (each["RuleArn"] for each in found[:2])
    elb.api.set_rule_priorities(RulePriorities=[{"RuleArn": first, "Priority": 20}, {"RuleArn": second, "Priority": 10}])
    elb.wait(1)
    assert elb.proxy.request(listener, path="/api/v2/x").status == 402
    elb.api.delete_rule(RuleArn=second)
    elb.wait(1)
    assert elb.proxy.request(listener, path="/api/v2/x").status == 403


@rule("ALB-24", "ALB-9")
def test_a_weighted_forward_uses_several_groups(elb):
    groups = [elb.group(name) for name in ("blue", "green")]
    actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": g, "Weight": 1} for g in groups]}}]
    balancer = elb.balancer()
    listener = elb.listener(balancer, DefaultActions=actions)
    instances = [elb.instance(), elb.instance(1)]
    for group, instance in zip(groups, instances, strict=True):
        elb.register(group, instance)
    elb.wait(PROVISIONING + 4)
    assert {elb.proxy.request(listener).target_id for _ in range(40)} == set(instances)
    assert [group["LoadBalancerArns"] for group in elb.api.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]] == [
        [balancer],
        [balancer],
    ]


@rule("ALB-23", "ALB-25")
def test_actions_are_completed_with_aws_defaults(elb):
    group = elb.group()
    balancer = elb.balancer()
    forward = elb.api.describe_listeners(ListenerArns=[elb.listener(balancer, group)])["Listeners"][0]["DefaultActions"]
    config = {"TargetGroups": [{"TargetGroupArn": group, "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}}
    assert forward == [{"Type": "forward", "TargetGroupArn": group, "ForwardConfig": config}]
    asked = [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Port": "443", "Protocol": "HTTPS"}}]
    redirect = elb.api.describe_listeners(ListenerArns=[elb.listener(balancer, port=81, DefaultActions=asked)])["Listeners"][0]
    assert redirect["DefaultActions"][0]["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }


@rule("ALB-20")
def test_a_listener_can_be_modified(elb):
    group, listener = elb.serving()
    elb.api.modify_listener(ListenerArn=listener, Port=8000, DefaultActions=FIXED)
    elb.wait(1)
    assert elb.proxy.request(listener).status == 404
    assert elb.api.describe_listeners(ListenerArns=[listener])["Listeners"][0]["Port"] == 8000
    assert elb.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0].get("LoadBalancerArns", []) == []
    elb.api.delete_target_group(TargetGroupArn=group)


# ---- errors ------------------------------------------------------------------------------------------------------------------------------


def too_close(elb):
    subnet = elb.subnets(1)[0]
    block = f"{subnet['CidrBlock'].split('.')[0]}.{subnet['CidrBlock'].split('.')[1]}.240.0/24"
    other = elb.ec2.create_subnet(VpcId=elb.vpc, CidrBlock=block, AvailabilityZone=subnet["AvailabilityZone"])["Subnet"]
    return elb.balancer(Subnets=[subnet["SubnetId"], other["SubnetId"]])


def attribute(elb, key, value):
    elb.api.modify_target_group_attributes(TargetGroupArn=elb.group(), Attributes=[{"Key": key, "Value": value}])


def balancer_attribute(elb, key, value):
    elb.api.modify_load_balancer_attributes(LoadBalancerArn=elb.balancer(), Attributes=[{"Key": key, "Value": value}])


def make_rule(elb, priority=1, conditions=None, actions=None, **more):
    listener = elb.listener(elb.balancer())
    conditions = conditions or [{"Field": "path-pattern", "Values": ["/x"]}]
    elb.api.create_rule(ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=actions or FIXED, **more)
    return listener


def default_action(elb, action):
    elb.listener(elb.balancer(), DefaultActions=[action])


def constraint(value, member, text):
    return ("ValidationError", f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {text}")


AT_LEAST = "Member must have value greater than or equal to"
AT_MOST = "Member must have value less than or equal to"
LOOP = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}

ERRORS = {
    "one subnet": (
        lambda elb: elb.balancer(Subnets=elb.subnet_ids(1)),
        ("ValidationError", "At least two subnets in two different Availability Zones must be specified"),
    ),
    "two subnets of a zone": (
        too_close,
        ("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone"),
    ),
    "unknown subnet": (
        lambda elb: elb.balancer(Subnets=["subnet-12345", *elb.subnet_ids(1)]),
        ("SubnetNotFound", "The subnet ID 'subnet-12345' does not exist"),
    ),
    "unknown security group": (
        lambda elb: elb.balancer(SecurityGroups=["sg-0123456789abcdef0"]),
        ("InvalidSecurityGroup", "One or more security groups are invalid"),
    ),
    "long name": (
        lambda elb: elb.balancer("a" * 33),
        ("ValidationError", f"The load balancer name '{'a' * 33}' cannot be longer than '32' characters"),
    ),
    "internal name": (
        lambda elb: elb.balancer("internal-shop"),
        ("ValidationError", "The load balancer name 'internal-shop' cannot begin with 'internal-'"),
    ),
    "underscore": (
        lambda elb: elb.balancer("a_b"),
        (
            "ValidationError",
            "The load balancer name 'a_b' can only contain characters that are alphanumeric characters and hyphens(-)",
        ),
    ),
    "unknown load balancer": (
        lambda elb: elb.api.describe_load_balancers(Names=["none"]),
        ("LoadBalancerNotFound", "One or more load balancers not found"),
    ),
    "listener of an unknown load balancer": (
        lambda elb: elb.listener(UNKNOWN_LB),
        ("LoadBalancerNotFound", "One or more load balancers not found"),
    ),
    "unknown target group": (
        lambda elb: elb.described(UNKNOWN_TG),
        ("TargetGroupNotFound", "One or more target groups not found"),
    ),
    "forward to an unknown target group": (
        lambda elb: elb.listener(elb.balancer(), UNKNOWN_TG),
        ("TargetGroupNotFound", "One or more target groups not found"),
    ),
    "register in an unknown target group": (
        lambda elb: elb.register(UNKNOWN_TG, "i-1"),
        ("TargetGroupNotFound", "One or more target groups not found"),
    ),
    "unknown VPC": (lambda elb: elb.group(VpcId="vpc-12345"), ("ValidationError", "The VPC ID 'vpc-12345' is not found")),
    "port too high": (lambda elb: elb.listener(elb.balancer(), port=65536), constraint(65536, "port", f"{AT_MOST} 65535")),
    "TCP": (
        lambda elb: elb.listener(elb.balancer(), Protocol="TCP"),
        ("ValidationError", "Listener protocol 'TCP' must be one of 'HTTP, HTTPS'"),
    ),
    "redirect to itself": (
        lambda elb: default_action(elb, LOOP),
        ("InvalidLoadBalancerAction", "The redirect configuration is not valid because it creates a loop."),
    ),
    "redirect without configuration": (
        lambda elb: default_action(elb, {"Type": "redirect"}),
        ("InvalidLoadBalancerAction", "For actions of type 'redirect', you must specify the following fields: 'RedirectConfig'"),
    ),
    "content type": (
        lambda elb: default_action(
            elb, {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "image/png"}}
        ),
        (
            "InvalidLoadBalancerAction",
            "The ContentType must be one of:'text/html', 'application/json', 'application/javascript', 'text/css', 'text/plain'",
        ),
    ),
    "two actions": (
        lambda elb: elb.listener(elb.balancer(), DefaultActions=FIXED * 2),
        ("InvalidLoadBalancerAction", "A rule must have exactly one action of type forward, redirect or fixed-response"),
    ),
    "priority": (lambda elb: make_rule(elb, priority=50001), constraint(50001, "priority", f"{AT_MOST} 50000")),
    "condition field": (
        lambda elb: make_rule(elb, conditions=[{"Field": "cookie", "Values": ["x"]}]),
        (
            "ValidationError",
            "Condition field 'cookie' must be one of '[path-pattern,host-header,http-header,http-request-method,query-string,source-ip]'",
        ),
    ),
    "six values": (
        lambda elb: make_rule(elb, conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{n}" for n in range(6)]}}]),
        ("ValidationError", "A rule can only have '5' condition values"),
    ),
    "two paths": (
        lambda elb: make_rule(elb, conditions=[{"Field": "path-pattern", "Values": ["/x"]}] * 2),
        ("ValidationError", "A rule can only have one 'path-pattern' condition"),
    ),
    "no CIDR": (
        lambda elb: make_rule(elb, conditions=[{"Field": "source-ip", "SourceIpConfig": {"Values": ["here"]}}]),
        ("ValidationError", "The 'source-ip' value 'here' must be in CIDR format"),
    ),
    "interval": (
        lambda elb: elb.group(HealthCheckIntervalSeconds=301),
        constraint(301, "healthCheckIntervalSeconds", f"{AT_MOST} 300"),
    ),
    "timeout not below interval": (
        lambda elb: elb.group(HealthCheckIntervalSeconds=10, HealthCheckTimeoutSeconds=10),
        ("ValidationError", "Health check timeout '10' must be smaller than the interval '10'"),
    ),
    "threshold": (
        lambda elb: elb.group(HealthyThresholdCount=11),
        constraint(11, "healthyThresholdCount", f"{AT_MOST} 10"),
    ),
    "matcher": (
        lambda elb: elb.group(Matcher={"HttpCode": "200-599"}),
        ("ValidationError", "Health check matcher HTTP code '200-599' must be within '200-499' inclusive"),
    ),
    "health check path": (
        lambda elb: elb.group(HealthCheckPath="health"),
        ("ValidationError", "Health check path 'health' must begin with a '/' character"),
    ),
    "health check port": (
        lambda elb: elb.group(HealthCheckPort="web"),
        ("ValidationError", "Health check port 'web' must be 'traffic-port' or in the range '1-65535'"),
    ),
    "health checks off": (
        lambda elb: elb.group(HealthCheckEnabled=False),
        ("InvalidConfigurationRequest", "Health check enabled must be true for target groups with target type 'instance'"),
    ),
    "long target group name": (
        lambda elb: elb.group("a" * 33),
        ("ValidationError", f"Target group name '{'a' * 33}' cannot be longer than '32' characters"),
    ),
    "modified interval": (
        lambda elb: elb.api.modify_target_group(TargetGroupArn=elb.group(), HealthCheckTimeoutSeconds=30),
        ("ValidationError", "Health check timeout '30' must be smaller than the interval '30'"),
    ),
    "deregistration delay": (
        lambda elb: attribute(elb, "deregistration_delay.timeout_seconds", "3601"),
        ("ValidationError", "'deregistration_delay.timeout_seconds' value '3601' must be between '0-3600' inclusive"),
    ),
    "attribute key": (
        lambda elb: attribute(elb, "delay", "1"),
        ("ValidationError", "Target group attribute key 'delay' is not recognized"),
    ),
    "load balancer attribute key": (
        lambda elb: balancer_attribute(elb, "timeout", "1"),
        ("ValidationError", "Load balancer attribute key 'timeout' is not recognized"),
    ),
    "idle timeout": (
        lambda elb: balancer_attribute(elb, "idle_timeout.timeout_seconds", "4001"),
        ("ValidationError", "'idle_timeout.timeout_seconds' value '4001' must be between '1-4000' inclusive"),
    ),
    "unknown instance": (
        lambda elb: elb.register(elb.group(), "i-0123456789abcdef0"),
        ("InvalidTarget", "The following targets are not valid instances: 'i-0123456789abcdef0'"),
    ),
    "address in a group of instances": (
        lambda elb: elb.register(elb.group(), "10.0.0.1"),
        ("ValidationError", "Instance ID '10.0.0.1' is not valid"),
    ),
    "no address": (
        lambda elb: elb.register(elb.group(TargetType="ip"), "web.example"),
        ("ValidationError", "The IP address 'web.example' is not a valid IPv4 address"),
    ),
    "the API as a target": (
        lambda elb: elb.register(elb.group(TargetType="ip"), "127.0.0.1", Port=4566, AvailabilityZone="all"),
        ("InvalidTarget", f"The following targets are not valid: '127.0.0.1:4566' is {OWN_API}"),
    ),
    "the API as a target by the group's port": (
        lambda elb: elb.register(elb.group(TargetType="ip", Port=4566), "127.0.0.1", AvailabilityZone="all"),
        ("InvalidTarget", f"The following targets are not valid: '127.0.0.1:4566' is {OWN_API}"),
    ),
    "the API as a health check": (
        lambda elb: elb.register(elb.group(TargetType="ip", HealthCheckPort="4566"), "127.0.0.1", Port=5000, AvailabilityZone="all"),
        ("InvalidTarget", f"The following targets are not valid: '127.0.0.1:4566' is {OWN_API}"),
    ),
    "the front port as a target": (
        lambda elb: elb.register(elb.group(TargetType="ip"), "127.0.0.1", Port=8080, AvailabilityZone="all"),
        (
            "InvalidTarget",
            "The following targets are not valid: '127.0.0.1:8080' is the front port of the sandbox's load balancers (SANDBOX_FRONT_PORT)",
        ),
    ),
    "a listener as a target": (
        lambda elb: elb.register(elb.group(TargetType="ip"), "0.0.0.0", Port=8100, AvailabilityZone="all"),
        (
            "InvalidTarget",
            "The following targets are not valid: '0.0.0.0:8100' is a port for listeners of the sandbox's load balancers "
            "(SANDBOX_LISTENER_PORTS)",
        ),
    ),
    "an invalid marker of load balancers": (
        lambda elb: elb.api.describe_load_balancers(Marker="more"),
        ("ValidationError", "The marker 'more' is not valid"),
    ),
    "an invalid marker of rules": (
        lambda elb: elb.api.describe_rules(ListenerArn=elb.listener(elb.balancer()), Marker="more"),
        ("ValidationError", "The marker 'more' is not valid"),
    ),
    "unknown listener": (
        lambda elb: elb.api.delete_listener(ListenerArn=f"{UNKNOWN_LB.replace(':loadbalancer/', ':listener/')}/1"),
        ("ListenerNotFound", "One or more listeners not found"),
    ),
    "unknown rule": (
        lambda elb: elb.api.delete_rule(RuleArn=f"{UNKNOWN_LB.replace(':loadbalancer/', ':listener-rule/')}/1/2"),
        ("RuleNotFound", "One or more rules not found"),
    ),
}


RULES = {
    **dict.fromkeys(["one subnet", "two subnets of a zone"], rule("ALB-1")),
    **dict.fromkeys(["long name", "internal name", "underscore"], rule("ALB-5")),
    **dict.fromkeys(["load balancer attribute key", "idle timeout"], rule("ALB-7")),
    "six values": rule("ALB-9"),
    **dict.fromkeys(
        ["unknown load balancer", "unknown target group", "unknown listener", "unknown rule", "unknown subnet"], rule("ALB-10")
    ),
    **dict.fromkeys(["port too high", "TCP"], rule("ALB-20")),
    "priority": rule("ALB-21"),
    **dict.fromkeys(["condition field", "two paths", "no CIDR"], rule("ALB-22")),
    "two actions": rule("ALB-23"),
    "redirect to itself": rule("ALB-25"),
    "content type": rule("ALB-26"),
    **dict.fromkeys(["interval", "threshold", "matcher", "timeout not below interval"], rule("TG-1")),
    **dict.fromkeys(["deregistration delay", "attribute key"], rule("TG-3")),
    "unknown instance": rule("TG-4"),
}


@pytest.mark.parametrize("case", [pytest.param(case, marks=RULES.get(case, ())) for case in ERRORS])
def test_refused_with_the_code_and_the_text_of_aws(elb, case):
    call, expected = ERRORS[case]
    assert error_of(call, elb=elb) == expected


def test_a_page_has_at_least_one(elb):
    """botocore validates it in the client; other clients do not."""
    form = b"Action=DescribeLoadBalancers&Version=2015-12-01&PageSize=0"
    kind = "application/x-www-form-urlencoded"
    answer = request(Gateway(), "POST", "/", form, CONTENT_TYPE=kind, HTTP_AUTHORIZATION=signed("elasticloadbalancing"))
    assert (answer[0], f"<Message>{constraint('0', 'pageSize', f'{AT_LEAST} 1')[1]}</Message>" in unescape(answer[2].decode())) == (
        400,
        True,
    )


NOT_SUPPORTED = {
    "HTTPS": lambda elb: elb.listener(elb.balancer(), Protocol="HTTPS", Certificates=[{"CertificateArn": "arn:aws:acm:x:1:certificate/y"}]),
    "network": lambda elb: elb.balancer(Subnets=elb.subnet_ids(), Type="network"),
    "lambda": lambda elb: elb.api.create_target_group(Name="f", TargetType="lambda"),
    "TCP group": lambda elb: elb.group(Protocol="TCP"),
    "gRPC": lambda elb: elb.group(ProtocolVersion="GRPC"),
    "slow start": lambda elb: attribute(elb, "slow_start.duration_seconds", "30"),
    "connection log": lambda elb: balancer_attribute(elb, "connection_logs.s3.enabled", "true"),
    "health check log": lambda elb: balancer_attribute(elb, "health_check_logs.s3.enabled", "true"),
    "authenticate": lambda elb: default_action(elb, {"Type": "authenticate-cognito"}),
    "regular expression": lambda elb: make_rule(elb, conditions=[{"Field": "path-pattern", "RegexValues": ["^/x"]}]),
    "transforms": lambda elb: make_rule(elb, Transforms=[{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": []}}]),
    "anomaly mitigation": lambda elb: attribute(elb, "load_balancing.algorithm.anomaly_mitigation", "on"),
}


@pytest.mark.parametrize("case", NOT_SUPPORTED)
def test_what_the_sandbox_does_not_support_is_refused(elb, case):
    _, text = error_of(NOT_SUPPORTED[case], elb=elb)
    assert "not supported by the sandbox yet" in text
    assert elb.api.describe_listeners(LoadBalancerArn=elb.balancer("probe"))["Listeners"] == []


@rule("TG-4")
def test_the_error_names_all_instances_that_are_not_running_and_none_is_registered(elb):
    group = elb.group()
    running, first, second = elb.instance(), elb.instance(), elb.instance()
    for instance in (first, second):
        elb.set_state(instance, "stopped")
    assert error_of(elb.api.register_targets, TargetGroupArn=group, Targets=[{"Id": each} for each in (running, first, second)]) == (
        "InvalidTarget",
        f"The following targets are not in a running state and cannot be registered: '{first}', '{second}'",
    )
    assert elb.described(group) == []


@rule("ALB-20")
def test_two_listeners_cannot_share_a_port(elb):
    balancer = elb.balancer()
    elb.listener(balancer)
    assert error_of(elb.listener, balancer=balancer) == (
        "DuplicateListener",
        f"A listener already exists on this port for this load balancer '{balancer}'",
    )
    other = elb.listener(balancer, port=81)
    assert error_of(elb.api.modify_listener, ListenerArn=other, Port=80) == (
        "ValidationError",
        "Listener port '80' is already in use",
    )


@rule("ALB-21")
def test_priorities_are_unique_and_the_default_rule_cannot_be_deleted(elb):
    listener = make_rule(elb)
    conditions = [{"Field": "path-pattern", "Values": ["/y"]}]
    assert error_of(elb.api.create_rule, ListenerArn=listener, Priority=1, Conditions=conditions, Actions=FIXED) == (
        "PriorityInUse",
        "The specified priority is in use.",
    )
    default = elb.api.describe_rules(ListenerArn=listener)["Rules"][-1]["RuleArn"]
    assert error_of(elb.api.delete_rule, RuleArn=default) == ("OperationNotPermitted", f"Default rule '{default}' cannot be deleted")


@rule("ALB-9", "ALB-11")
def test_a_target_group_in_use_cannot_be_deleted_or_used_by_another_load_balancer(elb):
    group, _ = elb.serving()
    assert error_of(elb.listener, balancer=elb.balancer("other"), group=group) == (
        "TargetGroupAssociationLimit",
        f"The following target groups cannot be associated with more than one load balancer: {group}",
    )
    assert error_of(elb.api.delete_target_group, TargetGroupArn=group) == (
        "ResourceInUse",
        f"Target group '{group}' is currently in use by a listener or a rule",
    )


@rule("TG-3")
def test_target_group_attributes_have_aws_defaults(elb):
    group = elb.group()
    changed = elb.api.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"}]
    )
    found = {a["Key"]: a.get("Value") for a in changed["Attributes"]}
    assert found["load_balancing.algorithm.type"] == "least_outstanding_requests"
    assert found["deregistration_delay.timeout_seconds"] == "300"
    assert len(found) == 14


@rule("TG-1")
def test_health_check_settings_have_aws_defaults_and_can_be_modified(elb):
    group = elb.group()
    (made,) = elb.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    assert {key: value for key, value in made.items() if key.startswith(("Health", "Unhealthy", "Matcher"))} == {
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "HealthCheckPath": "/",
        "Matcher": {"HttpCode": "200"},
    }
    elb.api.modify_target_group(
        TargetGroupArn=group, HealthCheckIntervalSeconds=10, HealthyThresholdCount=2, Matcher={"HttpCode": "200-399"}
    )
    (now,) = elb.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    assert (now["HealthCheckIntervalSeconds"], now["HealthyThresholdCount"], now["Matcher"]) == (10, 2, {"HttpCode": "200-399"})
    assert (now["HealthCheckTimeoutSeconds"], now["HealthCheckPath"]) == (5, "/")


# ---- the controllers ---------------------------------------------------------------------------------------------------------------------


def test_a_change_of_health_updates_the_proxy_in_the_same_reconcile(elb):
    group, listener = elb.serving()
    first, second = elb.instance(), elb.instance(1)
    elb.register(group, first, second)
    elb.wait(3)
    elb.world.machine(first).status_code = 500
    applied = []
    apply = elb.proxy.apply
    elb.proxy.apply = lambda config: (applied.append(elb.clock.now()), apply(config))
    elb.wait(70)
    (unhealthy,) = [e for e in elb.journal.about(first) if e.detail.get("state") == "unhealthy"]
    assert applied == [unhealthy.at]
    assert {elb.proxy.request(listener).target_id for _ in range(4)} == {second}


def test_the_cause_of_a_failure_is_the_event_that_acted_on_the_instance(elb):
    group, _ = elb.serving()
    instance = elb.instance()
    elb.register(group, instance)
    elb.wait(3)
    fault = elb.journal.record(Event(source="sandbox.faults", detail_type="Fault", summary="the application dies", resources=(instance,)))
    elb.world.machine(instance).app = App.DOWN
    elb.journal.record(
        Event(source="aws.autoscaling", detail_type="Health verdict", summary="looks healthy", resources=(instance,), cause=fault.id)
    )
    elb.wait(70)
    dead = elb.journal.about(instance)[-1]
    assert [event.summary for event in elb.journal.chain(dead)] == [
        "the application dies",
        f"{instance}:80 in web is unhealthy: 2 health checks failed in a row (Target.FailedHealthChecks: connection refused)",
    ]
    healthy = next(event for event in elb.journal.about(instance) if event.detail.get("state") == "healthy")
    chain = [event.summary for event in elb.journal.chain(healthy)]
    assert "RegisterTargets" in chain[0]
    assert chain[1:] == [f"{instance}:80 in web is initial: registered", f"{instance}:80 in web is healthy: its first health check passed"]


def test_a_deleted_target_group_is_no_longer_reconciled(elb):
    group = elb.group()
    elb.wait(1)
    elb.api.delete_target_group(TargetGroupArn=group)
    elb.wait(1)
    assert [loop.key for loop in elb.engine.loops() if loop.controller.startswith("elbv2")] == [ROUTING]
    assert not [event for event in elb.journal.events() if event.source == "sandbox.engine"]
