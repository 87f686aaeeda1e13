"""Target health by ELBv2's API: boto3 in process; instances, prober and proxy in virtual time. Texts are AWS's."""

from datetime import timedelta

import pytest

from sandbox.drivers.world import App
from tests.support import rule
from tests.support.elb import OWN_API, PROVISIONING, error_of


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
