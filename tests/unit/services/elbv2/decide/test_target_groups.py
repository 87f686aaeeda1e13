from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.drivers.probe.base import ProbeOutcome, ProbeResult
from sandbox.services.elbv2 import model
from sandbox.services.elbv2.actions import SetHealth, StartProbe, UpdateRouting
from sandbox.services.elbv2.decide.target_groups import decide
from sandbox.services.elbv2.model import HealthCheckSettings, Matcher, TargetGroupUse, TargetKey
from tests.support import rule
from tests.support.services.targets import ARN, KEY, START, TargetGroupRun, observed_group, observed_target, ok, refused, target, timeout

SECOND = timedelta(seconds=1)


def healthy_until(moment, then):
    """Passes health checks until `moment` seconds after START."""
    return lambda at: ok() if (at - START).total_seconds() < moment else then


# ---- TG-12: from registration to healthy --------------------------------------------------------------------------------------------


@rule("TG-12", "TG-15")
def test_a_new_target_is_registering_for_two_seconds_then_healthy_after_one_pass():
    run = TargetGroupRun()
    run.run_until(1.9)
    assert run.health() == model.REGISTERING and not run.requests
    run.run_until(2)
    assert run.states == [(2.0, "initial"), (2.0, "healthy")]


@rule("TG-12")
def test_a_new_target_is_in_its_initial_checks_until_the_first_result():
    run = TargetGroupRun(answer=lambda at: timeout(5))
    run.run_until(3)
    assert run.health() == model.CHECKING


@rule("TG-12")
def test_a_new_target_is_unhealthy_after_the_unhealthy_threshold():
    run = TargetGroupRun(answer=lambda at: refused())
    run.run_until(31.9)
    assert run.health() == model.CHECKING
    run.run_until(32)
    assert run.health() == model.FAILED


@rule("TG-12")
def test_a_new_target_that_passes_its_second_check_is_healthy_at_once():
    run = TargetGroupRun(answer=lambda at: refused() if at < START + 30 * SECOND else ok())
    run.run_until(40)
    assert run.states == [(2.0, "initial"), (32.0, "healthy")]


# ---- TG-14: how long it takes --------------------------------------------------------------------------------------------------------


@rule("TG-14")
@pytest.mark.parametrize(
    ("settings", "answer", "healthy_for", "found_at"),
    [
        # the target fails right after the check at 2 s: a refused connection fails at once, no response takes the timeout
        (HealthCheckSettings(), refused(), 2.1, 2 + 2 * 30),
        (HealthCheckSettings(), timeout(5), 2.1, 2 + 2 * 30 + 5),  # the worst case with the defaults: 65 s after the last good check
        (HealthCheckSettings(), timeout(5), 31.9, 2 + 2 * 30 + 5),  # the best case: 35 s after the death
        (HealthCheckSettings(interval=10 * SECOND, timeout=3 * SECOND), timeout(3), 2.1, 2 + 2 * 10 + 3),
        (HealthCheckSettings(interval=5 * SECOND, timeout=2 * SECOND, unhealthy_threshold=3), timeout(2), 2.1, 2 + 3 * 5 + 2),
        (HealthCheckSettings(unhealthy_threshold=10), refused(), 2.1, 2 + 10 * 30),
    ],
)
def test_a_dead_target_is_unhealthy_after_interval_times_threshold_plus_timeout(settings, answer, healthy_for, found_at):
    run = TargetGroupRun(answer=healthy_until(healthy_for, answer), settings=settings)
    run.run_until(found_at + 100)
    assert run.states == [(2.0, "initial"), (2.0, "healthy"), (found_at, "unhealthy")]


@rule("TG-14", "TG-12")
def test_an_unhealthy_target_is_healthy_after_five_passed_checks():
    run = TargetGroupRun(answer=lambda at: ok() if not 40 < (at - START).total_seconds() < 100 else refused())
    run.run_until(400)
    # good: 2, 32; bad: 62, 92; good: 122, 152, 182, 212, 242
    assert run.states == [(2.0, "initial"), (2.0, "healthy"), (92.0, "unhealthy"), (242.0, "healthy")]


