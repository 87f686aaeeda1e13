"""Experiments in a whole sandbox, in virtual time: how they start, stop, fail and go on after a restart, and what instances are then."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.core.events import Event
from sandbox.services.fis.decide.texts import HALTED
from tests.support import rule
from tests.support.services.fis import make_role, on, on_instances, template, wait
from tests.support.services.fis_stage import Stage

WEB = {"resourceTags": {"team": "web"}}
EC2 = "arn:aws:ec2:us-east-1:123456789012:instance/"


# ---- order and durations


@rule("FIS-9", "FIS-31")
def test_actions_run_together_or_after_those_they_name(stage: Stage) -> None:
    actions = {"one": wait("PT1M"), "two": wait("PT2M"), "last": wait("PT1M", "one", "two")}
    experiment = stage.start(template(actions=actions))
    stage.on.run(5)
    assert stage.actions(experiment) == {"one": "running", "two": "running", "last": "pending"}
    stage.on.run(300)
    assert stage.state(experiment) == "completed"
    assert {name: stage.times(experiment, name) for name in actions} == {"one": (0, 60), "two": (0, 120), "last": (120, 180)}


# ---- instances


@rule("FIS-20")
def test_instances_are_stopped_and_started_after_the_duration(stage: Stage) -> None:
    [web], [other] = stage.instances(), stage.instances(team="db")
    experiment = stage.start(on_instances("stop", WEB, startInstancesAfterDuration="PT2M"))
    stage.on.run(60)
    assert stage.states(web, other) == ["stopped", "running"] and stage.actions(experiment) == {"act": "running"}
    stage.on.run(70)
    assert stage.states(web, other) == ["running", "running"] and stage.actions(experiment) == {"act": "completed"}
    assert stage.state(experiment) == "completed"


@rule("FIS-20")
def test_instances_that_are_not_to_be_started_stay_stopped(stage: Stage) -> None:
    [web] = stage.instances()
    experiment = stage.start(on_instances("stop", WEB))
    stage.on.run(600)
    assert (stage.states(web), stage.state(experiment)) == (["stopped"], "completed")


@rule("FIS-20", "AZ-8")
@pytest.mark.parametrize(("tolerant", "ends"), [("false", "failed"), ("true", "completed")])
def test_an_instance_that_is_terminated_meanwhile_fails_the_action_unless_it_is_told(stage: Stage, tolerant: str, ends: str) -> None:
    lost, kept = stage.instances(2)
    given = on_instances("stop", WEB, startInstancesAfterDuration="PT2M", completeIfInstancesTerminated=tolerant)
    experiment = stage.start(given)
    stage.on.run(60)
    stage.on.client("ec2").terminate_instances(InstanceIds=[lost])
    stage.on.run(120)
    assert (stage.states(lost, kept), stage.state(experiment)) == (["terminated", "running"], ends)
    if ends == "failed":
        assert stage.error(experiment) == {"accountId": "123456789012", "code": "InvalidTarget", "location": "action:act"}
        assert lost in stage.reason(experiment) and kept not in stage.reason(experiment)


@rule("FIS-21", "FIS-22")
@pytest.mark.parametrize(("verb", "becomes"), [("terminate", "terminated"), ("reboot", "running")])
def test_instances_are_terminated_or_rebooted(stage: Stage, verb: str, becomes: str) -> None:
    [web] = stage.instances()
    experiment = stage.start(on_instances(verb, WEB))
    stage.on.run(120)
    assert (stage.states(web), stage.state(experiment)) == ([becomes], "completed")
    calls = [e for e in stage.on.sandbox.journal.events() if e.detail.get("eventName") == f"{verb.capitalize()}Instances"]
    assert [e.detail["sourceIPAddress"] for e in calls] == ["fis.amazonaws.com"]


def interruptions(target: dict[str, Any]) -> dict[str, Any]:
    key, resource_type = "SpotInstances", "aws:ec2:spot-instance"
    return on("aws:ec2:send-spot-instance-interruptions", key, resource_type, target, durationBeforeInterruption="PT5M")


@rule("FIS-23", "IMDS-12")
def test_spot_instances_are_told_and_then_interrupted_and_others_are_left_alone(stage: Stage) -> None:
    [spot], [other] = stage.instances(market="spot"), stage.instances()
    experiment = stage.start(interruptions(WEB))
    titles = ("EC2 Instance Rebalance Recommendation", "EC2 Spot Instance Interruption Warning")
    told = lambda: [e.detail_type for e in stage.on.sandbox.journal.about(spot) if e.detail_type in titles]  # noqa: E731
    stage.on.run(10)
    assert told() == [titles[0]] and stage.actions(experiment) == {"act": "running"}
    stage.on.run(180)
    assert told() == list(titles) and stage.states(spot, other) == ["running", "running"]
    stage.on.run(150)
    assert stage.states(spot, other) == ["terminated", "running"] and stage.state(experiment) == "completed"
    assert stage.times(experiment, "act")[1] in range(300, 310) and stage.on.sandbox.faults.active() == ()


@rule("FIS-23")
def test_stopping_the_experiment_calls_the_interruption_off(stage: Stage) -> None:
    [spot] = stage.instances(market="spot")
    experiment = stage.start(interruptions(WEB))
    stage.on.run(200)
    stage.fis.stop_experiment(id=experiment)
    stage.on.run(300)
    assert (stage.states(spot), stage.state(experiment)) == (["running"], "stopped")


@rule("FIS-23")
def test_an_interruption_that_somebody_clears_fails_the_action(stage: Stage) -> None:
    [spot] = stage.instances(market="spot")
    experiment = stage.start(interruptions(WEB))
    stage.on.run(60)
    [fault] = stage.on.sandbox.faults.active()
    stage.on.sandbox.injector.clear(fault.id)
    stage.on.run(300)
    assert (stage.states(spot), stage.state(experiment)) == (["running"], "failed") and "was cleared" in stage.reason(experiment)


@rule("FIS-23", "FIS-6")
def test_an_on_demand_instance_is_no_target_of_an_interruption(stage: Stage) -> None:
    [other] = stage.instances()
    experiment = stage.start(interruptions({"resourceArns": [EC2 + other]}))
    stage.on.run(60)
    assert stage.state(experiment) == "failed" and other in stage.reason(experiment)


@rule("FIS-8", "FIS-20")
def test_the_chain_of_causes_leads_from_the_instance_to_start_experiment(stage: Stage) -> None:
    [web] = stage.instances()
    stage.start(on_instances("stop", WEB))
    stage.on.run(60)
    journal = stage.on.sandbox.journal
    event: Event | None = next(e for e in reversed(journal.about(web)) if e.detail.get("state") == "stopped")
    told = []
    while event is not None:
        told.append(event.summary)
        event = journal.get(event.cause or "")
    chain = " < ".join(told)
    for part in (
        "Fault Injection Service called StopInstances",
        "action act (aws:ec2:stop-instances)",
        "is running",
        "a user called StartExperiment",
    ):
        assert part in chain
    assert told[-1].startswith("a user called StartExperiment")


# ---- targets


@rule("FIS-2", "FIS-3")
def test_targets_are_resolved_once_by_tags_filters_and_count(stage: Stage) -> None:
    instances = stage.instances(4)
    target = {**WEB, "filters": [{"path": "State.Name", "values": ["running"]}], "selectionMode": "COUNT(2)"}
    given = on_instances("stop", target)
    given["actions"]["again"] = {**given["actions"]["act"], "startAfter": ["act"]}
    given["actions"]["act"]["parameters"] = {"startInstancesAfterDuration": "PT1M"}
    experiment = stage.start(given)
    stage.on.run(30)
    stage.instances(2)
    stage.on.run(300)
    resolved = stage.fis.list_experiment_resolved_targets(experimentId=experiment)["resolvedTargets"]
    chosen = [each["targetInformation"]["arn"].removeprefix(EC2) for each in resolved]
    assert len(chosen) == 2 and set(chosen) < set(instances)
    assert stage.states(*chosen) == ["stopped", "stopped"]
    assert {each["targetName"] for each in resolved} == {"all"} and {each["resourceType"] for each in resolved} == {"aws:ec2:instance"}


@rule("FIS-6")
@pytest.mark.parametrize(("mode", "ends", "action"), [("fail", "failed", "cancelled"), ("skip", "completed", "skipped")])
def test_a_target_without_resources_fails_or_is_skipped(stage: Stage, mode: str, ends: str, action: str) -> None:
    options = {"emptyTargetResolutionMode": mode}
    experiment = stage.start({**on_instances("stop", WEB), "experimentOptions": options})
    stage.on.run(10)
    assert (stage.state(experiment), stage.actions(experiment)) == (ends, {"act": action})
    if ends == "failed":
        assert stage.reason(experiment) == "Target resolution returned empty set."
        assert stage.error(experiment) == {"accountId": "123456789012", "code": "InvalidTarget", "location": "target:all"}


@rule("FIS-6")
def test_an_arn_that_does_not_exist_fails_even_when_empty_targets_are_skipped(stage: Stage) -> None:
    missing = {"resourceArns": [f"{EC2}i-0123456789abcdef0"]}
    experiment = stage.start({**on_instances("stop", missing), "experimentOptions": {"emptyTargetResolutionMode": "skip"}})
    stage.on.run(10)
    assert stage.state(experiment) == "failed" and "i-0123456789abcdef0" in stage.reason(experiment)


@rule("FIS-6")
def test_a_preview_resolves_targets_and_does_nothing(stage: Stage) -> None:
    [web] = stage.instances()
    experiment = stage.start(on_instances("terminate", WEB), experimentOptions={"actionsMode": "skip-all"})
    stage.on.run(60)
    assert (stage.states(web), stage.state(experiment), stage.actions(experiment)) == (["running"], "completed", {"act": "skipped"})
    [resolved] = stage.fis.list_experiment_resolved_targets(experimentId=experiment)["resolvedTargets"]
    assert resolved["targetInformation"] == {"arn": EC2 + web}


# ---- the role


@rule("FIS-14")
@pytest.mark.parametrize(("principal", "why"), [(None, "does not exist"), ("ec2.amazonaws.com", "trust policy")])
def test_a_role_that_fis_cannot_assume_fails_the_experiment(stage: Stage, principal: str | None, why: str) -> None:
    [web] = stage.instances()
    role = "arn:aws:iam::123456789012:role/other"
    if principal:
        make_role(stage.on.client("iam"), "other", principal)
    experiment = stage.start({**on_instances("terminate", WEB), "roleArn": role})
    stage.on.run(60)
    assert (stage.states(web), stage.state(experiment), stage.error(experiment)["code"]) == (["running"], "failed", "AuthorizationFailure")
    assert why in stage.reason(experiment)


# ---- stopping


def stopped_instances(stage: Stage, **more: Any) -> tuple[str, str]:
    """An experiment that stops one instance for ten minutes, then waits. → its id and the instance's."""
    [web] = stage.instances()
    given = on_instances("stop", WEB, startInstancesAfterDuration="PT10M")
    given["actions"]["then"] = wait("PT10M", "act")
    experiment = stage.start({**given, **more})
    stage.on.run(60)
    assert stage.states(web) == ["stopped"]
    return experiment, web


