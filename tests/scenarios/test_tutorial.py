"""The tutorial in virtual time: corrected it recovers, as written it is never reachable, and each verdict can also fail."""

import re
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from scenarios import tutorial, tutorial_as_written
from scenarios.kit import failure
from scenarios.kit.cleanup import clean_up
from scenarios.kit.stage import Stage
from tests.support import rule
from tests.support.scenarios.rehearsal import Ended, ended, left_behind, rehearsal


@cache
def as_usual() -> Ended:
    return ended(tutorial.run, rehearsal())


@rule("TUT-50", "TUT-54")
def test_the_corrected_tutorial_recovers_and_leaves_nothing() -> None:
    usual = as_usual()
    assert usual.passed
    assert usual.unmet == []
    assert usual.left == []


@rule("TUT-40", "SCL-11")
def test_step_5_creates_alarms_that_have_cpu_data() -> None:
    output = as_usual().output
    assert "TargetTracking-coinbase-asg-AlarmHigh-" in output
    assert re.search(r"is OK\. Threshold Crossed: \d datapoints? \[[\d.]+ \(07/05/26 17:\d\d:00\)", output)


def test_it_reports_the_replacement_and_its_cause() -> None:
    output = as_usual().output
    assert "in response to an EC2 health check indicating it has been terminated or stopped." in output
    assert "an instance was launched in response to an unhealthy instance needing to be replaced." in output


@rule("TUT-20", "ASG-16")
def test_a_new_account_gets_a_launch_template() -> None:
    stage = rehearsal(launch_configurations="refused")
    assert tutorial.run(stage)
    assert "create-launch-template" in " ".join(stage.lines)


def test_it_can_run_twice_and_after_an_aborted_run() -> None:
    stage = rehearsal()
    resources = tutorial.Resources()
    tutorial.introduce(stage, resources)
    tutorial.launch(stage, resources)
    tutorial.balance(stage, resources)
    assert tutorial.run(stage)
    assert tutorial.run(Stage(stage.client, out=stage.lines.append))
    clean_up(stage, "nothing")
    assert left_behind(stage) == []


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure, "RECOVERY_TIMEOUT", timedelta(minutes=1))


def test_a_group_that_cannot_launch_does_not_pass(short_timeout: None) -> None:
    stage = rehearsal()
    stage.at["instance"] = lambda: setattr(stage.sandbox.sandbox.world, "launch_error", lambda zone: "no capacity")
    assert not tutorial.run(stage)
    assert "the group recovered in time" in stage.unmet()
    assert left_behind(stage) == []


def test_a_replacement_that_never_responds_does_not_pass(short_timeout: None) -> None:
    stage = rehearsal()
    stage.at["instance"] = lambda: setattr(stage.sandbox.sandbox.world, "app_start_time", timedelta(hours=1))
    assert not tutorial.run(stage)
    assert "the replacement serves requests" in stage.unmet()


@cache
def as_written() -> dict[str, bool]:
    """Rule id → whether the run confirmed it."""
    stage = rehearsal()
    assert tutorial_as_written.run(stage)
    assert stage.unmet() == []
    assert left_behind(stage) == []
    return stage.findings


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("TUT-10", marks=rule("TUT-10")),
        pytest.param("TUT-22", marks=rule("TUT-22")),
        pytest.param("TUT-24", marks=rule("TUT-24")),
        pytest.param("TUT-25", marks=rule("TUT-25")),
        pytest.param("TUT-26", marks=rule("TUT-26")),
        pytest.param("TUT-30", marks=rule("TUT-30")),
        pytest.param("TUT-31", marks=rule("TUT-31")),
        pytest.param("TUT-41", marks=rule("TUT-41")),
        pytest.param("TUT-42", marks=rule("TUT-42")),
        pytest.param("TUT-43", marks=rule("TUT-43")),
        pytest.param("TUT-45", marks=rule("TUT-45")),
        pytest.param("TUT-51", marks=rule("TUT-51")),
        pytest.param("TUT-53", marks=rule("TUT-53")),
    ],
)
def test_as_written_it_is_never_reachable_for_each_reason_of_the_rules(reason: str) -> None:
    assert as_written()[reason]


def test_as_written_where_launch_configurations_are_served_there_is_a_group() -> None:
    assert not as_written().get("TUT-20", False)


@rule("TUT-20")
def test_as_written_in_a_new_account_there_is_not_even_a_group() -> None:
    stage = rehearsal(launch_configurations="refused")
    assert tutorial_as_written.run(stage)
    assert stage.findings["TUT-20"]


@pytest.mark.parametrize(
    ("rules", "reachable"),
    [
        pytest.param((), False, id="no rule"),
        pytest.param(("default",), False, id="one for the load balancer only", marks=rule("TUT-22")),
        pytest.param(("your-security-group",), False, id="one for the instances only", marks=rule("TUT-31")),
        pytest.param(("default", "your-security-group"), True, id="both"),
    ],
)
def test_as_written_is_reachable_only_with_the_rules_that_the_tutorial_lacks(
    monkeypatch: pytest.MonkeyPatch, rules: tuple[str, ...], reachable: bool
) -> None:
    """With a script that runs and a listener. The last one is the negative control: the service is reachable, and the run fails."""
    corrected: Path = tutorial.USER_DATA
    monkeypatch.setattr(tutorial_as_written, "USER_DATA", corrected)
    stage = rehearsal()

    def listen() -> None:
        everyone = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        for name in rules:
            of_name = [{"Name": "group-name", "Values": [name]}]
            [admitting] = stage.query("ec2", "describe_security_groups", Filters=of_name)["SecurityGroups"]
            stage.query("ec2", "authorize_security_group_ingress", GroupId=admitting["GroupId"], IpPermissions=[everyone])
        found = stage.query("elbv2", "describe_load_balancers")["LoadBalancers"][0]["LoadBalancerArn"]
        group = stage.query("elbv2", "describe_target_groups")["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": group}]
        stage.query("elbv2", "create_listener", LoadBalancerArn=found, Protocol="HTTP", Port=80, DefaultActions=forward)
        stage.client.wait(timedelta(minutes=1))

    stage.at["Step 5"] = listen
    tutorial_as_written.run(stage)
    assert ("the service was never reachable" in stage.unmet()) is reachable


def test_the_same_seed_gives_the_same_journal() -> None:
    assert ended(tutorial.run, rehearsal()).journal == as_usual().journal
