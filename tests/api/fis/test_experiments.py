"""Experiments through the API, on instances that are records: what StartExperiment answers and what it refuses."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.aws import Aws
from tests.support.services.fis import created, started, template


def error_of(call: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as failed:
        call()
    answer = failed.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


@rule("FIS-8")
def test_a_started_experiment_is_initiating_and_its_actions_are_pending(aws: Aws) -> None:
    fis = aws("fis")
    template_id = created(fis, template())
    made = fis.start_experiment(experimentTemplateId=template_id, tags={"by": "me"})["experiment"]
    assert made["id"].startswith("EXP") and made["arn"] == f"arn:aws:fis:us-east-1:123456789012:experiment/{made['id']}"
    assert made["state"] == {"status": "initiating", "reason": "Experiment is initiating."}
    assert made["actions"]["wait"]["state"] == {"status": "pending", "reason": "Initial state"}
    assert made["experimentOptions"] == {
        "accountTargeting": "single-account",
        "emptyTargetResolutionMode": "fail",
        "actionsMode": "run-all",
    }
    assert (made["experimentTemplateId"], made["tags"], made["startTime"]) == (template_id, {"by": "me"}, aws.clock.now())
    assert fis.list_experiments()["experiments"][0]["id"] == made["id"]
    assert fis.list_experiments(experimentTemplateId="EXT1")["experiments"] == []


@rule("FIS-11")
def test_its_state_changes_are_events_in_eventbridges_form(aws: Aws) -> None:
    experiment_id = started(aws("fis"), template())
    event = aws.journal.about(experiment_id)[0]
    assert (event.source, event.detail_type) == ("aws.fis", "FIS Experiment State Change")
    assert event.detail["new-state"] == {"status": "initiating", "reason": "Experiment is initiating."}
    assert event.detail["old-state"]["status"] == "pending" and event.detail["experiment-id"] == experiment_id
    cause = aws.journal.get(event.cause or "")
    assert cause is not None and cause.detail["eventName"] == "StartExperiment"


@rule("FIS-11")
def test_a_client_token_starts_one_experiment(aws: Aws) -> None:
    fis = aws("fis")
    template_id, other = created(fis, template()), created(fis, template())
    one, again = (fis.start_experiment(experimentTemplateId=template_id, clientToken="t")["experiment"]["id"] for _ in range(2))
    assert one == again and len(fis.list_experiments()["experiments"]) == 1
    assert error_of(lambda: fis.start_experiment(experimentTemplateId=other, clientToken="t")) == (409, "ConflictException")


@rule("FIS-7")
def test_at_most_five_experiments_are_active(aws: Aws) -> None:
    fis = aws("fis")
    template_id = created(fis, template())
    for _ in range(5):
        fis.start_experiment(experimentTemplateId=template_id)
    assert error_of(lambda: fis.start_experiment(experimentTemplateId=template_id)) == (402, "ServiceQuotaExceededException")


@rule("FIS-9")
def test_stopping_is_answered_at_once_and_twice_is_the_same(aws: Aws) -> None:
    fis = aws("fis")
    experiment_id = started(fis, template())
    for _ in range(2):
        assert fis.stop_experiment(id=experiment_id)["experiment"]["state"] == {"status": "stopping", "reason": "Stopping Experiment."}
    assert len([e for e in aws.journal.about(experiment_id) if e.detail_type == "FIS Experiment State Change"]) == 2


@rule("FIS-12")
def test_the_safety_lever_is_engaging_while_an_experiment_is_active(aws: Aws) -> None:
    fis = aws("fis")

    def engage(status: str) -> str:
        state = {"status": status, "reason": "an incident"}
        return str(fis.update_safety_lever_state(id="default", state=state)["safetyLever"]["state"]["status"])

    assert fis.get_safety_lever(id="default")["safetyLever"]["state"] == {"status": "disengaged", "reason": ""}
    assert [engage("disengaged"), engage("engaged"), engage("engaged"), engage("disengaged")] == [
        "disengaged", "engaged", "engaged", "disengaged",
    ]  # fmt: skip
    started(fis, template())
    assert engage("engaged") == "engaging"
    assert error_of(lambda: engage("disengaged")) == (409, "ConflictException")
    assert fis.get_safety_lever(id="default")["safetyLever"]["state"] == {"status": "engaging", "reason": "an incident"}


def test_a_template_that_is_deleted_or_changed_leaves_its_experiments_alone(aws: Aws) -> None:
    fis = aws("fis")
    template_id = created(fis, template())
    experiment_id = fis.start_experiment(experimentTemplateId=template_id)["experiment"]["id"]
    before = fis.get_experiment(id=experiment_id)["experiment"]
    fis.update_experiment_template(id=template_id, actions={"wait": {"parameters": {"duration": "PT9M"}}})
    fis.delete_experiment_template(id=template_id)
    assert fis.get_experiment(id=experiment_id)["experiment"] == before