@rule("FIS-9")
def test_a_user_stops_it_and_its_instances_are_started(stage: Stage) -> None:
    experiment, web = stopped_instances(stage)
    stage.fis.stop_experiment(id=experiment)
    stage.on.run(30)
    assert (stage.states(web), stage.state(experiment), stage.reason(experiment)) == (["running"], "stopped", "Experiment stopped.")
    assert stage.actions(experiment) == {"act": "stopped", "then": "cancelled"}
    assert stage.fis.stop_experiment(id=experiment)["experiment"]["state"]["status"] == "stopped"


@rule("FIS-9")
def test_what_is_still_stopping_is_started_when_it_has_stopped(stage: Stage) -> None:
    [web] = stage.instances()
    experiment = stage.start(on_instances("stop", WEB, startInstancesAfterDuration="PT10M"))
    stage.fis.stop_experiment(id=experiment)
    stage.on.run(90)
    assert (stage.states(web), stage.state(experiment)) == (["running"], "stopped")


@rule("FIS-10")
def test_an_alarm_stops_it_at_once(stage: Stage) -> None:
    alarm = stage.alarm("OK")
    experiment, web = stopped_instances(stage, stopConditions=[{"source": "aws:cloudwatch:alarm", "value": alarm}])
    stage.on.client("cloudwatch").set_alarm_state(AlarmName="burn", StateValue="ALARM", StateReason="of the tests")
    stage.on.run(0.1)
    assert stage.state(experiment) == "stopping"
    stage.on.run(30)
    assert (stage.states(web), stage.state(experiment), stage.reason(experiment)) == (["running"], "stopped", HALTED)


