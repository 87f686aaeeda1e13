"""The log of an experiment in CloudWatch Logs, record by record."""

import json
from typing import Any

import pytest

from tests.support import rule
from tests.support.services.fis import on_instances, wait
from tests.support.services.fis_stage import Stage

NAME = "/aws/fis/experiments"
GROUP = f"arn:aws:logs:us-east-1:123456789012:log-group:{NAME}:*"
WEB = {"resourceTags": {"team": "web"}}


def logged(**more: str) -> dict[str, Any]:
    given = on_instances("stop", WEB, **more)
    given["actions"]["then"] = wait("PT1M", "act")
    return {**given, "logConfiguration": {"logSchemaVersion": 2, "cloudWatchLogsConfiguration": {"logGroupArn": GROUP}}}


def records(stage: Stage, experiment: str) -> list[dict[str, Any]]:
    stream = {"logGroupName": NAME, "logStreamName": f"/aws/fis/{experiment}", "startFromHead": True}
    return [json.loads(each["message"]) for each in stage.on.client("logs").get_log_events(**stream)["events"]]


@rule("FIS-13")
def test_the_log_tells_what_happened_in_awss_records(stage: Stage) -> None:
    stage.on.client("logs").create_log_group(logGroupName=NAME)
    [web] = stage.instances()
    experiment = stage.start(logged())
    stage.on.run(120)
    found = records(stage, experiment)
    assert [each["log_type"] for each in found] == [
        "experiment-start", "target-resolution-start", "target-resolution-detail", "target-resolution-end",
        "action-start", "action-end", "action-start", "action-end", "experiment-end",
    ]  # fmt: skip
    assert {(each["id"], each["version"]) for each in found} == {(experiment, "2")}
    assert found[0]["details"]["experiment_start_time"] == stage.zero.strftime("%Y-%m-%dT%H:%M:%SZ")
    [target] = found[3]["details"]["resolved_targets"]
    assert target["arn"].endswith(web) and found[2]["details"]["resolved_targets_count"] == 1
    assert found[4]["details"]["action_targets"] == {"Instances": "all"} and found[6]["details"]["parameters"] == {"duration": "PT1M"}
    assert found[-1]["details"]["experiment_state"] == {"status": "completed", "reason": "Experiment completed."}


@rule("FIS-13")
def test_an_action_that_fails_and_one_that_never_began(stage: Stage) -> None:
    stage.on.client("logs").create_log_group(logGroupName=NAME)
    [web] = stage.instances()
    experiment = stage.start(logged(startInstancesAfterDuration="PT1M"))
    stage.on.run(30)
    stage.on.client("ec2").terminate_instances(InstanceIds=[web])
    stage.on.run(120)
    types = [each["log_type"] for each in records(stage, experiment)]
    assert types[4:] == ["action-start", "action-error", "action-end", "experiment-end"]


@rule("FIS-13")
def test_a_target_that_is_not_there(stage: Stage) -> None:
    stage.on.client("logs").create_log_group(logGroupName=NAME)
    missing = {"resourceArns": ["arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0"]}
    given = logged()
    given["targets"]["all"] = {"resourceType": "aws:ec2:instance", "selectionMode": "ALL", **missing}
    experiment = stage.start(given)
    stage.on.run(10)
    found = records(stage, experiment)
    assert found[2]["details"]["status"] == "failed" and "i-0123456789abcdef0" in found[2]["details"]["error_information"]


@rule("FIS-13")
def test_a_log_group_that_does_not_exist_fails_the_experiment(stage: Stage) -> None:
    [web] = stage.instances()
    experiment = stage.start(logged())
    stage.on.run(10)
    assert (stage.states(web), stage.state(experiment)) == (["running"], "failed")
    assert stage.error(experiment)["code"] == "ConfigurationFailure" and GROUP in stage.reason(experiment)


def test_a_log_that_can_no_longer_be_written_stops_nothing_and_is_told(stage: Stage) -> None:
    stage.on.client("logs").create_log_group(logGroupName=NAME)
    stage.instances()
    experiment = stage.start(logged())
    stage.on.run(10)
    stage.on.client("logs").delete_log_group(logGroupName=NAME)
    stage.on.run(120)
    assert stage.state(experiment) == "completed"
    assert "FIS Log Not Written" in {each.detail_type for each in stage.on.sandbox.journal.about(experiment)}


@pytest.mark.parametrize("empty", [{}, {"logSchemaVersion": 2}])
def test_an_empty_log_configuration_ends_logging(stage: Stage, empty: dict[str, Any]) -> None:
    made = stage.fis.create_experiment_template(**logged())["experimentTemplate"]
    assert made["logConfiguration"]["cloudWatchLogsConfiguration"]["logGroupArn"] == GROUP
    changed = stage.fis.update_experiment_template(id=made["id"], logConfiguration=empty)["experimentTemplate"]
    assert "logConfiguration" not in changed
