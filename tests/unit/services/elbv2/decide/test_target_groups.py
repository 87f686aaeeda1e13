from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.drivers.probe.base import ProbeOutcome, ProbeResult
from sandbox.services.elbv2 import model
from sandbox.services.elbv2.actions import SetHealth, StartProbe, UpdateRouting
from sandbox.services.elbv2.decide.target_groups import decide
from sandbox.services.elbv2.model import CheckSettings, Codes, TargetKey, Use
from tests.support import rule
from tests.support.services.targets import ARN, KEY, START, Life, observed, ok, refused, seen, target, timeout

SECOND = timedelta(seconds=1)


def healthy_until(moment, then):
    """Answers well before START + moment seconds."""
    return lambda at: ok() if (at - START).total_seconds() < moment else then


# ---- TG-12: from registration to healthy --------------------------------------------------------------------------------------------


@rule("TG-12", "TG-15")
def test_a_new_target_is_registering_for_two_seconds_then_healthy_after_one_pass():
    life = Life()
    life.run_until(1.9)
    assert life.health() == model.REGISTERING and not life.requests
    life.run_until(2)
    assert life.states == [(2.0, "initial"), (2.0, "healthy")]


@rule("TG-12")
def test_a_new_target_is_in_its_first_checks_until_the_first_answer():
    life = Life(answer=lambda at: timeout(5))
    life.run_until(3)
    assert life.health() == model.CHECKING


@rule("TG-12")
def test_a_new_target_is_unhealthy_after_the_unhealthy_threshold():
    life = Life(answer=lambda at: refused())
    life.run_until(31.9)
    assert life.health() == model.CHECKING
    life.run_until(32)
    assert life.health() == model.FAILED


@rule("TG-12")
def test_a_new_target_that_passes_its_second_check_is_healthy_at_once():
    life = Life(answer=lambda at: refused() if at < START + 30 * SECOND else ok())
    life.run_until(40)
    assert life.states == [(2.0, "initial"), (32.0, "healthy")]


# ---- TG-14: how long it takes --------------------------------------------------------------------------------------------------------


@rule("TG-14")
@pytest.mark.parametrize(
    ("settings", "answer", "healthy_for", "found_at"),
    [
        # dies right after the check at 2 s: refused answers come at once, silence takes the timeout
        (CheckSettings(), refused(), 2.1, 2 + 2 * 30),
        (CheckSettings(), timeout(5), 2.1, 2 + 2 * 30 + 5),  # the worst case with the defaults: 65 s after the last good check
        (CheckSettings(), timeout(5), 31.9, 2 + 2 * 30 + 5),  # the best case: 35 s after the death
        (CheckSettings(interval=10 * SECOND, timeout=3 * SECOND), timeout(3), 2.1, 2 + 2 * 10 + 3),
        (CheckSettings(interval=5 * SECOND, timeout=2 * SECOND, unhealthy_threshold=3), timeout(2), 2.1, 2 + 3 * 5 + 2),
        (CheckSettings(unhealthy_threshold=10), refused(), 2.1, 2 + 10 * 30),
    ],
)
def test_a_dead_target_is_found_after_interval_times_threshold_plus_timeout(settings, answer, healthy_for, found_at):
    life = Life(answer=healthy_until(healthy_for, answer), settings=settings)
    life.run_until(found_at + 100)
    assert life.states == [(2.0, "initial"), (2.0, "healthy"), (found_at, "unhealthy")]


@rule("TG-14", "TG-12")
def test_a_known_target_recovers_after_five_passes():
    life = Life(answer=lambda at: ok() if not 40 < (at - START).total_seconds() < 100 else refused())
    life.run_until(400)
    # good: 2, 32; bad: 62, 92; good: 122, 152, 182, 212, 242
    assert life.states == [(2.0, "initial"), (2.0, "healthy"), (92.0, "unhealthy"), (242.0, "healthy")]


@rule("TG-12")
def test_a_single_failure_between_passes_changes_nothing():
    bad = {62.0, 122.0, 182.0}
    life = Life(answer=lambda at: refused() if (at - START).total_seconds() in bad else ok())
    life.run_until(300)
    assert life.states == [(2.0, "initial"), (2.0, "healthy")]


@rule("TG-14")
def test_checks_start_one_interval_apart_however_long_they_take():
    life = Life(answer=lambda at: timeout(4), settings=CheckSettings(interval=5 * SECOND, timeout=4 * SECOND))
    life.run_until(22)
    assert [(at - START).total_seconds() for at, _ in life.requests] == [2, 7, 12, 17, 22]


def test_new_targets_are_all_checked_at_once():
    keys = [TargetKey(f"i-{n}", 80) for n in range(5)]
    life = Life(targets={key: seen(target(key)) for key in keys})
    life.run_until(2)
    assert [(at, request.key) for at, request in life.requests] == [(START + 2 * SECOND, f"{ARN}|{key.id}|80") for key in keys]


# ---- TG-11: why ----------------------------------------------------------------------------------------------------------------------


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
def test_the_reason_tells_what_the_failed_check_met(answer, health):
    life = Life(answer=lambda at: answer)
    life.run_until(60)
    assert life.health() == health


