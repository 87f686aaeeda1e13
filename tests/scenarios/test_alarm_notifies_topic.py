"""alarm_notifies_topic in virtual time, its negative controls, and the verdict on a wrong message."""

import json

import pytest

from sandbox.drivers.delivery.simulated import Behaviour
from sandbox.traffic.receiver import Received
from scenarios import alarm_notifies_topic
from scenarios.kit.alarm_run import EMAIL, AlarmRun
from scenarios.kit.alarms import MINUTE, cpu_samples
from scenarios.kit.fleet import GROUP, IMAGE
from tests.support import rule
from tests.support.scenarios.rehearsal import Rehearsal, left_behind, rehearsal


def run(control: str = "none") -> tuple[bool, Rehearsal]:
    stage = rehearsal({"control": control})
    return alarm_notifies_topic.run(stage), stage


def test_queue_http_and_email_subscribers_receive_the_messages_of_aws() -> None:
    passed, stage = run()
    assert stage.unmet() == []
    assert passed
    assert left_behind(stage) == []


@rule("CW-19", "EC2-42", "TUT-41")
@pytest.mark.parametrize(
    ("control", "history"),
    [("no-topic", "missing: Successfully executed action"), ("no-dimensions", "missing: Alarm updated from OK to ALARM")],
)
def test_broken_alarms_notify_nobody_and_fail(control: str, history: str) -> None:
    """The negative controls."""
    passed, stage = run(control)
    assert not passed
    failed = {check.sentence: check.observed for check in stage.checks if not check.passed}
    assert failed["the queue received the notification"] == "no message"
    assert failed["ops@example.com received an email"] == "no email"
    assert failed["the alarm history records the changes and the action (CW-53)"].startswith(history)
    assert left_behind(stage) == []


@rule("EC2-42", "TUT-41")
def test_a_sandbox_with_an_earlier_run_and_other_instances() -> None:
    """The mailbox holds emails of an earlier run, and the Region's aggregate has samples of other instances."""
    _, stage = run()
    of_others(stage)
    assert alarm_notifies_topic.run(stage)
    observed = {check.sentence: check.observed for check in stage.checks}
    assert "2 instances outside the group" in observed["the tutorial's alarm evaluates other instances only (EC2-42, TUT-41)"]


@rule("EC2-42", "TUT-41")
def test_samples_of_a_deleted_group_of_the_same_name_do_not_count() -> None:
    """scale_out_under_load leaves such samples."""
    stage = rehearsal({"control": "none"})
    of_others(stage, GROUP)
    now = stage.client.now
    stage.wait_until("both instances have samples", lambda: cpu_samples(stage, now() - 5 * MINUTE, now()) >= 2, 10 * MINUTE)
    assert alarm_notifies_topic.run(stage)
    observed = {check.sentence: check.observed for check in stage.checks}
    assert "2 instances outside the group" in observed["the tutorial's alarm evaluates other instances only (EC2-42, TUT-41)"]


def test_an_email_of_an_earlier_run_does_not_count() -> None:
    _, stage = run()
    stage.options = {"control": "no-topic"}
    stage.checks.clear()
    assert not alarm_notifies_topic.run(stage)
    assert f"{EMAIL} received an email" in stage.unmet()


def of_others(stage: Rehearsal, name: str = "web") -> None:
    """Another group with one-minute metrics, the default of launch configurations created by API (EC2-43)."""
    autoscaling = stage.client.aws("autoscaling")
    subnet = stage.query("ec2", "describe_subnets")["Subnets"][0]["SubnetId"]
    autoscaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=IMAGE, InstanceType="t3.medium")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name, LaunchConfigurationName="web", MinSize=2, MaxSize=2, VPCZoneIdentifier=subnet
    )


def test_an_unavailable_subscriber_fails() -> None:
    stage = rehearsal()

    def down() -> None:
        deliverer = stage.sandbox.sandbox.simulated.deliverer
        deliverer.subscriber("http://127.0.0.1:9999/alerts").behaviour = Behaviour.DOWN

    stage.at["Every target"] = down
    assert not alarm_notifies_topic.run(stage)
    assert "the HTTP subscriber received the notification" in stage.unmet()


def test_keys_in_another_order_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def shuffled(alarm_run: AlarmRun, state: str) -> Received | None:
        posted = original(alarm_run, state)
        if posted is None:
            return None
        return Received(headers=posted.headers, body=json.dumps(dict(reversed(posted.json().items()))))

    original = AlarmRun.http_message
    monkeypatch.setattr(AlarmRun, "http_message", shuffled)
    _, stage = run()
    assert stage.unmet() == ["the HTTP envelope has the keys of AWS, in order"]