@rule("TG-12")
def test_a_single_failed_check_changes_nothing():
    bad = {62.0, 122.0, 182.0}
    run = TargetGroupRun(answer=lambda at: refused() if (at - START).total_seconds() in bad else ok())
    run.run_until(300)
    assert run.states == [(2.0, "initial"), (2.0, "healthy")]


@rule("TG-14")
def test_checks_start_one_interval_apart_however_long_they_take():
    run = TargetGroupRun(answer=lambda at: timeout(4), settings=HealthCheckSettings(interval=5 * SECOND, timeout=4 * SECOND))
    run.run_until(22)
    assert [(at - START).total_seconds() for at, _ in run.requests] == [2, 7, 12, 17, 22]


def test_new_targets_are_checked_at_the_same_time():
    keys = [TargetKey(f"i-{n}", 80) for n in range(5)]
    run = TargetGroupRun(targets={key: observed_target(target(key)) for key in keys})
    run.run_until(2)
    assert [(at, request.key) for at, request in run.requests] == [(START + 2 * SECOND, f"{ARN}|{key.id}|80") for key in keys]


# ---- TG-11: reasons --------------------------------------------------------------------------------------------------------------------


@rule("TG-11")
@pytest.mark.parametrize(
    ("answer", "health"),
    [
        (ok(502), model.mismatch(502)),
        (ok(301), model.mismatch(301)),
        (timeout(5), model.TIMED_OUT),
        (refused(), model.FAILED),
    ],
)
def test_the_reason_is_that_of_the_failed_check(answer, health):
    run = TargetGroupRun(answer=lambda at: answer)
    run.run_until(60)
    assert run.health() == health


@rule("TG-11")
def test_an_unhealthy_target_has_the_reason_of_the_newest_failure():
    run = TargetGroupRun(answer=lambda at: refused() if at < START + 50 * SECOND else ok(503))
    run.run_until(70)
    assert run.health() == model.mismatch(503)


@rule("TG-1")
def test_the_matcher_decides_what_passes():
    run = TargetGroupRun(answer=lambda at: ok(404), settings=HealthCheckSettings(matcher=Matcher("200,400-404")))
    run.run_until(10)
    assert run.health() == model.HEALTHY


# ---- TG-2: the request ---------------------------------------------------------------------------------------------------------------


@rule("TG-2", "TG-1")
@pytest.mark.parametrize(("port", "host_header"), [(80, "172.31.0.5"), (8080, "172.31.0.5:8080")])
def test_the_request_is_sent_to_address_and_port_of_the_target(port, host_header):
    settings = HealthCheckSettings(path="/health", timeout=3 * SECOND)
    run = TargetGroupRun(settings=settings, targets={KEY: observed_target(check_port=port, endpoint=("127.0.0.9", 30001))})
    run.run_until(2)
    _, request = run.requests[0]
    assert (request.host, request.port, request.host_header, request.path, request.timeout) == (
        "127.0.0.9",
        30001,
        host_header,
        "/health",
        3 * SECOND,
    )


# ---- TG-5, TG-13: unused ---------------------------------------------------------------------------------------------------------------


@rule("TG-5", "TG-13", "TG-11")
@pytest.mark.parametrize(
    ("changes", "use", "health"),
    [
        ({}, TargetGroupUse.NONE, model.NOT_IN_USE),
        ({"instance_state": "stopped"}, TargetGroupUse.ACTIVE, model.STOPPED),
        ({"instance_state": "terminated"}, TargetGroupUse.ACTIVE, model.TERMINATED),
        ({"instance_state": "terminated", "endpoint": None, "zone": None}, TargetGroupUse.ACTIVE, model.TERMINATED),
        ({"instance_state": "pending"}, TargetGroupUse.ACTIVE, model.INVALID),
        ({"zone": "us-east-1c"}, TargetGroupUse.ACTIVE, model.ZONE_NOT_ENABLED),
        ({"instance_state": "stopped"}, TargetGroupUse.NONE, model.NOT_IN_USE),
    ],
)
def test_a_target_that_cannot_be_used_is_unused_and_not_checked(changes, use, health):
    run = TargetGroupRun(use=use)
    run.run_until(40)
    before = len(run.requests)
    run.targets[KEY] = replace(run.targets[KEY], **changes)
    run.run_until(200)
    assert run.health() == health
    assert len(run.requests) == before