@rule("TG-11")
def test_an_unhealthy_target_shows_the_newest_failure():
    life = Life(answer=lambda at: refused() if at < START + 50 * SECOND else ok(503))
    life.run_until(70)
    assert life.health() == model.mismatch(503)


@rule("TG-1")
def test_the_matcher_decides_what_passes():
    life = Life(answer=lambda at: ok(404), settings=CheckSettings(matcher=Codes("200,400-404")))
    life.run_until(10)
    assert life.health() == model.HEALTHY


# ---- TG-2: the request ---------------------------------------------------------------------------------------------------------------


@rule("TG-2", "TG-1")
@pytest.mark.parametrize(("port", "host_header"), [(80, "172.31.0.5"), (8080, "172.31.0.5:8080")])
def test_the_request_names_address_and_port_of_the_target(port, host_header):
    settings = CheckSettings(path="/health", timeout=3 * SECOND)
    life = Life(settings=settings, targets={KEY: seen(check_port=port, endpoint=("127.0.0.9", 30001))})
    life.run_until(2)
    _, request = life.requests[0]
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
        ({}, Use.NONE, model.NOT_IN_USE),
        ({"instance_state": "stopped"}, Use.ACTIVE, model.STOPPED),
        ({"instance_state": "terminated"}, Use.ACTIVE, model.TERMINATED),
        ({"instance_state": "terminated", "endpoint": None, "zone": None}, Use.ACTIVE, model.TERMINATED),
        ({"instance_state": "pending"}, Use.ACTIVE, model.INVALID),
        ({"zone": "us-east-1c"}, Use.ACTIVE, model.ZONE_NOT_ENABLED),
        ({"instance_state": "stopped"}, Use.NONE, model.NOT_IN_USE),
    ],
)
def test_a_target_that_cannot_be_used_is_unused_and_not_checked(changes, use, health):
    life = Life(use=use)
    life.run_until(40)
    before = len(life.requests)
    life.targets[KEY] = replace(life.targets[KEY], **changes)
    life.run_until(200)
    assert life.health() == health
    assert len(life.requests) == before


@rule("TG-5")
@pytest.mark.parametrize("state", ["stopping", "shutting-down"])
def test_a_machine_on_its_way_down_is_still_judged_by_its_checks(state):
    life = Life(answer=healthy_until(3, refused()))
    life.run_until(10)
    life.targets[KEY] = replace(life.targets[KEY], instance_state=state)
    life.run_until(62)
    assert life.health() == model.FAILED


@rule("TG-13")
def test_an_address_outside_the_vpc_needs_no_enabled_zone():
    life = Life(targets={KEY: seen(zone="all", instance_state=None)})
    life.run_until(2)
    assert life.health() == model.HEALTHY


@rule("TG-12", "TG-13")
def test_a_target_that_can_be_used_again_is_new():
    life = Life()
    life.run_until(10)
    life.targets[KEY] = replace(life.targets[KEY], instance_state="stopped")
    life.run_until(20)
    life.targets[KEY] = replace(life.targets[KEY], instance_state="running")
    life.run_until(30)
    assert life.states[2:] == [(10.0, "unused"), (20.0, "initial"), (22.0, "initial"), (22.0, "healthy")]


@rule("TG-13", "ALB-3")
def test_nobody_checks_while_the_load_balancer_is_provisioned():
    life = Life(use=Use.PROVISIONING)
    life.run_until(100)
    assert life.health() == model.REGISTERING and not life.requests
    life.use = Use.ACTIVE
    life.run_until(100)
    assert life.health() == model.HEALTHY


@rule("TG-10", "TG-11")
def test_checks_can_be_disabled_and_enabled():
    life = Life()
    life.run_until(5)
    life.settings = CheckSettings(enabled=False)
    life.run_until(50)
    assert life.health() == model.CHECKS_DISABLED
    life.settings = CheckSettings()
    life.run_until(60)
    assert life.states[2:] == [(5.0, "unavailable"), (50.0, "initial"), (52.0, "initial"), (52.0, "healthy")]


# ---- TG-20, TG-21: deregistration ------------------------------------------------------------------------------------------------------


def draining(until):
    return target(health=model.DRAINING, draining_until=START + timedelta(seconds=until))


@rule("TG-20")
def test_a_draining_target_stays_for_the_whole_delay_and_is_then_gone():
    life = Life(targets={KEY: seen(draining(300))}, answer=lambda at: refused())
    life.run_until(299)
    assert life.health() == model.DRAINING
    life.run_until(300)
    assert life.states == [(300.0, "gone")] and not life.requests
    assert life.events[-1].summary == "i-0a1:80 in web is unused: its deregistration delay is over"


@rule("TG-20")
def test_what_is_still_open_at_the_end_of_the_delay_is_cut():
    life = Life(targets={KEY: seen(draining(300), serves_alone_at=("127.0.0.5", 8080))})
    life.run_until(300)
    assert life.states == [(300.0, "gone"), (300.0, "127.0.0.5:8080 is cut")]


