"""Experiment templates through the API: kept as they were sent, changed, listed, tagged, deleted; the tables of actions and types."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.core.control import Scope
from tests.support import rule
from tests.support.aws import Aws
from tests.support.services.fis import ROLE, created, on_instances, template, wait

WEB = {"resourceTags": {"team": "web"}, "filters": [{"path": "State.Name", "values": ["running"]}]}


def error_of(call: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as failed:
        call()
    answer = failed.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


@rule("FIS-1")
def test_a_template_is_returned_as_it_was_sent(aws: Aws) -> None:
    fis = aws("fis")
    sent = on_instances("stop", WEB, startInstancesAfterDuration="PT5M")
    made = fis.create_experiment_template(**sent, tags={"a": "b"}, experimentOptions={"emptyTargetResolutionMode": "skip"})[
        "experimentTemplate"
    ]
    assert made["id"].startswith("EXT") and made["arn"] == f"arn:aws:fis:us-east-1:123456789012:experiment-template/{made['id']}"
    for member in ("description", "stopConditions", "roleArn", "targets", "actions"):
        assert made[member] == sent[member]
    assert made["tags"] == {"a": "b"}
    assert made["experimentOptions"] == {"accountTargeting": "single-account", "emptyTargetResolutionMode": "skip"}
    assert made["creationTime"] == made["lastUpdateTime"] == aws.clock.now()
    assert fis.get_experiment_template(id=made["id"])["experimentTemplate"] == made


def test_an_update_replaces_what_it_names_and_keeps_the_rest(aws: Aws) -> None:
    fis = aws("fis")
    template_id = created(fis, template(actions={"first": wait(), "then": wait("PT2M", "first")}))
    changed = fis.update_experiment_template(id=template_id, description="other", actions={"first": {"parameters": {"duration": "PT9M"}}})
    found = changed["experimentTemplate"]
    assert found["description"] == "other" and found["roleArn"] == ROLE
    assert found["actions"] == {"first": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT9M"}}}


def test_a_refused_update_changes_nothing(aws: Aws) -> None:
    fis = aws("fis")
    template_id = created(fis, template())
    before = fis.get_experiment_template(id=template_id)["experimentTemplate"]
    refused = error_of(lambda: fis.update_experiment_template(id=template_id, description="x", actions={"wait": wait("PT1S")}))
    assert refused[:2] == (400, "ValidationException")
    assert fis.get_experiment_template(id=template_id)["experimentTemplate"] == before


@rule("FIS-11")
def test_what_does_not_exist_is_not_found(aws: Aws) -> None:
    fis = aws("fis")
    calls = [
        lambda: fis.get_experiment_template(id="EXT1"),
        lambda: fis.update_experiment_template(id="EXT1", description="x"),
        lambda: fis.delete_experiment_template(id="EXT1"),
        lambda: fis.start_experiment(experimentTemplateId="EXT1"),
        lambda: fis.get_experiment(id="EXP1"),
        lambda: fis.stop_experiment(id="EXP1"),
        lambda: fis.list_experiment_resolved_targets(experimentId="EXP1"),
        lambda: fis.get_action(id="aws:ec2:explode"),
        lambda: fis.get_target_resource_type(resourceType="aws:ec2:planet"),
        lambda: fis.get_safety_lever(id="other"),
        lambda: fis.list_tags_for_resource(resourceArn="arn:aws:fis:us-east-1:123456789012:experiment-template/EXT1"),
    ]
    assert {error_of(call)[:2] for call in calls} == {(404, "ResourceNotFoundException")}


def test_templates_are_listed_in_pages_and_deleted(aws: Aws) -> None:
    fis = aws("fis")
    made = [created(fis, template(description=str(n))) for n in range(3)]
    first = fis.list_experiment_templates(maxResults=2)
    rest = fis.list_experiment_templates(maxResults=2, nextToken=first["nextToken"])
    assert [each["id"] for each in (*first["experimentTemplates"], *rest["experimentTemplates"])] == made and "nextToken" not in rest
    assert error_of(lambda: fis.list_experiment_templates(nextToken="x"))[:2] == (400, "ValidationException")
    assert fis.delete_experiment_template(id=made[0])["experimentTemplate"]["id"] == made[0]
    assert [each["id"] for each in fis.list_experiment_templates()["experimentTemplates"]] == made[1:]


def test_regions_and_accounts_have_their_own_templates(aws: Aws) -> None:
    created(aws("fis"), template())
    assert aws("fis", Scope("123456789012", "eu-west-1")).list_experiment_templates()["experimentTemplates"] == []
    assert aws("fis", Scope("111111111111", "us-east-1")).list_experiment_templates()["experimentTemplates"] == []


@rule("FIS-11")
def test_a_client_token_makes_one_template_and_not_another(aws: Aws) -> None:
    fis = aws("fis")
    one, again = (created(fis, template(clientToken="t")) for _ in range(2))
    assert one == again and len(fis.list_experiment_templates()["experimentTemplates"]) == 1
    assert error_of(lambda: created(fis, template(clientToken="t", description="other")))[:2] == (409, "ConflictException")


@rule("FIS-7")
def test_there_are_at_most_500_templates(aws: Aws) -> None:
    fis = aws("fis")
    for _ in range(500):
        created(fis, template())
    assert error_of(lambda: created(fis, template()))[:2] == (402, "ServiceQuotaExceededException")


def test_templates_are_tagged(aws: Aws) -> None:
    fis = aws("fis")
    made = fis.create_experiment_template(**template(tags={"a": "1"}))["experimentTemplate"]
    fis.tag_resource(resourceArn=made["arn"], tags={"b": "2", "a": "3"})
    assert fis.list_tags_for_resource(resourceArn=made["arn"])["tags"] == {"a": "3", "b": "2"}
    fis.untag_resource(resourceArn=made["arn"], tagKeys=["a"])
    assert fis.get_experiment_template(id=made["id"])["experimentTemplate"]["tags"] == {"b": "2"}


@rule("FIS-5", "FIS-4")
def test_actions_and_resource_types_are_described(aws: Aws) -> None:
    fis = aws("fis")
    ids = [each["id"] for each in fis.list_actions()["actions"]]
    assert ids == sorted(ids) and {"aws:ec2:stop-instances", "aws:network:disrupt-connectivity", "aws:fis:wait"} <= set(ids)
    stop = fis.get_action(id="aws:ec2:stop-instances")["action"]
    assert stop["targets"] == {"Instances": {"resourceType": "aws:ec2:instance"}}
    assert {name: each["required"] for name, each in stop["parameters"].items()} == {
        "startInstancesAfterDuration": False,
        "completeIfInstancesTerminated": False,
    }
    types = {each["resourceType"] for each in fis.list_target_resource_types()["targetResourceTypes"]}
    assert types == {target["resourceType"] for each in fis.list_actions()["actions"] for target in each["targets"].values()}
    subnet = fis.get_target_resource_type(resourceType="aws:ec2:subnet")["targetResourceType"]
    assert set(subnet["parameters"]) == {"availabilityZoneIdentifier", "vpc"}