@rule("TG-5")
@pytest.mark.parametrize("state", ["stopping", "shutting-down"])
def test_an_instance_that_is_stopping_is_still_checked(state):
    run = TargetGroupRun(answer=healthy_until(3, refused()))
    run.run_until(10)
    run.targets[KEY] = replace(run.targets[KEY], instance_state=state)
    run.run_until(62)
    assert run.health() == model.FAILED


@rule("TG-13")
def test_an_address_outside_the_vpc_needs_no_enabled_zone():
    run = TargetGroupRun(targets={KEY: observed_target(zone="all", instance_state=None)})
    run.run_until(2)
    assert run.health() == model.HEALTHY


@rule("TG-12", "TG-13")
def test_a_target_that_can_be_used_again_is_new():
    run = TargetGroupRun()
    run.run_until(10)
    run.targets[KEY] = replace(run.targets[KEY], instance_state="stopped")
    run.run_until(20)
    run.targets[KEY] = replace(run.targets[KEY], instance_state="running")
    run.run_until(30)
    assert run.states[2:] == [(10.0, "unused"), (20.0, "initial"), (22.0, "initial"), (22.0, "healthy")]


@rule("TG-13", "ALB-3")
def test_no_check_starts_while_the_load_balancer_is_provisioned():
    run = TargetGroupRun(use=TargetGroupUse.PROVISIONING)
    run.run_until(100)
    assert run.health() == model.REGISTERING and not run.requests
    run.use = TargetGroupUse.ACTIVE
    run.run_until(100)
    assert run.health() == model.HEALTHY


@rule("TG-10", "TG-11")
def test_checks_can_be_disabled_and_enabled():
    run = TargetGroupRun()
    run.run_until(5)
    run.settings = HealthCheckSettings(enabled=False)
    run.run_until(50)
    assert run.health() == model.CHECKS_DISABLED
    run.settings = HealthCheckSettings()
    run.run_until(60)
    assert run.states[2:] == [(5.0, "unavailable"), (50.0, "initial"), (52.0, "initial"), (52.0, "healthy")]


# ---- TG-20, TG-21: deregistration ------------------------------------------------------------------------------------------------------


def draining(until):
    return target(health=model.DRAINING, draining_until=START + timedelta(seconds=until))


@rule("TG-20")
def test_a_draining_target_is_removed_after_the_whole_delay():
    run = TargetGroupRun(targets={KEY: observed_target(draining(300))}, answer=lambda at: refused())
    run.run_until(299)
    assert run.health() == model.DRAINING
    run.run_until(300)
    assert run.states == [(300.0, "gone")] and not run.requests
    assert run.events[-1].summary == "i-0a1:80 in web is unused: its deregistration delay ended"


@rule("TG-20")
def test_connections_that_are_open_at_the_end_of_the_delay_are_closed():
    run = TargetGroupRun(targets={KEY: observed_target(draining(300), exclusive_endpoint=("127.0.0.5", 8080))})
    run.run_until(300)
    assert run.states == [(300.0, "gone"), (300.0, "127.0.0.5:8080 closed")]


@rule("TG-20")
def test_a_draining_target_stays_draining_when_its_instance_terminates():
    run = TargetGroupRun(targets={KEY: observed_target(draining(300), instance_state="terminated")})
    run.run_until(200)
    assert run.health() == model.DRAINING


@rule("TG-20")
def test_the_checks_of_a_draining_target_are_dropped():
    run = TargetGroupRun(answer=lambda at: timeout(5))
    run.run_until(3)
    run.targets[KEY] = observed_target(draining(60))
    run.run_until(10)
    assert run.forgotten == [f"{ARN}|i-0a1|80"]


@rule("TG-21")
def test_a_target_that_was_registered_again_needs_a_new_first_check():
    run = TargetGroupRun(answer=healthy_until(50, refused()))
    run.run_until(40)
    again = target(registered_at=START + 40 * SECOND, since=START + 40 * SECOND)
    run.targets[KEY] = replace(run.targets[KEY], target=again)
    run.run_until(41)
    assert run.health() == model.REGISTERING
    run.run_until(42)
    assert run.health() == model.HEALTHY


