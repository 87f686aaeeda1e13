"""ELBv2's controllers behind the API: what they do in one reconcile, with which cause, and for what is deleted."""

from sandbox.core.events import Event
from sandbox.drivers.world import App
from sandbox.services.elbv2.routing_controller import ROUTING


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