@rule("TG-20")
def test_a_draining_target_stays_draining_when_its_instance_goes():
    life = Life(targets={KEY: seen(draining(300), instance_state="terminated")})
    life.run_until(200)
    assert life.health() == model.DRAINING


@rule("TG-20")
def test_the_checks_of_a_target_that_begins_to_drain_are_forgotten():
    life = Life(answer=lambda at: timeout(5))
    life.run_until(3)
    life.targets[KEY] = seen(draining(60))
    life.run_until(10)
    assert life.forgotten == [f"{ARN}|i-0a1|80"]


@rule("TG-21")
def test_a_target_that_was_registered_again_needs_a_new_first_check():
    life = Life(answer=healthy_until(50, refused()))
    life.run_until(40)
    again = target(registered_at=START + 40 * SECOND, since=START + 40 * SECOND)
    life.targets[KEY] = replace(life.targets[KEY], target=again)
    life.run_until(41)
    assert life.health() == model.REGISTERING
    life.run_until(42)
    assert life.health() == model.HEALTHY


@rule("TG-21")
def test_an_answer_to_a_check_of_the_earlier_registration_does_not_count():
    life = Life(answer=lambda at: (ProbeOutcome.ANSWERED, 200, 4.0))
    life.run_until(3)  # a check is under way
    life.targets[KEY] = replace(life.targets[KEY], target=target(health=model.CHECKING, registered_at=START + 3 * SECOND))
    life.run_until(6.9)
    assert life.health() == model.CHECKING
    life.run_until(7)
    assert life.health() == model.HEALTHY
    assert [request.number for _, request in life.requests] == [1, 2]


# ---- restarts, repeats -----------------------------------------------------------------------------------------------------------------


@rule("TG-12")
@pytest.mark.parametrize("health", [model.HEALTHY, model.FAILED])
def test_after_a_restart_health_is_what_it_was_until_checks_say_otherwise(health):
    life = Life(targets={KEY: seen(target(health=health))}, answer=lambda at: ok() if health is model.FAILED else refused())
    life.run_until(1)
    assert life.states == [] and len(life.requests) == 1  # checked at once, judged by the full threshold
    life.run_until(29 if health is model.HEALTHY else 119)
    assert life.states == []
    life.run_until(120)
    assert life.states == [(30.0, "unhealthy")] if health is model.HEALTHY else [(120.0, "healthy")]


def test_an_old_result_of_the_checker_is_not_taken_for_an_answer_to_a_new_check():
    stale = ProbeResult(key=f"{ARN}|i-0a1|80", number=7, at=START, outcome=ProbeOutcome.FAILED)
    decision = decide(observed(seen(target(health=model.HEALTHY), result=stale)), None, START)
    started = [a.request.number for a in decision.actions if isinstance(a, StartProbe)]
    assert started == [8]
    again = decide(observed(seen(target(health=model.HEALTHY), result=stale)), decision.memory, START)
    assert again.actions == () and again.memory == decision.memory


def test_deciding_twice_starts_one_check():
    life = Life(answer=lambda at: timeout(5))
    life.run_until(2)
    life.step()
    life.step()
    assert len(life.requests) == 1


def test_a_target_that_is_gone_is_forgotten():
    life = Life()
    life.run_until(5)
    life.targets.clear()
    life.step()
    assert life.forgotten == [f"{ARN}|i-0a1|80"]
    assert life.memory is not None and life.memory.checks == {}


def test_two_ports_of_an_instance_are_two_targets():
    other = TargetKey("i-0a1", 8080)
    life = Life(targets={KEY: seen(), other: seen(target(other, health=model.DRAINING, draining_until=START + 60 * SECOND))})
    life.run_until(10)
    assert (life.health(), life.health(other)) == (model.HEALTHY, model.DRAINING)


@rule("TG-35")
def test_a_change_of_health_reaches_the_proxy_in_the_same_reconcile():
    life = Life(answer=lambda at: refused())
    life.run_until(31)
    life.now = START + 32 * SECOND
    life.step()
    picture = observed(*life.targets.values())
    result = ProbeResult(key=f"{ARN}|i-0a1|80", number=2, at=life.now, outcome=ProbeOutcome.FAILED)
    picture = replace(picture, targets=(replace(picture.targets[0], result=result),))
    actions = decide(picture, life.memory, life.now).actions
    assert actions == (SetHealth(target=KEY, health=model.FAILED), UpdateRouting())


# ---- events ----------------------------------------------------------------------------------------------------------------------------


@rule("TG-12")
def test_each_change_is_told_with_its_cause():
    life = Life(answer=healthy_until(3, ok(502)), targets={KEY: seen(cause="e000007")})
    life.run_until(70)
    assert [(event.summary, event.cause) for event in life.events] == [
        ("i-0a1:80 in web is healthy: its first health check passed", "e000007"),
        (
            "i-0a1:80 in web is unhealthy: 2 health checks failed in a row "
            "(Target.ResponseCodeMismatch: Health checks failed with these codes: [502])",
            "e000007",
        ),
    ]
    assert life.events[-1].resources == ("i-0a1", "web", ARN, "web/i-0a1:80")
    assert life.events[-1].detail["state"] == "unhealthy"