@rule("FIS-10")
def test_an_alarm_that_is_in_alarm_keeps_it_from_starting(stage: Stage) -> None:
    [web] = stage.instances()
    condition = {"source": "aws:cloudwatch:alarm", "value": stage.alarm("ALARM")}
    experiment = stage.start({**on_instances("terminate", WEB), "stopConditions": [condition]})
    stage.on.run(60)
    assert (stage.states(web), stage.state(experiment), stage.actions(experiment)) == (["running"], "failed", {"act": "cancelled"})
    assert condition["value"] in stage.reason(experiment)


@rule("FIS-12")
def test_the_safety_lever_stops_what_runs_and_cancels_what_begins(stage: Stage) -> None:
    experiment, web = stopped_instances(stage)
    lever = stage.fis.update_safety_lever_state(id="default", state={"status": "engaged", "reason": "an incident"})["safetyLever"]
    assert lever["state"]["status"] == "engaging"
    stage.on.run(30)
    assert (stage.states(web), stage.state(experiment)) == (["running"], "stopped")
    assert stage.fis.get_safety_lever(id="default")["safetyLever"]["state"] == {"status": "engaged", "reason": "an incident"}
    later = stage.start(on_instances("terminate", WEB))
    stage.on.run(30)
    assert (stage.states(web), stage.state(later), stage.actions(later)) == (["running"], "cancelled", {"act": "cancelled"})