@rule("TG-21")
def test_a_result_for_the_earlier_registration_does_not_count():
    run = TargetGroupRun(answer=lambda at: (ProbeOutcome.ANSWERED, 200, 4.0))
    run.run_until(3)  # a check is under way
    run.targets[KEY] = replace(run.targets[KEY], target=target(health=model.CHECKING, registered_at=START + 3 * SECOND))
    run.run_until(6.9)
    assert run.health() == model.CHECKING
    run.run_until(7)
    assert run.health() == model.HEALTHY
    assert [request.number for _, request in run.requests] == [1, 2]


# ---- restarts, repeats -----------------------------------------------------------------------------------------------------------------


@rule("TG-12")
@pytest.mark.parametrize("health", [model.HEALTHY, model.FAILED])
def test_after_a_restart_health_is_unchanged_until_checks_change_it(health):
    run = TargetGroupRun(
        targets={KEY: observed_target(target(health=health))}, answer=lambda at: ok() if health is model.FAILED else refused()
    )
    run.run_until(1)
    assert run.states == [] and len(run.requests) == 1  # checked at once, judged by the full threshold
    run.run_until(29 if health is model.HEALTHY else 119)
    assert run.states == []
    run.run_until(120)
    assert run.states == [(30.0, "unhealthy")] if health is model.HEALTHY else [(120.0, "healthy")]


def test_an_old_result_is_not_used_for_a_new_check():
    stale = ProbeResult(key=f"{ARN}|i-0a1|80", number=7, at=START, outcome=ProbeOutcome.FAILED)
    decision = decide(observed_group(observed_target(target(health=model.HEALTHY), result=stale)), None, START)
    started = [a.request.number for a in decision.actions if isinstance(a, StartProbe)]
    assert started == [8]
    again = decide(observed_group(observed_target(target(health=model.HEALTHY), result=stale)), decision.memory, START)
    assert again.actions == () and again.memory == decision.memory


def test_deciding_twice_starts_one_check():
    run = TargetGroupRun(answer=lambda at: timeout(5))
    run.run_until(2)
    run.step()
    run.step()
    assert len(run.requests) == 1


def test_the_checks_of_a_removed_target_are_dropped():
    run = TargetGroupRun()
    run.run_until(5)
    run.targets.clear()
    run.step()
    assert run.forgotten == [f"{ARN}|i-0a1|80"]
    assert run.memory is not None and run.memory.checks == {}


def test_two_ports_of_an_instance_are_two_targets():
    other = TargetKey("i-0a1", 8080)
    run = TargetGroupRun(
        targets={KEY: observed_target(), other: observed_target(target(other, health=model.DRAINING, draining_until=START + 60 * SECOND))}
    )
    run.run_until(10)
    assert (run.health(), run.health(other)) == (model.HEALTHY, model.DRAINING)


@rule("TG-35")
def test_a_change_of_health_reaches_the_proxy_in_the_same_reconcile():
    run = TargetGroupRun(answer=lambda at: refused())
    run.run_until(31)
    run.now = START + 32 * SECOND
    run.step()
    observed = observed_group(*run.targets.values())
    result = ProbeResult(key=f"{ARN}|i-0a1|80", number=2, at=run.now, outcome=ProbeOutcome.FAILED)
    observed = replace(observed, targets=(replace(observed.targets[0], result=result),))
    actions = decide(observed, run.memory, run.now).actions
    assert actions == (SetHealth(target=KEY, health=model.FAILED), UpdateRouting())


# ---- events ----------------------------------------------------------------------------------------------------------------------------


@rule("TG-12")
def test_each_change_is_recorded_with_its_cause():
    run = TargetGroupRun(answer=healthy_until(3, ok(502)), targets={KEY: observed_target(cause="e000007")})
    run.run_until(70)
    assert [(event.summary, event.cause) for event in run.events] == [
        ("i-0a1:80 in web is healthy: its first health check passed", "e000007"),
        (
            "i-0a1:80 in web is unhealthy: 2 health checks failed in a row "
            "(Target.ResponseCodeMismatch: Health checks failed with these codes: [502])",
            "e000007",
        ),
    ]
    assert run.events[-1].resources == ("i-0a1", "web", ARN, "web/i-0a1:80")
    assert run.events[-1].detail["state"] == "unhealthy"
