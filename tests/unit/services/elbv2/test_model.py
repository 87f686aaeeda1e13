import pytest

from sandbox.core.errors import IllegalTransition
from sandbox.core.machine import move
from sandbox.services.elbv2 import model
from sandbox.services.elbv2.model import TRANSITIONS, Matcher, TargetEvent, TargetKey, TargetState
from tests.support import rule

TABLE = {  # TG-11: reason, description
    model.REGISTERING: ("initial", "Elb.RegistrationInProgress", "Target registration is in progress"),
    model.CHECKING: ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress"),
    model.HEALTHY: ("healthy", None, None),
    model.mismatch(502): ("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]"),
    model.TIMED_OUT: ("unhealthy", "Target.Timeout", "Request timed out"),
    model.FAILED: ("unhealthy", "Target.FailedHealthChecks", "Health checks failed"),
    model.NOT_REGISTERED: ("unused", "Target.NotRegistered", "Target is not registered to the target group"),
    model.NOT_IN_USE: ("unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"),
    model.ZONE_NOT_ENABLED: (
        "unused",
        "Target.NotInUse",
        "Target is in an Availability Zone that is not enabled for the load balancer",
    ),
    model.STOPPED: ("unused", "Target.InvalidState", "Target is in the stopped state"),
    model.TERMINATED: ("unused", "Target.InvalidState", "Target is in the terminated state"),
    model.INVALID: ("unused", "Target.InvalidState", "Target is in an invalid state"),
    model.DRAINING: ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"),
    model.CHECKS_DISABLED: ("unavailable", "Target.HealthCheckDisabled", "Health checks are disabled"),
}


@rule("TG-10", "TG-11")
@pytest.mark.parametrize(("health", "texts"), TABLE.items())
def test_reasons_and_descriptions_are_awss(health, texts):
    assert (health.state.value, health.reason, health.description) == texts


@rule("TG-12")
def test_every_state_can_be_reached_from_registration_and_left():
    reached = {TargetState.INITIAL}
    while more := {end for (start, _), end in TRANSITIONS.items() if start in reached} - reached:
        reached |= more
    assert reached == set(TargetState)
    assert {start for start, _ in TRANSITIONS} == set(TargetState)


@rule("TG-12", "TG-20")
@pytest.mark.parametrize(
    ("state", "event"),
    [
        (TargetState.HEALTHY, TargetEvent.FIRST_CHECK_PASSED),
        (TargetState.INITIAL, TargetEvent.CHECKS_PASSED),
        (TargetState.UNUSED, TargetEvent.CHECKS_FAILED),
        (TargetState.DRAINING, TargetEvent.CHECKS_FAILED),
        (TargetState.DRAINING, TargetEvent.CANNOT_BE_USED),
        (TargetState.HEALTHY, TargetEvent.DRAINED),
    ],
)
def test_an_illegal_transition_names_the_target_the_state_and_the_event(state, event):
    with pytest.raises(IllegalTransition, match=f"i-0a1:80: no transition from {state.value} by {event.value}"):
        move(TRANSITIONS, "i-0a1:80", state, event)


def test_a_probe_key_contains_its_target_group():
    arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/0123456789abcdef"
    assert model.target_group_of(model.probe_key(arn, TargetKey("i-0a1", 8080))) == ("111122223333", "eu-west-1", "web")


# ---- TG-1: matchers ---------------------------------------------------------------------------------------------------------------------


@rule("TG-1")
@pytest.mark.parametrize(
    ("matcher", "code", "matches"),
    [
        ("200", 200, True),
        ("200", 201, False),
        ("200,202", 202, True),
        ("200,202", 201, False),
        ("200-299", 200, True),
        ("200-299", 299, True),
        ("200-299", 300, False),
        ("200,300-304", 302, True),
        ("200,300-304", 201, False),
        ("200-499", 500, False),
        ("200", None, False),
    ],
)
def test_a_code_matches_lists_and_ranges(matcher, code, matches):
    assert Matcher(matcher).match(code) is matches


@rule("TG-1")
@pytest.mark.parametrize("matcher", ["", "2xx", "200-", "200,", "20", "299-200", "199", "200-500", "200 ,202", "200;202"])
def test_anything_but_a_list_of_codes_from_200_to_499_is_refused(matcher):
    with pytest.raises(ValueError, match=f"^.{matcher}. "):
        Matcher(matcher)