@rule("FIS-32")
@pytest.mark.parametrize(("states", "ends"), [("OK,ALARM", "completed"), ("ALARM", "failed")])
def test_an_alarm_is_asserted(stage: Stage, states: str, ends: str) -> None:
    parameters = {"alarmArns": stage.alarm("OK"), "alarmStates": states}
    action = {"actionId": "aws:cloudwatch:assert-alarm-state", "parameters": parameters}
    experiment = stage.start(template(actions={"assert": action, "then": wait("PT1M", "assert")}))
    stage.on.run(70)
    assert stage.state(experiment) == ends
    if ends == "failed":
        assert stage.actions(experiment) == {"assert": "failed", "then": "cancelled"}
        assert "is in the state OK, not in ALARM" in stage.reason(experiment)


# ---- after a restart


@rule("FIS-9", "FIS-20")
@pytest.mark.parametrize("after", [0, 30, 599])
def test_it_goes_on_after_the_control_plane_was_killed(stage: Stage, tmp_path: Path, after: int) -> None:
    [web] = stage.instances()
    experiment = stage.start(on_instances("stop", WEB, startInstancesAfterDuration="PT10M"))
    stage.on.run(after)
    again = stage.restarted(tmp_path)
    again.on.run(590 - after if after < 590 else 0)
    assert again.states(web) == ["stopped"] and again.state(experiment) == "running"
    again.on.run(30)
    assert (again.states(web), again.state(experiment)) == (["running"], "completed")
    assert again.times(experiment, "act")[0] == 0
