"""Deregistered targets drain, and what is known of health and draining outlives a restart."""

import pickle

from moto.elbv2.models import elbv2_backends

from sandbox.aws.context import LOCK
from sandbox.drivers.probe.simulated import SimulatedProber
from sandbox.drivers.proxy.simulated import SimulatedProxy
from sandbox.drivers.world import App
from sandbox.engine import Engine
from tests.support import rule
from tests.support.elb import HERE, controllers_of


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
